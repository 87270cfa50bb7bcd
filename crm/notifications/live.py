"""Telling open pages that something changed. Best effort: what is durable stands in the database."""

import json
import time
from functools import cache, partial

import structlog
from django.conf import settings
from django.core import signing
from django.db import transaction
from redis import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

CHANNEL = f"{settings.REDIS_PREFIX}:live"
TOKEN_SECONDS = 12 * 60 * 60
TIMEOUT_SECONDS = 0.5
# While the server is away nobody waits for it more often than this.
PAUSE_SECONDS = 5.0
_SALT = "kontor.live"


def publish_change(kind: str, pk: int) -> None:
    """After the commit, let every open page know that something of this kind changed."""
    _after_commit({"event": "changed", "data": {"kind": kind}})


def publish_notification(user_id: int) -> None:
    """After the commit, let the pages of one person know that her inbox changed."""
    _after_commit({"event": "notification", "data": {}, "user": user_id})


def live_token(user_id: int) -> str:
    """What a page shows to the stream instead of a session, which would need the database."""
    return signing.dumps(user_id, salt=_SALT)


def user_of(token: str) -> int | None:
    """The person of a token that is genuine and not too old."""
    try:
        return int(signing.loads(token, salt=_SALT, max_age=TOKEN_SECONDS))
    except (signing.BadSignature, TypeError, ValueError):
        return None


def _after_commit(message: dict[str, object]) -> None:
    transaction.on_commit(partial(_publish, json.dumps(message)), robust=True)


class _Pause:
    """Remembers until when a server that did not answer is left alone."""

    until = 0.0


def _publish(message: str) -> None:
    if time.monotonic() < _Pause.until:
        return
    try:
        _redis().publish(CHANNEL, message)
    except (RedisError, OSError) as error:
        _Pause.until = time.monotonic() + PAUSE_SECONDS
        log.warning("live_unavailable", error=str(error))


@cache
def _redis() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, retry=None
    )
