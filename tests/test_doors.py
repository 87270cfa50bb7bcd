"""Nobody forgets who may enter: every address says it."""

import pytest

from teams.access.doors import door_of
from tests.routes import routes

# Addresses of libraries, and why they need no door of ours.
FOREIGN = {"accounts/": "allauth signs people in and out and asks for itself who is there"}


def test_every_address_has_a_door():
    missing = [
        route
        for route, pattern in routes()
        if not route.startswith(tuple(FOREIGN)) and door_of(pattern.callback) is None
    ]
    assert missing == []


@pytest.mark.parametrize("prefix", FOREIGN)
def test_the_list_of_foreign_addresses_is_not_stale(prefix):
    assert any(route.startswith(prefix) for route, _pattern in routes())
