"""What is kept in the cache, of this test run only: others may share its server."""

from django.conf import settings
from redis import Redis


def forget() -> None:
    with Redis.from_url(settings.REDIS_URL) as redis:
        if keys := redis.keys(f"{settings.REDIS_PREFIX}:*"):
            redis.delete(*keys)
