"""Placing, pinning and releasing companies."""

from datetime import UTC, datetime, timedelta

import pytest

from crm.lib.errors import Forbidden
from pipeline.coverage.actions import pin, place, release
from pipeline.models import Company, TerritoryAssignment
from teams.models import User
from teams.territories.models import PlanStatus, Territory, TerritoryPlan

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def admin():
    return User.objects.create_user("ada@example.com", role="admin")


@pytest.fixture
def plan():
    TerritoryPlan.objects.filter(status=PlanStatus.PUBLISHED).update(status=PlanStatus.ARCHIVED)
    return TerritoryPlan.objects.create(name="Now", status=PlanStatus.PUBLISHED)


@pytest.fixture
def germany(plan):
    rules = [[{"field": "country", "operator": "in", "values": ["DE"]}]]
    return Territory.objects.create(plan=plan, name="Germany", priority=10, rules=rules)


@pytest.fixture
def rest(plan):
    return Territory.objects.create(plan=plan, name="Rest", is_catch_all=True)


def _company(**fields):
    return Company.objects.create(name="Acme", created_at=NOW, changed_at=NOW, **fields)


def _place(company, at=NOW):
    changed = place(Company.objects.filter(pk=company.pk), by=None, at=at)
    company.refresh_from_db()
    return changed


def test_a_company_gets_its_territory_with_the_reason(germany, rest):
    company = _company(country="DE")
    assert _place(company) == [company.pk]
    assert company.territory == germany
    assert TerritoryAssignment.objects.get(company=company).trail[-1]["because"]["code"] == "matched"
    assert _place(company) == []


def test_a_move_closes_the_old_assignment_where_the_new_one_begins(germany, rest):
    company = _company(country="DE")
    _place(company)
    Company.objects.filter(pk=company.pk).update(country="FR")
    _place(company, NOW + timedelta(days=3))
    old, new = TerritoryAssignment.objects.filter(company=company).order_by("starts_at")
    assert (old.territory, new.territory, company.territory) == (germany, rest, rest)
    assert old.ends_at == new.starts_at == NOW + timedelta(days=3)


def test_a_move_recorded_with_an_earlier_instant_keeps_the_history_in_order(germany, rest):
    company = _company(country="DE")
    _place(company)
    Company.objects.filter(pk=company.pk).update(country="FR")
    _place(company, NOW - timedelta(days=3))
    assert company.territory == rest


def test_a_pin_survives_the_rules_until_it_is_released(germany, rest, admin):
    company = _company(country="DE")
    _place(company)
    assert pin(company=company, territory=rest, by=admin, at=NOW + timedelta(hours=1))
    assert _place(company, NOW + timedelta(hours=2)) == []
    assert company.territory == rest
    assert release(company=company, by=admin, at=NOW + timedelta(hours=3))
    company.refresh_from_db()
    assert company.territory == germany


def test_only_who_may_change_territories_pins(germany, rest):
    company = _company(country="DE")
    with pytest.raises(Forbidden):
        pin(company=company, territory=rest, by=User.objects.create_user("rep@example.com"), at=NOW)
    assert not TerritoryAssignment.objects.filter(company=company).exists()


def test_twenty_companies_cost_as_many_queries_as_one(germany, rest, django_assert_num_queries):
    _company(country="DE")
    with django_assert_num_queries(10):
        place(Company.objects.all(), by=None, at=NOW)
    Company.objects.bulk_create(
        Company(name=f"Co {n}", country="DE", created_at=NOW, changed_at=NOW) for n in range(20)
    )
    with django_assert_num_queries(10):
        place(Company.objects.filter(territory=None), by=None, at=NOW)
