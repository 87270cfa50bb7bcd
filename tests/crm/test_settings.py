import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONG_KEY = "a-long-key-that-nobody-has-seen-" * 2


def load_settings(**environment):
    """Import the settings in a process of their own; its complaint, empty when all is well."""
    known = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "LANG"}}
    code = "import django; from django.conf import settings; settings.DEBUG; print(settings.SESSION_COOKIE_SECURE)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=known | {"DJANGO_SETTINGS_MODULE": "crm.settings"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr if done.returncode else ""


def test_production_is_what_counts_when_nothing_is_said_and_wants_a_key():
    assert "SECRET_KEY is missing" in load_settings()


@pytest.mark.parametrize("key", ["", "known-to-everybody-and-good-for-development-only"])
def test_production_refuses_a_missing_or_well_known_key(key):
    assert "SECRET_KEY is missing" in load_settings(KONTOR_ENV="production", SECRET_KEY=key)


def test_production_refuses_debug_on_a_public_address():
    complaint = load_settings(
        KONTOR_ENV="production", SECRET_KEY=LONG_KEY, DEBUG="1", BASE_URL="https://crm.example.com"
    )
    assert "DEBUG shows secrets" in complaint


def test_production_starts_with_a_key_and_an_address():
    assert load_settings(KONTOR_ENV="production", SECRET_KEY=LONG_KEY, BASE_URL="https://crm.example.com") == ""


@pytest.mark.parametrize("hosts", ["crm.example.com", "*", "localhost,10.0.0.7"])
def test_development_refuses_public_addresses(hosts):
    assert "must not serve public" in load_settings(KONTOR_ENV="development", ALLOWED_HOSTS=hosts)


def test_development_starts_with_nothing_at_all():
    assert load_settings(KONTOR_ENV="development") == ""


def test_an_unknown_kind_of_installation_is_refused():
    assert "KONTOR_ENV" in load_settings(KONTOR_ENV="staging")


def test_options_of_the_database_address_are_kept(settings):
    from crm.settings import DATABASES

    options = DATABASES["default"]["OPTIONS"]
    assert "statement_timeout" in options["options"]
    assert "lock_timeout" in options["options"]
    if "host=" in os.environ["DATABASE_URL"]:
        assert options["host"] in os.environ["DATABASE_URL"]


def test_a_task_ends_before_the_broker_gives_it_to_another():
    from crm.celery import app

    conf = app.conf
    assert conf.task_time_limit < conf.broker_transport_options["visibility_timeout"]
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.worker_prefetch_multiplier) == (True, True, 1)
    assert (conf.timezone, conf.enable_utc, conf.task_ignore_result) == ("UTC", True, True)
    assert conf.result_backend is None
