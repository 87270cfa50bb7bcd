import socket

import pytest

from crm.cache import ForgivingRedisCache


@pytest.fixture
def dead_cache():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return ForgivingRedisCache(f"redis://127.0.0.1:{probe.getsockname()[1]}/0", {})


def test_a_dead_cache_is_an_empty_one(dead_cache):
    dead_cache.set("key", 1, 60)
    assert dead_cache.get("key") is None
    assert dead_cache.get("key", default=7) == 7
    assert dead_cache.get("key", 7) == 7
    assert dead_cache.get_many(["key"]) == {}
    assert dead_cache.add("key", 1) is True
    assert dead_cache.has_key("key") is False
    assert dead_cache.delete("key") is False
