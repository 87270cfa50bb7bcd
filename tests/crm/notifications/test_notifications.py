"""The inbox, the outbox and the live channel."""

import json
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from smtplib import SMTPResponseException

import pytest
from django.conf import settings as django_settings
from django.core import mail, signing
from django.db import connection
from django.urls import reverse
from redis import Redis

from crm.accounts import ClosedAdapter
from crm.devmail import sent_mails
from crm.inbox import end_of_snooze
from crm.notifications import live
from crm.notifications.actions import notify
from crm.notifications.hub import WAITING_MESSAGES, Hub
from crm.notifications.mail import LEASE, pause_after, send_due
from crm.notifications.models import Delivery, Notification, Preference
from pipeline.activities.actions import log
from pipeline.deals.customers import edit_company
from pipeline.deals.stage_changes import edit_stage
from pipeline.telling import within_reach
from teams.people.actions import deactivate
from tests.factories import make_company, make_deal, make_user

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 4, 8, tzinfo=UTC)


def tell(recipient, cause="deal:1", **fields):
    return notify(recipient=recipient, kind="deal", cause=cause, title="Look here", at=NOW, url="/deals/1/", **fields)


def send(now):
    return send_due(now, within_reach=within_reach)


def failing(error):
    def send(*_args, **_kwargs):
        raise error

    return send


def test_the_same_cause_is_told_once_to_each_person() -> None:
    one, other = make_user(), make_user()
    assert tell(one)
    assert tell(one) is None
    assert tell(other)
    assert Notification.objects.count() == Delivery.objects.count() == 2


def test_an_unwanted_channel_gets_nothing() -> None:
    person = make_user()
    Preference.objects.create(user=person, kind="deal", channel="email", wanted=False)
    assert tell(person)
    assert not Delivery.objects.exists()


def test_a_mail_is_sent_once_with_its_message_id() -> None:
    tell(make_user(language="de"))
    assert send(NOW) == 1
    assert send(NOW) == 0
    delivery = Delivery.objects.get()
    assert delivery.state == "sent"
    assert mail.outbox[0].extra_headers["Message-ID"] == delivery.message_id
    assert "/deals/1/" in mail.outbox[0].body


def test_what_a_killed_sender_left_is_sent_after_its_lease() -> None:
    tell(make_user())
    Delivery.objects.update(state="sending", claimed_until=NOW + LEASE)
    assert send(NOW) == 0
    assert send(NOW + LEASE) == 1


def test_done_items_and_people_who_left_get_no_mail() -> None:
    tell(make_user(is_active=False))
    tell(make_user())
    Notification.objects.filter(recipient__is_active=True).update(done_at=NOW)
    assert send(NOW) == 2
    assert set(Delivery.objects.values_list("state", flat=True)) == {"dropped"}


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (SMTPResponseException(550, b"no such person"), "dead"),
        (SMTPResponseException(451, b"later"), "pending"),
        (ConnectionError(), "pending"),
    ],
)
def test_only_a_final_refusal_ends_the_attempts(monkeypatch, error, state) -> None:
    tell(make_user())
    monkeypatch.setattr("django.core.mail.EmailMessage.send", failing(error))
    send(NOW)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (state, 1)
    assert delivery.not_before == NOW + timedelta(minutes=1)


def test_pauses_grow_up_to_an_hour() -> None:
    assert [pause_after(n).total_seconds() for n in (1, 2, 7, 40)] == [60, 120, 3600, 3600]


def test_a_token_is_for_one_person_and_cannot_be_made_up() -> None:
    person = make_user()
    assert live.listener_of(live.live_token(person)) == person.pk
    for token in (live.live_token(person) + "x", "", signing.dumps(person.pk, salt=live._SALT)):
        assert live.listener_of(token) is None


def test_a_token_ends_with_the_password_and_with_the_person() -> None:
    person = make_user()
    before = live.live_token(person)
    person.set_password("another one")
    person.save()
    assert live.listener_of(before) is None
    token = live.live_token(person)
    assert live.listener_of(token) == person.pk
    deactivate(by=make_user("admin"), at=NOW, user_id=person.pk)
    assert live.listener_of(token) is None


@pytest.fixture
def away(monkeypatch):
    """Redis does not answer until this is called; whoever publishes leaves it alone for a moment."""
    real = live._redis
    monkeypatch.setattr(live, "_redis", lambda: Redis.from_url("redis://127.0.0.1:1/0", retry=None))
    monkeypatch.setattr(live, "PAUSE_SECONDS", 0.3)
    monkeypatch.setattr(live._Outage, "until", 0.0)

    def answer_again():
        monkeypatch.setattr(live, "_redis", real)

    yield answer_again
    answer_again()
    live._Outage.end.join()


def test_nothing_fails_while_redis_is_away(away, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        live.publish_change("deal")
    assert live._Outage.until > 0
    assert live.mark() == ""


def test_what_was_lost_while_redis_was_away_is_made_good(away, django_capture_on_commit_callbacks) -> None:
    with Redis.from_url(django_settings.REDIS_URL) as redis, redis.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe(live.CHANNEL)
        channel.get_message(timeout=5)
        with django_capture_on_commit_callbacks(execute=True):
            live.publish_change("deal")
            live.publish_notification(1)
        away()
        heard = [json.loads(channel.get_message(timeout=5)["data"]) for _message in live.LOOK]
    assert heard == list(live.LOOK)


def test_the_mark_is_another_one_after_each_message(django_capture_on_commit_callbacks) -> None:
    marks = [live.mark()]
    for _message in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            live.publish_change("deal")
        marks.append(live.mark())
    assert len(set(marks)) == 3


def test_boards_are_told_of_whatever_their_cards_show(rep, admin, pipeline, django_capture_on_commit_callbacks) -> None:
    deal = make_deal(rep, company=make_company(owner=rep))
    stage = pipeline.stages.first()
    for what_happens in (
        lambda: log(by=rep, at=NOW, kind="call", subject="Call", deal=deal),
        lambda: edit_company(company_id=deal.company_id, by=rep, at=NOW, version=None, changes={"name": "New"}),
        lambda: edit_stage(stage_id=stage.pk, by=admin, at=NOW, version=None, changes={"name": "New"}),
    ):
        before = live.mark()
        with django_capture_on_commit_callbacks(execute=True):
            what_happens()
        assert live.mark() != before


def test_messages_reach_their_person_only(run_async) -> None:
    async def scenario():
        hub = Hub()
        mine, theirs = hub.join(1), hub.join(2)
        hub.hand_out({"event": "notification", "data": {}, "user": 1})
        hub.hand_out({"event": "changed", "data": {"kind": "deal"}})
        found = (mine.qsize(), theirs.qsize(), theirs.get_nowait())
        hub.leave(mine)
        hub.leave(theirs)
        return found

    text = f"event: changed\ndata: {json.dumps({'kind': 'deal'})}\n\n"
    assert run_async(scenario()) == (2, 1, text)


def test_an_end_reaches_its_person_even_behind_many_messages(run_async) -> None:
    async def scenario():
        hub = Hub()
        mine, theirs = hub.join(1), hub.join(2)
        for _message in range(WAITING_MESSAGES):
            hub.hand_out({"event": "notification", "data": {}, "user": 1})
        hub.hand_out({"event": "end", "user": 1})
        messages = [mine.get_nowait() for _message in range(mine.qsize())]
        found = (len(messages), messages[-1], theirs.qsize())
        hub.leave(mine)
        hub.leave(theirs)
        return found

    assert run_async(scenario()) == (WAITING_MESSAGES, None, 0)


def test_a_server_that_cannot_stream_says_so(client) -> None:
    token = live.live_token(make_user())
    with ThreadPoolExecutor(1) as thread:  # in this one a browser may keep a loop
        answer = thread.submit(client.get, "/events/stream/", {"token": token}).result()
    assert answer.status_code == 204


def test_the_inbox_shows_and_settles_what_is_ones_own(client) -> None:
    person = make_user()
    item = tell(person)
    foreign = tell(make_user())
    client.force_login(person)
    page = client.get(reverse("notification-list")).content.decode()
    assert f"notification-{item.pk}" in page
    assert f"notification-{foreign.pk}" not in page
    assert client.post(reverse("notification-done", args=[foreign.pk])).status_code == 404
    assert "badge is-hot" in client.get(reverse("notification-bell")).content.decode()
    opened = reverse("notification-open", args=[item.pk])
    assert client.get(opened).url == "/deals/1/"
    item.refresh_from_db()
    assert item.read_at is None, "following an address writes nothing"
    assert f'method="post" action="{opened}"' in page
    assert client.post(opened).url == "/deals/1/"
    item.refresh_from_db()
    assert item.read_at
    assert client.get(reverse("notification-open", args=[foreign.pk])).status_code == 404
    client.post(reverse("notification-snooze", args=[item.pk]), {"until": "tomorrow"})
    assert "badge is-hot" not in client.get(reverse("notification-bell")).content.decode()
    client.post(reverse("notification-done", args=[item.pk]))
    item.refresh_from_db()
    assert item.read_at
    assert item.done_at


def test_snoozing_ends_at_nine_where_the_person_is() -> None:
    person = make_user(time_zone="Europe/Berlin")
    saturday = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert end_of_snooze("tomorrow", saturday, person.zone) == datetime(2026, 3, 29, 7, tzinfo=UTC)
    assert end_of_snooze("hour", saturday, person.zone) == saturday + timedelta(hours=1)


def test_mails_of_development_are_read_from_their_files(tmp_path, settings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", str(tmp_path)
    mail.send_mail("Größe", "Für Sie: http://localhost/x", None, ["a@example.com"])
    (sent,) = sent_mails(tmp_path)
    assert (sent.to, sent.subject, sent.body.strip()) == ("a@example.com", "Größe", "Für Sie: http://localhost/x")


def connections_in_use():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]


def begins(response):
    """Whether a stream begins as it should; what happens from then on comes after that."""
    retry, _empty, event, mark, _end = (response.readline() for _line in range(5))
    return (retry, event) == (b"retry: 3000\n", b"event: mark\n") and mark.startswith(b'data: {"mark": "')


def test_a_stream_holds_no_connection_to_the_database(live_app) -> None:
    address = f"{live_app.url}/events/stream/?token={live.live_token(make_user())}"
    before = connections_in_use()
    with ExitStack() as streams:
        for _stream in range(5):
            response = streams.enter_context(urllib.request.urlopen(address, timeout=5))
            assert response.headers["Content-Type"] == "text/event-stream"
            assert begins(response)
        # The server of the database takes a moment to see that somebody left.
        deadline = time.monotonic() + 10
        while connections_in_use() > before and time.monotonic() < deadline:
            time.sleep(0.1)
        assert connections_in_use() <= before


@pytest.mark.parametrize("leave", ["deactivated", "password", "signed out"])
def test_a_stream_ends_with_the_sign_in_of_its_person(live_app, client, leave) -> None:
    person, admin = make_user(), make_user("admin")
    address = f"{live_app.url}/events/stream/?token={live.live_token(person)}"
    with urllib.request.urlopen(address, timeout=10) as response:
        assert begins(response)
        if leave == "deactivated":
            deactivate(by=admin, at=NOW, user_id=person.pk)
        elif leave == "password":
            ClosedAdapter().set_password(person, "another one")
        else:
            client.force_login(person)
            client.post(reverse("account_logout"))
        assert response.read() == b""
    if leave == "signed out":
        return  # her other browsers may listen on
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(address, timeout=5)
