"""Telling open pages that something changed. Best effort: what is durable stands in the database."""

import json
import time
from functools import cache, partial
from threading import Timer

import structlog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core import signing
from django.db import transaction
from django.utils.crypto import constant_time_compare
from redis import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

CHANNEL = f"{settings.REDIS_PREFIX}:live"
_MARK = f"{CHANNEL}:mark"
# Ends streams instead of being handed to browsers.
END = "end"
TOKEN_SECONDS = 12 * 60 * 60
TIMEOUT_SECONDS = 0.5
# While the server is away nobody waits for it more often than this.
PAUSE_SECONDS = 5.0
_SALT = "kontor.live"
# For pages that may have missed something: each looks for itself.
LOOK = ({"event": "changed", "data": {"polled": True}}, {"event": "notification", "data": {"polled": True}})


def publish_change(kind: str) -> None:
    """After the commit, let every open page know that something of this kind changed."""
    _after_commit({"event": "changed", "data": {"kind": kind}})


def publish_notification(user_id: int) -> None:
    """After the commit, let the pages of one person know that her inbox changed."""
    _after_commit({"event": "notification", "data": {}, "user": user_id})


def publish_end(user_id: int) -> None:
    """After the commit, end the open streams of a person; whoever may still listen comes back and is asked anew."""
    _after_commit({"event": END, "user": user_id})


def live_token(user: AbstractBaseUser) -> str:
    """What a page shows to the stream instead of its session."""
    return signing.dumps([user.pk, _stamp(user)], salt=_SALT)


def listener_of(token: str) -> int | None:
    """The person of a token that is genuine and not too old, while she is active and her password is the same."""
    try:
        pk, stamp = signing.loads(token, salt=_SALT, max_age=TOKEN_SECONDS)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    user = get_user_model()._default_manager.filter(pk=pk, is_active=True).first()
    return user.pk if user and constant_time_compare(stamp, _stamp(user)) else None


def _stamp(user: AbstractBaseUser) -> str:
    """What changes with the password."""
    return user.get_session_auth_hash()[:20]


def mark() -> str:
    """The number of messages until now: a page that is older than the stream it opens has missed those between.

    Empty while nobody knows.
    """
    if time.monotonic() < _Outage.until:
        return ""
    try:
        number = _redis().get(_MARK)
    except (RedisError, OSError) as error:
        _pause(error)
        return ""
    return number.decode() if isinstance(number, bytes) else ""


def _after_commit(message: dict[str, object]) -> None:
    transaction.on_commit(partial(_publish, message), robust=True)


class _Outage:
    """While the server does not answer: until when it is left alone, and what tells of all that was lost."""

    until = 0.0
    end: Timer | None = None


def _publish(*messages: dict[str, object]) -> None:
    if time.monotonic() < _Outage.until:
        return
    try:
        with _redis().pipeline(transaction=False) as commands:
            for message in messages:
                commands.incr(_MARK)
                commands.publish(CHANNEL, json.dumps(message))
            commands.execute()
    except (RedisError, OSError) as error:
        _pause(error)


def _pause(error: Exception) -> None:
    log.warning("live_unavailable", error=str(error))
    _Outage.until = time.monotonic() + PAUSE_SECONDS
    _Outage.end = Timer(PAUSE_SECONDS, _publish, LOOK)
    _Outage.end.daemon = True
    _Outage.end.start()


@cache
def _redis() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, retry=None
    )
