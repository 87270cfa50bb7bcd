"""Somebody changes teams: open deals go along on the day, closed ones stay with the team that closed them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from crm.lib.errors import Refused
from pipeline import tasks
from pipeline.deals import history
from pipeline.deals.actions import lose, win
from pipeline.deals.totals import totals
from pipeline.handover.actions import change_team, follow_dated_memberships
from pipeline.models import Deal, DealEvent, EventKind
from teams.models import Role, TeamMembership
from tests.factories import NOW, make_deal, make_reason, make_user, make_workspace

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


@pytest.fixture
def other_manager(other_team):
    return make_user(Role.MANAGER, manages=other_team)


@pytest.fixture
def deals(rep, pipeline):
    """An open deal of 1000, a won one of 2000, a lost one of 3000."""
    opened, won, lost = (make_deal(rep, value=value, at=NOW - timedelta(days=3)) for value in (1000, 2000, 3000))
    win(deal_id=won.pk, by=rep, at=NOW, version=None)
    lose(deal_id=lost.pk, by=rep, at=NOW, version=None, reason=make_reason())
    return opened, won, lost


def move(admin, user, team, on, at=NOW):
    return change_team(by=admin, at=at, user=user, team=team, on=on)


def seen_by(user):
    return set(Deal.objects.reachable_by(user))


def test_open_deals_go_along_and_closed_ones_stay(admin, rep, manager, other_manager, other_team, deals):
    opened, won, lost = deals
    assert seen_by(manager) == set(deals)
    move(admin, rep, other_team, TODAY)
    assert seen_by(manager) == {won, lost}
    assert seen_by(other_manager) == {opened}
    assert seen_by(rep) == set(deals)
    event = DealEvent.objects.get(kind=EventKind.TEAM_CHANGED)
    assert (event.deal, event.actor) == (opened, admin)
    assert history.differences(opened.pk) == []


def test_the_sum_of_a_manager_is_the_sum_of_her_list(admin, rep, manager, other_manager, other_team, deals):
    def figures(user):
        everything = totals(Deal.objects.reachable_by(user), NOW)
        return everything.count, everything.value

    assert (figures(manager), figures(other_manager)) == ((3, 6000), (0, 0))
    move(admin, rep, other_team, TODAY)
    assert (figures(manager), figures(other_manager)) == ((2, 5000), (1, 1000))


def test_a_day_in_the_past_moves_open_deals_now(admin, rep, other_team, deals):
    move(admin, rep, other_team, TODAY - timedelta(days=30))
    opened, won, lost = (Deal.objects.get(pk=deal.pk) for deal in deals)
    assert opened.team == other_team
    assert {won.team, lost.team} == {Deal.objects.get(pk=won.pk).team} != {other_team}
    assert DealEvent.objects.get(kind=EventKind.TEAM_CHANGED).occurred_at == NOW


@pytest.mark.parametrize("offset", [-367, 367])
def test_a_day_far_away_is_a_slip(admin, rep, other_team, offset):
    with pytest.raises(Refused) as refusal:
        move(admin, rep, other_team, TODAY + timedelta(days=offset))
    assert refusal.value.field == "on"


def test_on_the_day_deals_follow_once(admin, rep, manager, other_manager, other_team, deals):
    on = TODAY + timedelta(days=2)
    move(admin, rep, other_team, on)
    assert seen_by(manager) == set(deals)
    assert follow_dated_memberships(at=NOW + timedelta(days=1)) == 0
    assert Deal.objects.get(pk=deals[0].pk).team != other_team
    assert follow_dated_memberships(at=NOW + timedelta(days=2)) == 1
    assert Deal.objects.get(pk=deals[0].pk).team == other_team
    assert follow_dated_memberships(at=NOW + timedelta(days=2)) == 0
    assert TeamMembership.objects.get(starts_on=on).deals_followed_at == NOW + timedelta(days=2)
    assert DealEvent.objects.filter(kind=EventKind.TEAM_CHANGED).count() == 1


def test_a_change_that_was_dropped_moves_nothing(admin, rep, team, other_team, deals):
    move(admin, rep, other_team, TODAY + timedelta(days=2))
    move(admin, rep, team, TODAY)
    assert follow_dated_memberships(at=NOW + timedelta(days=5)) == 0
    assert Deal.objects.get(pk=deals[0].pk).team == team


def test_a_worker_that_was_away_for_days_catches_up_with_the_team_of_today(admin, rep, team, other_team, deals):
    move(admin, rep, other_team, TODAY + timedelta(days=1))
    move(admin, rep, team, TODAY + timedelta(days=3))
    follow_dated_memberships(at=NOW + timedelta(days=10))
    assert Deal.objects.get(pk=deals[0].pk).team == team
    assert not TeamMembership.objects.filter(starts_on__isnull=False, deals_followed_at__isnull=True).exists()


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        # Berlin leaves summer time on 25 October 2026 at 03:00 and enters it on 28 March 2027 at 02:00.
        (date(2026, 10, 25), datetime(2026, 10, 24, 21, 59, tzinfo=UTC), datetime(2026, 10, 24, 22, 0, tzinfo=UTC)),
        (date(2026, 10, 26), datetime(2026, 10, 25, 22, 59, tzinfo=UTC), datetime(2026, 10, 25, 23, 0, tzinfo=UTC)),
        (date(2027, 3, 28), datetime(2027, 3, 27, 22, 59, tzinfo=UTC), datetime(2027, 3, 27, 23, 0, tzinfo=UTC)),
        (date(2027, 3, 29), datetime(2027, 3, 28, 21, 59, tzinfo=UTC), datetime(2027, 3, 28, 22, 0, tzinfo=UTC)),
    ],
)
def test_the_day_begins_at_midnight_of_the_workspace(admin, rep, other_team, pipeline, day, before, after):
    make_workspace(time_zone="Europe/Berlin")
    told = datetime(2026, 10, 1, tzinfo=UTC)
    deal = make_deal(rep, at=told)
    move(admin, rep, other_team, day, at=told)
    follow_dated_memberships(at=before)
    assert Deal.objects.get(pk=deal.pk).team != other_team
    follow_dated_memberships(at=after)
    assert Deal.objects.get(pk=deal.pk).team == other_team


def test_the_tick_does_it(admin, rep, other_team, pipeline):
    now = timezone.now()
    deal = make_deal(rep)
    membership = move(admin, rep, other_team, now.date() + timedelta(days=1), at=now)
    TeamMembership.objects.filter(user=rep, ends_on=membership.starts_on).update(ends_on=now.date())
    TeamMembership.objects.filter(pk=membership.pk).update(starts_on=now.date())
    tasks.follow_memberships()
    assert Deal.objects.get(pk=deal.pk).team == other_team


def test_managing_another_team_moves_no_deal(admin, manager, team, other_team, pipeline):
    deal = make_deal(manager)
    change_team(by=admin, at=NOW, user=manager, team=other_team, on=TODAY, role_in_team="manager")
    assert Deal.objects.get(pk=deal.pk).team == deal.team
    assert TeamMembership.objects.on(TODAY).managers().filter(user=manager).count() == 2
