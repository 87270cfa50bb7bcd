"""Last year's quotas as a start: only what is empty, grown and rounded, never beyond one's reach."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from teams.models import Quota
from tests.factories import NOW, set_quota

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def ask(by, subject, amount, year, month=1):
    set_quota(by=by, at=NOW, subject=subject, month=date(year, month, 1), amount=Decimal(amount))


def post(user, year=2027, language="en", **fields):
    client = Client(headers={"Accept-Language": language})
    client.force_login(user)
    return client.post(reverse("quota-copy", args=[year]), fields)


def planned(subject, year=2027):
    rows = Quota.objects.current().filter(month__year=year, **{type(subject).__name__.lower(): subject})
    return dict(rows.values_list("month__month", "amount"))


def test_empty_months_are_filled_after_a_look(admin, rep, team):
    ask(admin, rep, 1005, 2026)
    ask(admin, rep, 2000, 2026, 2)
    ask(admin, team, 9000, 2026)
    ask(admin, rep, 77, 2027, 2)
    preview = post(admin, growth="10")
    assert (preview.status_code, planned(rep)) == (200, {2: 77})
    assert "Save 2 quotas" in preview.content.decode()
    assert post(admin, growth="10", seen=preview.context["seen"], confirm="yes").status_code == 302
    assert (planned(rep), planned(team)) == ({1: 1106, 2: 77}, {1: 9900})


def test_what_others_filled_meanwhile_stays(admin, manager, rep):
    ask(admin, rep, 1000, 2026)
    seen = post(manager, growth="0").context["seen"]
    ask(admin, rep, 5, 2027)
    post(manager, growth="0", seen=seen, confirm="yes")
    assert planned(rep) == {1: 5}


def test_a_manager_copies_her_teams_only(admin, manager, rep, other_rep):
    for person in (rep, other_rep):
        ask(admin, person, 1000, 2026)
    seen = post(manager, growth="-50").context["seen"]
    post(manager, growth="-50", seen=seen, confirm="yes")
    assert (planned(rep), planned(other_rep)) == ({1: 500}, {})


def test_amounts_stay_within_their_limit(admin, rep):
    ask(admin, rep, "999999999999.99", 2026)
    seen = post(admin, growth="1000").context["seen"]
    assert post(admin, growth="1000", seen=seen, confirm="yes").status_code == 302
    assert planned(rep) == {1: Decimal("999999999999.99")}


@pytest.mark.parametrize("growth", ["", "many", "-101", "1001", "NaN", "1e9", "1.234"])
def test_impossible_growth_is_refused(admin, rep, growth):
    assert post(admin, growth=growth).status_code == 422


def test_nothing_to_copy_is_said(admin, rep):
    answer = post(admin, growth="5")
    assert "There is nothing to change." in answer.content.decode()


def test_reps_copy_nothing_and_no_year_precedes_the_first(admin, rep):
    assert post(rep, growth="5").status_code == 403
    assert post(admin, year=2000, growth="5").status_code == 404
