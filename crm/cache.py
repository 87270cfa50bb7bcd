"""The cache, whose absence slows things down and breaks nothing."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


def forgiving(method: Callable[..., Any], *, answer: Any) -> Callable[..., Any]:
    """`method`, giving the answer of an empty cache when the server does not answer."""

    @wraps(method)
    def guarded(self: RedisCache, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except (RedisError, OSError) as error:
            log.warning("cache_unavailable", error=str(error))
            return answer

    return guarded


class ForgivingRedisCache(RedisCache):
    """Redis, or an empty cache that forgets everything while Redis is down."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except (RedisError, OSError) as error:
            log.warning("cache_unavailable", error=str(error))
            return default

    get_many = forgiving(RedisCache.get_many, answer={})
    set = forgiving(RedisCache.set, answer=None)
    set_many = forgiving(RedisCache.set_many, answer=[])
    add = forgiving(RedisCache.add, answer=True)
    touch = forgiving(RedisCache.touch, answer=False)
    delete = forgiving(RedisCache.delete, answer=False)
    delete_many = forgiving(RedisCache.delete_many, answer=None)
    has_key = forgiving(RedisCache.has_key, answer=False)
