"""The figures against sets small enough to compute by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from crm.lib.periods import Period
from pipeline.deals.actions import lose, reopen, win
from reporting.metrics import funnel
from reporting.metrics.average_deal_size import SizeBasis
from reporting.metrics.population import Scope, Window
from reporting.metrics.statistics import wilson
from teams.models import ExchangeRate, Role
from tests import factories

pytestmark = pytest.mark.django_db
JANUARY = Period(date(2026, 1, 1), date(2026, 2, 1))
NOW = factories.NOW


@pytest.fixture
def admin():
    factories.make_workspace()
    return factories.make_user(Role.ADMIN)


def closed(owner, by, closed_at, days=10, value=1000, outcome="won", **reason):
    deal = factories.make_deal(owner, value=value, at=closed_at - timedelta(days=days))
    chosen = factories.make_reason(outcome, **reason)
    close = win if outcome == "won" else lose
    return close(deal_id=deal.pk, by=by, at=closed_at, version=deal.version, reason=chosen)


def measured(reader, period=JANUARY, as_of=NOW, basis=SizeBasis.OPEN, **scope):
    return funnel.measure(scope=Scope(reader, **scope), window=Window(period, as_of, NOW), basis=basis)


def january(day, hour=12):
    return datetime(2026, 1, day, hour, tzinfo=UTC)


def test_a_set_computed_by_hand(admin):
    rep = factories.make_user()
    closed(rep, admin, january(10), days=10, value=1000)
    closed(rep, admin, january(20), days=30, value=3000)
    closed(rep, admin, january(21), outcome="lost")
    closed(rep, admin, january(22), outcome="lost", counts_in_win_rate=False)
    factories.make_deal(rep, value=500, at=january(5))
    factories.make_deal(rep, value=None, at=january(6))
    result = measured(admin)
    assert (result.deals_in_funnel.value, result.deals_in_funnel.open_value) == (2, Decimal(500))
    assert (result.average_deal_size.value, result.average_deal_size.without_value) == (Decimal(500), 1)
    assert (result.win_rate.won, result.win_rate.lost, result.win_rate.excluded) == (2, 1, 1)
    assert result.average_time_to_close.value == pytest.approx(20)
    assert result.average_time_to_close.p75 == pytest.approx(25)
    assert result.sales_velocity.value == pytest.approx(Decimal(2 * 500 * 2) / 3 / 20)
    assert result.sales_velocity.actual == pytest.approx(Decimal(4000) / 31)
    assert measured(admin, basis=SizeBasis.WON).average_deal_size.value == Decimal(2000)


def test_empty_denominators_are_none(admin):
    result = measured(admin)
    assert result.deals_in_funnel.value == 0
    assert result.average_deal_size.value is result.win_rate.value is result.win_rate.interval is None
    assert result.average_time_to_close.value is result.sales_velocity.value is None


def test_wilson_interval():
    assert wilson(117, 427) == pytest.approx((0.2338, 0.3182), abs=1e-4)


def test_a_month_begins_in_the_workspace_zone(admin):
    factories.make_workspace(time_zone="Europe/Berlin")
    closed(factories.make_user(), admin, datetime(2025, 12, 31, 23, 30, tzinfo=UTC))
    assert measured(admin).win_rate.won == 1
    with timezone.override("Pacific/Auckland"):
        assert measured(admin).win_rate.won == 1


def test_states_and_deals_tell_the_same(admin):
    rep = factories.make_user()
    for day, outcome in ((10, "won"), (12, "won"), (20, "lost")):
        closed(rep, admin, january(day), days=day, value=day * 100, outcome=outcome)
    assert measured(admin, as_of=NOW - timedelta(days=1)) == measured(admin, as_of=NOW)


def test_the_past_is_as_it_was_known(admin):
    deal = closed(factories.make_user(), admin, january(10))
    reopen(deal_id=deal.pk, by=admin, at=january(25), version=deal.version, reason="x")
    assert measured(admin).win_rate.won == 0
    then = measured(admin, as_of=january(20))
    assert (then.win_rate.won, then.deals_in_funnel.value) == (1, 0)


def test_a_team_includes_those_below_and_sums_before_dividing(admin):
    top = factories.make_team()
    below = factories.make_team(parent=top)
    factories.make_deal(factories.make_user(team=top), value=1000, at=january(2))
    junior = factories.make_user(team=below)
    for value in (100, 100, 100):
        factories.make_deal(junior, value=value, at=january(2))
    assert measured(admin, team=top.pk).average_deal_size.value == Decimal(325)
    assert measured(admin, team=below.pk).deals_in_funnel.value == 3


def test_a_rep_counts_her_own_deals(admin):
    rep = factories.make_user()
    factories.make_deal(rep, at=january(2))
    factories.make_deal(factories.make_user(), at=january(2))
    assert measured(rep).deals_in_funnel.value == 1


def test_a_currency_without_a_rate_is_never_one_to_one(admin):
    rep = factories.make_user()
    factories.make_deal(rep, value=100, at=january(2))
    rate = ExchangeRate.objects.create(currency="USD", valid_from=date(2026, 1, 1), rate=2)
    factories.make_deal(rep, value=999, currency="USD", at=january(2))
    rate.delete()
    size = measured(admin).average_deal_size
    assert (size.value, size.n, size.not_convertible) == (Decimal(100), 1, 1)
