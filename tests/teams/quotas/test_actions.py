"""Setting quotas: who may, which amounts, what two people at one cell get, and what the history says."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine

from crm.lib.errors import Conflict, Forbidden, Refused
from teams.models import AuditEntry, Quota, Role, Team, User
from teams.quotas.actions import QuotaChange, set_quotas
from tests.factories import NOW, make_user, set_quota

pytestmark = pytest.mark.django_db

MARCH = date(2026, 3, 1)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def put(by, subject, amount, *, month=MARCH, version=None, at=NOW):
    amount = None if amount is None else Decimal(amount)
    return set_quota(by=by, at=at, subject=subject, month=month, amount=amount, version=version)


def current(subject, month=MARCH):
    return Quota.objects.current().get(month=month, **{type(subject).__name__.lower(): subject}).amount


def test_an_admin_sets_the_quota_of_anybody(admin, rep, other_team):
    assert put(admin, rep, "71500.505") == 1
    assert put(admin, other_team, 900000) == 1
    assert current(rep) == Decimal("71500.51")
    assert current(other_team) == 900000


def test_a_manager_sets_those_of_her_teams(manager, rep, team):
    assert put(manager, rep, 1) == 1
    assert put(manager, team, 2) == 1


def test_a_manager_does_not_find_the_people_of_others(manager, other_rep, other_team, root_team):
    with pytest.raises(User.DoesNotExist):
        put(manager, other_rep, 1)
    for team in (other_team, root_team):
        with pytest.raises(Team.DoesNotExist):
            put(manager, team, 1)
    assert not Quota.objects.exists()


@pytest.mark.parametrize("role", [Role.REP, Role.READ_ONLY])
def test_who_only_sees_may_not_set(role, team, rep):
    person = make_user(role, team=team)
    with pytest.raises(Forbidden):
        put(person, person, 1)


def test_a_rep_does_not_find_her_colleague(rep, team):
    with pytest.raises(User.DoesNotExist):
        put(make_user(team=team), rep, 1)


@pytest.mark.parametrize("amount", ["-0.01", "NaN", "Infinity", "-Infinity", "1e12", "1e999"])
def test_impossible_amounts_are_refused(admin, rep, amount):
    with pytest.raises(Refused):
        put(admin, rep, amount)
    assert not Quota.objects.exists()


@pytest.mark.parametrize("year", [1, 1999, 2100, 9999])
def test_impossible_years_are_refused(admin, rep, year):
    with pytest.raises(Refused):
        put(admin, rep, 1, month=date(year, 1, 1))


def test_the_largest_amount_fits(admin, rep):
    put(admin, rep, "999999999999.99")
    assert current(rep) == Decimal("999999999999.99")


def test_a_change_is_a_new_version_with_who_and_when(admin, manager, rep):
    put(admin, rep, 100)
    put(manager, rep, 120, at=NOW + timedelta(hours=1))
    put(admin, rep, None, at=NOW + timedelta(hours=2))
    rows = Quota.objects.order_by("version").values_list("amount", "set_by", "is_current")
    assert list(rows) == [(100, admin.pk, False), (120, manager.pk, False), (None, admin.pk, True)]


def test_the_same_amount_writes_nothing(admin, rep):
    put(admin, rep, 100)
    assert put(admin, rep, "100.00") == 0
    assert put(admin, rep, None, month=date(2026, 4, 1)) == 0
    assert Quota.objects.count() == 1


def test_the_second_of_two_people_at_a_cell_is_told(admin, manager, rep):
    put(admin, rep, 100)
    put(manager, rep, 120, version=1)
    with pytest.raises(Conflict) as refusal:
        put(admin, rep, 130, version=1)
    [conflict] = refusal.value.conflicts
    assert (conflict.theirs, conflict.yours, conflict.by) == ("120.00", "130.00", manager.name)
    assert current(rep) == 120


def test_two_people_at_an_empty_cell_are_told_too(admin, manager, rep):
    put(manager, rep, 120, version=0)
    with pytest.raises(Conflict):
        put(admin, rep, 130, version=0)


def test_two_people_who_want_the_same_do_not_conflict(admin, manager, rep):
    put(manager, rep, 120, version=0)
    assert put(admin, rep, 120, version=0) == 0


def test_a_conflict_in_one_cell_saves_none(admin, manager, rep):
    put(manager, rep, 120)
    months = [date(2026, month, 1) for month in range(1, 13)]
    with pytest.raises(Conflict):
        set_quotas(by=admin, at=NOW, changes=[QuotaChange(rep, month, Decimal(5), 0) for month in months])
    assert Quota.objects.count() == 1


def test_one_cell_with_two_amounts_is_refused(admin, rep):
    with pytest.raises(Refused):
        set_quotas(by=admin, at=NOW, changes=[QuotaChange(rep, MARCH, Decimal(amount)) for amount in (1, 2)])


def test_the_audit_log_names_person_and_months(admin, rep):
    put(admin, rep, 100)
    put(admin, rep, 120)
    entry = AuditEntry.objects.order_by("-pk").first()
    assert (entry.action, entry.subject_label, entry.changes) == (
        "quota.set",
        rep.name,
        {"2026-03": ["100.00", "120.00"]},
    )


def test_a_whole_plan_needs_as_many_queries_as_one_cell(admin, team, django_assert_max_num_queries):
    people = [make_user(team=team) for _ in range(20)]
    months = [date(2026, month, 1) for month in range(1, 13)]
    changes = [QuotaChange(person, month, Decimal(1000), 0) for person in people for month in months]
    with django_assert_max_num_queries(15 + len(people)):
        assert set_quotas(by=admin, at=NOW, changes=changes) == 240
