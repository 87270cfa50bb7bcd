"""Nobody forgets who may enter: every address says it."""

import pytest
from django.urls import URLPattern, get_resolver

from teams.access.doors import door_of

# Addresses of libraries, and why they need no door of ours.
FOREIGN = {"accounts/": "allauth signs people in and out and asks for itself who is there"}


def routes(resolver=None, prefix=""):
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, pattern.callback
        else:
            yield from routes(pattern, route)


def test_every_address_has_a_door():
    missing = [route for route, view in routes() if not route.startswith(tuple(FOREIGN)) and door_of(view) is None]
    assert missing == []


@pytest.mark.parametrize("prefix", FOREIGN)
def test_the_list_of_foreign_addresses_is_not_stale(prefix):
    assert any(route.startswith(prefix) for route, _view in routes())
