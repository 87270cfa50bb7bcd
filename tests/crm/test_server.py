import socket
import time
import urllib.error
import urllib.request

import pytest
from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError

from crm import server


@pytest.fixture
def answer_of(run_async):
    """What the callable sends for a connection."""

    def answer(scope):
        sent = []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        run_async(server.application(scope, receive, send))
        return sent

    return answer


@pytest.mark.parametrize(
    ("path", "to_streams"), [("/events/", True), ("/events/x/", True), ("/eventsx/", False), ("/", False)]
)
def test_streams_go_to_the_loop_and_pages_to_the_threads(monkeypatch, answer_of, path, to_streams):
    async def streams(scope, receive, send):
        await send("streams")

    async def pages(scope, receive, send):
        await send("pages")

    monkeypatch.setattr(server, "streams", streams)
    monkeypatch.setattr(server, "pages", pages)
    assert answer_of({"type": "http", "path": path}) == ["streams" if to_streams else "pages"]


def test_websockets_are_closed(answer_of):
    assert answer_of({"type": "websocket", "path": "/"}) == [{"type": "websocket.close"}]


@pytest.mark.django_db(transaction=True)
def test_the_real_server_answers_pages_and_unknown_streams(live_app):
    with urllib.request.urlopen(f"{live_app.url}/readyz", timeout=5) as answer:
        assert answer.status == 200
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{live_app.url}/events/nothing/", timeout=5)
    assert refused.value.code == 404
    assert "default-src 'self'" in refused.value.headers["Content-Security-Policy"]


def test_publishing_to_a_broker_that_is_down_fails_fast():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"redis://127.0.0.1:{probe.getsockname()[1]}/0"
    configured = {name: getattr(settings, name) for name in dir(settings) if name.startswith("CELERY_")}
    app = Celery("test", set_as_current=False)
    app.config_from_object(configured | {"CELERY_BROKER_URL": nobody}, namespace="CELERY")

    started = time.monotonic()
    with pytest.raises(OperationalError):
        app.send_task("anything")
    assert time.monotonic() - started < 3
