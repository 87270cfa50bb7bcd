"""Somebody leaves: what is open goes to the successor, what is closed stays."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.lib.errors import Forbidden, Refused
from crm.notifications.models import Notification
from pipeline.activities.actions import plan
from pipeline.deals import history
from pipeline.deals.actions import lose, reassign, win
from pipeline.handover.actions import deactivate_person
from pipeline.models import Activity, Company, Contact, CreditSplit, Deal, ReminderState, ScheduledReminder
from pipeline.reminders.actions import plan_for_deal
from pipeline.work.reminding import deliver_due
from teams.models import AuditEntry, Role, TeamMembership, TerritoryMembership
from tests.factories import NOW, make_company, make_contact, make_deal, make_reason, make_territory, make_user

pytestmark = pytest.mark.django_db
SOON = NOW + timedelta(hours=1)


def let_go(admin, user, successor, at=SOON):
    return deactivate_person(by=admin, at=at, user=user, successor=successor)


@pytest.fixture
def work(rep, pipeline):
    """Two open deals, one of them with an activity, and a won one of 5000."""
    company = make_company(owner=rep)
    first = make_deal(rep, name="First", company=company, expected_close_date=date(2026, 12, 10))
    second = make_deal(rep, name="Second", value=250)
    won = make_deal(rep, name="Won", value=5000)
    win(deal_id=won.pk, by=rep, at=NOW, version=None)
    make_contact(owner=rep, company=company)
    plan(by=rep, at=NOW, kind="call", subject="Call", deal=first, due_on=date(2026, 11, 25))
    return first, second, won


def test_open_work_needs_a_successor(admin, rep, work):
    with pytest.raises(Refused) as refusal:
        let_go(admin, rep, None)
    assert (refusal.value.code, refusal.value.field) == ("successor_required", "successor")
    rep.refresh_from_db()
    assert rep.is_active
    assert Deal.objects.filter(owner=rep).count() == 3


def test_without_open_work_nobody_is_needed(admin, rep, pipeline):
    deal = make_deal(rep)
    lose(deal_id=deal.pk, by=rep, at=NOW, version=None, reason=make_reason())
    assert not let_go(admin, rep, None)
    rep.refresh_from_db()
    assert not rep.is_active


def test_everything_open_goes_to_the_successor(admin, rep, other_rep, other_team, team, work):
    left = let_go(admin, rep, other_rep)
    first, second, won = (Deal.objects.get(pk=deal.pk) for deal in work)
    assert (left.deals.count, left.deals.value, left.activities) == (2, Decimal(1250), 1)
    assert {(deal.owner, deal.team) for deal in (first, second)} == {(other_rep, other_team)}
    assert (won.owner, won.team) == (rep, team)
    activity = Activity.objects.get()
    assert (activity.assignee, first.next_step) == (other_rep, activity)
    assert Company.objects.get().owner == Contact.objects.get().owner == other_rep
    assert not TeamMembership.objects.on(SOON.date()).filter(user=rep).exists()
    assert [history.differences(deal.pk) for deal in (first, second, won)] == [[], [], []]


def test_nobody_works_on_in_a_territory(admin, rep, other_rep, work):
    for user in (rep, other_rep):
        TerritoryMembership.objects.create(territory=make_territory(), user=user)
    let_go(admin, rep, other_rep)
    days = dict(TerritoryMembership.objects.values_list("user", "ends_on"))
    assert days == {rep.pk: SOON.date(), other_rep.pk: None}


def test_credit_follows_open_deals_and_stays_with_won_ones(admin, rep, other_rep, work, team):
    let_go(admin, rep, other_rep)
    first, second, won = work
    assert set(CreditSplit.objects.filter(deal__in=[first, second]).values_list("user", flat=True)) == {other_rep.pk}
    frozen = CreditSplit.objects.get(deal=won)
    assert (frozen.user, frozen.team, frozen.amount) == (rep, team, Decimal(5000))


def test_reminders_go_to_the_successor(admin, rep, other_rep, work):
    let_go(admin, rep, other_rep)
    planned = ScheduledReminder.objects.filter(state=ReminderState.PLANNED)
    assert set(planned.values_list("recipient", flat=True)) == {other_rep.pk}
    while deliver_due(datetime(2026, 12, 3, 16, tzinfo=UTC)):
        pass
    told = Notification.objects.exclude(kind="hand_over")
    assert set(told.values_list("recipient", flat=True)) == {other_rep.pk}


def test_reminders_that_came_back_and_those_that_were_delivered(admin, rep, other_rep, work):
    first = work[0]
    plan_for_deal(first, at=NOW)
    before = set(planned_of(first).values_list("kind", "fire_at"))
    reassign(deal_id=first.pk, owner=other_rep, by=admin, at=NOW, version=None)
    delivered = planned_of(first).order_by("fire_at").first()
    ScheduledReminder.objects.filter(pk=delivered.pk).update(state=ReminderState.DELIVERED)
    reassign(deal_id=first.pk, owner=rep, by=admin, at=NOW, version=None)
    let_go(admin, rep, other_rep)
    now_planned = planned_of(first)
    assert set(now_planned.values_list("recipient", flat=True)) == {other_rep.pk}
    assert set(now_planned.values_list("kind", "fire_at")) == before - {(delivered.kind, delivered.fire_at)}


def planned_of(deal):
    return ScheduledReminder.objects.filter(deal=deal, state=ReminderState.PLANNED)


def test_an_agreed_share_of_credit_stays_agreed(admin, rep, other_rep, manager, work):
    first = work[0]
    CreditSplit.objects.filter(deal=first).update(share=60)
    CreditSplit.objects.create(deal=first, user=manager, share=40)
    let_go(admin, rep, other_rep)
    assert set(CreditSplit.objects.filter(deal=first).values_list("user", "share")) == {(rep.pk, 60), (manager.pk, 40)}
    assert CreditSplit.objects.get(deal=work[1]).user == other_rep


def test_hundreds_of_deals_cost_as_many_queries_as_two(admin, rep, other_rep, pipeline):
    def cost(deals):
        leaver = make_user()
        for _number in range(deals):
            make_deal(leaver, expected_close_date=date(2026, 12, 10))
        with CaptureQueriesContext(connection) as queries:
            let_go(admin, leaver, other_rep)
        return len(queries)

    cost(1)  # what everybody shares is known from now on, such as the rates of the day
    assert cost(12) == cost(2)


def test_days_belong_to_the_calendar_of_the_successor(admin, rep, team, work):
    successor = make_user(team=team, time_zone="America/New_York")
    let_go(admin, rep, successor)
    activity = Activity.objects.get()
    assert (activity.due_on, activity.due_zone) == (date(2026, 11, 25), "America/New_York")
    assert activity.late_at.isoformat() == "2026-11-26T05:00:00+00:00"


def test_the_successor_is_told_in_her_language_once(admin, rep, team, work):
    successor = make_user(team=team)
    let_go(admin, rep, successor)
    notice = Notification.objects.get(kind="hand_over")
    assert (notice.recipient, notice.title) == (successor, "You took over from Rita Rep")
    assert notice.body == "2 open deals · 1 open activity"


def test_the_trail_tells_what_moved(admin, rep, other_rep, work):
    let_go(admin, rep, other_rep)
    company = Company.objects.get()
    entry = AuditEntry.objects.get(action="company.edited", subject_id=company.pk)
    assert entry.changes == {"owner": [rep.pk, other_rep.pk], "version": [company.version - 1, company.version]}
    assert AuditEntry.objects.filter(action="user.deactivated", subject_id=rep.pk, actor=admin).exists()


def test_figures_of_what_was_won_do_not_move(admin, rep, other_rep, manager, work):
    def won_of(user):
        return sum(row.amount for row in CreditSplit.objects.filter(user=user, credited_at__isnull=False))

    before = (won_of(rep), won_of(other_rep))
    let_go(admin, rep, other_rep)
    assert (won_of(rep), won_of(other_rep)) == before == (Decimal(5000), 0)
    assert list(Deal.objects.reachable_by(manager)) == [work[2]]


@pytest.mark.parametrize("kind", ["herself", "deactivated", "content"])
def test_the_successor_must_be_able_to_work(admin, rep, work, kind):
    choices = {
        "herself": rep,
        "deactivated": make_user(is_active=False),
        "content": make_user(Role.CONTENT),
    }
    with pytest.raises(Refused) as refusal:
        let_go(admin, rep, choices[kind])
    assert refusal.value.field == "successor"
    rep.refresh_from_db()
    assert rep.is_active


def test_only_admins_let_people_go(manager, rep, other_rep, work):
    with pytest.raises(Forbidden):
        let_go(manager, rep, other_rep)


def test_an_admin_with_deals_does_not_hand_over_and_stay(admin, rep, pipeline):
    deal = make_deal(admin)
    with pytest.raises(Refused) as refusal:
        let_go(admin, admin, rep)
    assert refusal.value.code == "oneself"
    assert Deal.objects.get(pk=deal.pk).owner == admin


def test_a_session_of_hers_ends_with_the_next_request(admin, rep, other_rep, work):
    client = Client()
    client.force_login(rep)
    assert client.get("/deals/").status_code == 200
    let_go(admin, rep, other_rep)
    assert client.get("/deals/").status_code == 302
