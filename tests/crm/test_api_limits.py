import pytest
from rest_framework.throttling import UserRateThrottle

from tests.clients import api_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def three_a_minute(monkeypatch):
    monkeypatch.setattr(UserRateThrottle, "get_rate", lambda _self: "3/min")


def test_too_many_calls_are_told_when_to_come_back(rep, other_rep, three_a_minute):
    busy, other = api_client(rep), api_client(other_rep)
    assert [busy.get("/api/v1/stages/").status_code for _call in range(4)] == [200, 200, 200, 429]
    answer = busy.get("/api/v1/stages/")
    assert answer["Content-Type"] == "application/problem+json"
    assert 0 < int(answer["Retry-After"]) <= 60
    assert other.get("/api/v1/stages/").status_code == 200
