"""What every test may use: a database that keeps the rows of migrations, a real server, browsers."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, Page

from crm.devstack import browser as installed_browser
from crm.devstack import processes
from crm.devstack.system import find_program
from teams.models import Role
from tests import factories, kept

# Playwright keeps an event loop in this thread, in which Django would refuse plain queries.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

QUIET_CHROMIUM = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]
TRANSACTIONAL = {"live_app", "transactional_db", "django_db_reset_sequences"}


# --- Database: emptying tables must not lose the rows that migrations made --------------------------


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS seed")
        for table in _tables_with_rows(cursor):
            cursor.execute(f'CREATE TABLE IF NOT EXISTS seed."{table}" AS TABLE public."{table}"')
        # Django need not make its own rows again after each emptying: they are among ours.
        connection._test_serialized_contents = "[]"


def _tables_with_rows(cursor):
    for table in connection.introspection.table_names(cursor):
        cursor.execute(f'SELECT EXISTS (SELECT FROM public."{table}")')
        if table != "django_migrations" and cursor.fetchone()[0]:
            yield table


def pytest_collection_modifyitems(items):
    for item in items:
        if _is_transactional(item):
            item.fixturenames.append("django_db_serialized_rollback")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item):
    result = yield
    if _is_transactional(item):
        _restore_seed_rows(item.config)
    return result


def _is_transactional(item):
    marker = item.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction")) or not TRANSACTIONAL.isdisjoint(
        getattr(item, "fixturenames", ())
    )


def _restore_seed_rows(config):
    from pytest_django.plugin import blocking_manager_key

    with config.stash[blocking_manager_key].unblock(), connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'seed'")
        tables = [name for (name,) in cursor.fetchall()]
        copies = [f'INSERT INTO public."{name}" SELECT * FROM seed."{name}" ON CONFLICT DO NOTHING' for name in tables]
        statements = ["SET LOCAL session_replication_role = replica", *copies]
        cursor.execute("BEGIN; " + "; ".join(statements) + "; COMMIT")
        connection.close()


@pytest.fixture
def run_async():
    """Run a coroutine to its end in a thread of its own: in this one a browser may keep a loop."""

    def run(coroutine):
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, coroutine).result()

    return run


@pytest.fixture(autouse=True)
def _forgotten_cache():
    """Counters of failed sign-ins and the like end with their test."""
    yield
    kept.forget()


# --- The loop that a browser leaves running in this thread -------------------------------------------
#
# Tests without a browser must not see it from their first fixture to their last: asynchronous views refuse to run in
# it, and Django keeps another connection for it, in which nothing of this one's transaction is to be seen or undone.


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    if "browser" in item.fixturenames:
        return (yield)
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    result = yield
    if nextitem is not None:
        asyncio._set_running_loop(loop)
    return result


@pytest.fixture(scope="session")
def browser(browser):
    """The browser, which finds its loop again to close in, whichever test was the last."""
    loop = asyncio._get_running_loop()
    yield browser
    asyncio._set_running_loop(None)
    connection.close()
    asyncio._set_running_loop(loop)


# --- A real server and browsers ---------------------------------------------------------------------


@dataclass(frozen=True)
class LiveApp:
    """The real server over the test database."""

    url: str
    process: subprocess.Popen


@pytest.fixture(scope="session")
def test_database_url(django_db_setup):
    """Where processes of their own find the database of this test run."""
    name = connection.settings_dict["NAME"]
    before, _, query = os.environ["DATABASE_URL"].partition("?")
    return f"{before.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


@pytest.fixture(scope="session")
def live_server_process(test_database_url, django_db_blocker, tmp_path_factory):
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    env = os.environ | {"DATABASE_URL": test_database_url, "BASE_URL": url, "LOG_LEVEL": "WARNING"}
    command = ["-m", "uvicorn", "crm.server:application", "--port", str(port), "--timeout-graceful-shutdown", "1"]
    process = processes.spawn([sys.executable, *command, "--no-access-log"], name=f"server {log}", env=env)
    _wait_until_alive(url, process)
    yield LiveApp(url, process)
    processes.stop(process, with_signal=signal.SIGTERM, patience=5)


def _wait_until_alive(url, process):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/livez", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the server of the browser tests did not start")


@pytest.fixture
def live_app(transactional_db, live_server_process):
    """The real server, streams included, on the rows that this test makes."""
    return live_server_process


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    chromium = find_program(installed_browser.NAMES)
    assert chromium, "no Chromium on the PATH; make test installs it"
    return browser_type_launch_args | {"executable_path": chromium, "args": QUIET_CHROMIUM}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args, live_server_process):
    """Without transitions: a colour half-way to another one is none that a reader could be asked to read."""
    return browser_context_args | {"base_url": live_server_process.url, "reduced_motion": "reduce"}


@pytest.fixture
def open_as(live_app, browser: Browser, browser_context_args):
    """A page of a browser of her own, in which `user` is signed in: `open_as(user, color_scheme="dark")`."""
    contexts = []

    def open_page(user=None, **context_options) -> Page:
        context = browser.new_context(**browser_context_args | context_options)
        contexts.append(context)
        if user:
            client = Client()
            client.force_login(user)
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_app.url}])
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


# --- The cast: two teams below one root, each with a rep and a manager ------------------------------


@pytest.fixture
def workspace(db):
    return factories.make_workspace()


@pytest.fixture
def root_team(workspace):
    return factories.make_team("Company")


@pytest.fixture
def team(root_team):
    return factories.make_team("North", root_team)


@pytest.fixture
def other_team(root_team):
    return factories.make_team("South", root_team)


@pytest.fixture
def rep(team):
    return factories.make_user(team=team, first_name="Rita", last_name="Rep")


@pytest.fixture
def manager(team):
    return factories.make_user(Role.MANAGER, manages=team, first_name="Max", last_name="Manager")


@pytest.fixture
def admin(workspace):
    return factories.make_user(Role.ADMIN, first_name="Ada", last_name="Admin")


@pytest.fixture
def other_rep(other_team):
    return factories.make_user(team=other_team, first_name="Otto", last_name="Other")


@pytest.fixture
def pipeline(workspace):
    return factories.make_pipeline()
