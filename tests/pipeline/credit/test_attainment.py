"""Credit against quota: months, zones, teams, splits, what counts once and what does not count."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from crm.lib.periods import Period, month_of, quarter_of, year_of
from pipeline.deals import actions
from pipeline.figures import Attainment, Whose, attainment, by_month, by_person, total
from pipeline.models import CreditKind, CreditSplit
from teams.models import Quota, TeamMembership
from tests.factories import NOW, make_deal, make_pipeline, make_team, make_user, make_workspace, set_quota

pytestmark = pytest.mark.django_db

NOVEMBER = month_of(date(2026, 11, 1))
OPENED = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _stages(pipeline):
    """Deals need a pipeline."""


def win(owner, amount, at=NOW, **fields):
    deal = make_deal(owner, value=amount, at=min(OPENED, at - timedelta(days=1)), **fields)
    return actions.win(deal_id=deal.pk, by=owner, at=at, version=None)


def ask(subject, amount, month=NOVEMBER.start):
    name = type(subject).__name__.lower()
    return Quota.objects.create(month=month, amount=amount, currency="EUR", set_at=NOW, **{name: subject})


def of(*people, period=NOVEMBER):
    return attainment(Whose(people=frozenset(person.pk for person in people)), period)


def of_team(*teams, period=NOVEMBER):
    return attainment(Whose(teams=frozenset(team.pk for team in teams)), period)


def test_won_deals_of_the_month_against_its_quota(rep):
    win(rep, 400)
    win(rep, 200)
    make_deal(rep, value=5000)
    ask(rep, 800)
    attained = of(rep)
    assert (attained.achieved, attained.quota, attained.share, attained.gap) == (600, 800, Decimal("0.75"), 200)


def test_more_than_the_quota_leaves_no_gap(rep):
    win(rep, 900)
    ask(rep, 600)
    assert (of(rep).share, of(rep).gap) == (Decimal("1.5"), 0)


@pytest.mark.parametrize("quota", [None, 0])
def test_without_a_quota_there_is_no_share(rep, quota):
    win(rep, 100)
    if quota is not None:
        ask(rep, quota)
    attained = of(rep)
    assert (attained.achieved, attained.quota, attained.share, attained.gap) == (100, quota, None, None)


def test_a_quota_that_was_taken_away_is_none(admin, rep):
    for amount in (Decimal(100), None):
        set_quota(by=admin, at=NOW, subject=rep, month=NOVEMBER.start, amount=amount)
    assert of(rep).quota is None


def test_superseded_quotas_do_not_count(admin, rep):
    for amount in (Decimal(100), Decimal(70)):
        set_quota(by=admin, at=NOW, subject=rep, month=NOVEMBER.start, amount=amount)
    assert of(rep).quota == 70


@pytest.mark.parametrize(
    ("zone", "closed_at", "month"),
    [
        ("Europe/Berlin", datetime(2026, 11, 30, 22, 55, tzinfo=UTC), 11),  # 23:55 on the last day
        ("Europe/Berlin", datetime(2026, 11, 30, 23, 0, tzinfo=UTC), 12),  # midnight
        ("Europe/Berlin", datetime(2026, 10, 31, 22, 55, tzinfo=UTC), 10),  # winter time has begun
        ("Europe/Berlin", datetime(2026, 10, 31, 23, 5, tzinfo=UTC), 11),
        ("Europe/Berlin", datetime(2026, 3, 31, 21, 55, tzinfo=UTC), 3),  # summer time has begun
        ("Europe/Berlin", datetime(2026, 3, 31, 22, 5, tzinfo=UTC), 4),
        ("America/New_York", datetime(2026, 12, 1, 4, 55, tzinfo=UTC), 11),
        ("Pacific/Auckland", datetime(2026, 10, 31, 11, 5, tzinfo=UTC), 11),
    ],
)
def test_the_workspace_zone_decides_the_month(rep, zone, closed_at, month):
    make_workspace(time_zone=zone)
    win(rep, 100, closed_at)
    months = by_month(Whose(people=frozenset({rep.pk})), year_of(date(2026, 1, 1)))
    assert {start.month for start, found in months.items() if found.achieved} == {month}
    assert of(rep, period=month_of(date(2026, month, 1))).achieved == 100


def test_a_reopened_deal_withdraws_its_credit_and_credits_anew(manager, rep):
    deal = win(rep, 100, NOW - timedelta(days=1))
    actions.reopen(deal_id=deal.pk, by=manager, at=NOW, version=None, reason="came back")
    assert of(rep).achieved == 0
    actions.win(deal_id=deal.pk, by=rep, at=NOW + timedelta(days=10), version=None)
    assert of(rep).achieved == 0
    assert of(rep, period=month_of(date(2026, 12, 1))).achieved == 100


def test_a_deleted_deal_does_not_count_until_it_is_restored(admin, rep):
    deal = win(rep, 100)
    actions.delete(deal_id=deal.pk, by=admin, at=NOW, version=None)
    assert of(rep).achieved == 0
    actions.restore(deal_id=deal.pk, by=admin, at=NOW, version=None)
    assert of(rep).achieved == 100


def test_a_won_deal_without_value_is_told_apart(rep):
    win(rep, None)
    win(rep, 0)
    assert (of(rep).achieved, of(rep).without_value) == (0, 1)


def test_splits_credit_each_person_and_the_team_once(rep, team):
    colleague = make_user(team=team)
    deal = make_deal(rep, value=1000, at=OPENED)
    CreditSplit.objects.filter(deal=deal).update(share=60)
    CreditSplit.objects.create(deal=deal, user=colleague, share=40)
    actions.win(deal_id=deal.pk, by=rep, at=NOW, version=None)
    assert (of(rep).achieved, of(colleague).achieved, of_team(team).achieved) == (600, 400, 1000)


def test_overlay_credit_is_told_apart_and_counts_in_no_attainment(rep, team):
    specialist = make_user(team=team)
    deal = make_deal(rep, value=1000, at=OPENED)
    CreditSplit.objects.create(deal=deal, user=specialist, kind=CreditKind.OVERLAY, share=100)
    actions.win(deal_id=deal.pk, by=rep, at=NOW, version=None)
    assert (of(specialist).achieved, of(specialist).overlay) == (0, 1000)
    assert of_team(team).achieved == 1000


def test_the_team_of_the_closing_keeps_the_credit(rep, team, other_team):
    win(rep, 40, NOW - timedelta(days=10))
    TeamMembership.objects.filter(user=rep).update(ends_on=date(2026, 11, 20))
    TeamMembership.objects.create(user=rep, team=other_team, starts_on=date(2026, 11, 20))
    deal = make_deal(rep, value=100, at=NOW - timedelta(days=1))
    actions.win(deal_id=deal.pk, by=rep, at=NOW, version=None)
    assert (of_team(team).achieved, of_team(other_team).achieved) == (40, 100)
    assert of_team(team, other_team).achieved == of(rep).achieved == 140


def test_the_quota_of_a_team_is_that_of_its_people_in_the_month(rep, other_rep, team, other_team):
    ask(rep, 100)
    ask(other_rep, 50)
    ask(team, 9999)
    assert (of_team(team).quota, of_team(other_team).quota, of_team(team, other_team).quota) == (100, 50, 150)
    assert attainment(Whose(), NOVEMBER).quota == 150


def test_people_without_either_are_in_the_comparison(rep, other_rep):
    win(rep, 100)
    ask(rep, 200)
    assert by_person([rep.pk, other_rep.pk], NOVEMBER) == {
        rep.pk: Attainment(Decimal(100), Decimal(200)),
        other_rep.pk: Attainment(),
    }


def test_a_part_of_a_month_is_no_period_of_quotas(rep):
    with pytest.raises(ValueError, match="whole months"):
        of(rep, period=Period(date(2026, 11, 1), date(2026, 11, 23)))


def test_queries_do_not_depend_on_how_many(rep, team, django_assert_num_queries):
    for person in (rep, *(make_user(team=team) for _ in range(5))):
        ask(person, 100)
        win(person, 10)
    with django_assert_num_queries(2):  # with the settings of the workspace
        by_month(Whose(teams=frozenset({team.pk})), year_of(date(2026, 1, 1)))


class TestSums(TestCase):
    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        wins=st.lists(st.tuples(st.integers(0, 3), st.decimals(0, 10**6, places=2), st.integers(0, 300)), max_size=8),
        quotas=st.dictionaries(
            st.tuples(st.integers(0, 3), st.integers(1, 12)), st.decimals(0, 10**6, places=2), max_size=8
        ),
    )
    def test_people_months_and_teams_add_up_to_the_company(self, wins, quotas):
        make_workspace(time_zone="Europe/Berlin")
        make_pipeline()
        teams = [make_team(), make_team()]
        people = [make_user(team=teams[number % 2]) for number in range(4)]
        for number, amount, day in wins:
            win(people[number], amount, datetime(2026, 1, 6, 23, 30, tzinfo=UTC) + timedelta(days=day))
        for (number, month), amount in quotas.items():
            ask(people[number], amount, date(2026, month, 1))
        year = year_of(date(2026, 1, 1))
        company = attainment(Whose(), year)
        assert company.achieved == sum(amount for _number, amount, _day in wins)
        assert company.quota == (sum(quotas.values()) if quotas else None)
        assert total(by_month(Whose(), year).values()) == company
        assert total(by_person([person.pk for person in people], year).values()) == company
        assert total(attainment(Whose(teams=frozenset({team.pk})), year) for team in teams) == company
        quarters = [quarter_of(date(2026, month, 1)) for month in (1, 4, 7, 10)]
        assert total(attainment(Whose(), quarter) for quarter in quarters) == company
