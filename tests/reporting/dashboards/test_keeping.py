"""What a dashboard keeps is what it would measure, whatever happened since."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Event

import pytest
import time_machine
from django.db import connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from crm.lib.memo import remembering
from pipeline.activities.actions import plan, reschedule
from pipeline.contacts.actions import edit_company as change
from pipeline.deals import actions
from pipeline.stages.reason_actions import edit_reason
from reporting.dashboards import keeping
from reporting.dashboards.choice import Reading
from teams.audit.record import record
from teams.models import Quota, Workspace
from tests.factories import make_company, make_deal, make_reason
from tests.kept import forget
from tests.reporting.world import STEPS, World

TODAY = datetime(2026, 11, 2, 12, tzinfo=UTC)
PERIODS = ["month", "quarter", "last-quarter"]


def numbers(measured):
    """All that is shown, without the instants at which it was measured."""
    found, settled = measured.figures, measured.figures.settled
    stock = replace(found.result.deals_in_funnel, at=None)
    velocity = replace(found.result.sales_velocity, actual=None)  # which falls a little with each second
    return {
        "result": replace(found.result, deals_in_funnel=stock, sales_velocity=velocity),
        "before": found.before,
        "series": found.series[:-1],
        "reached": settled.reached,
        "reached before": settled.reached_before,
        "reasons": settled.reasons,
        "won by month": settled.won_by_month,
        "standing": measured.standing,
        "leaderboard": measured.leaderboard,
    }


def choice_of(world, reader, period):
    workspace = Workspace.get()
    given = {"period": period, "compare": "previous"}
    choice = Reading(given, reader, workspace.today(world.now), workspace).choice()
    assert not choice.ignored
    return choice


@pytest.fixture
def look(admin, rep, pipeline):
    """The figures of this month as an admin sees them on the second of November, kept and measured anew."""

    def seen():
        with remembering(), time_machine.travel(TODAY, tick=False):
            choice = Reading({"period": "month"}, admin, TODAY.date(), Workspace.get()).choice()
            kept = numbers(keeping.measured(admin, choice))
        with remembering(), time_machine.travel(TODAY, tick=False), pytest.MonkeyPatch.context() as patch:
            patch.setattr(keeping, "_kept", lambda _facts, _seconds, measure: measure())
            assert kept == numbers(keeping.measured(admin, choice))
        return kept["series"][-1].deals_in_funnel.open_value

    return seen


@pytest.mark.django_db
def test_a_change_that_is_dated_back_over_the_end_of_a_month(look, rep, admin, pipeline):
    deal = make_deal(rep, value=100, at=TODAY - timedelta(days=20))
    assert look() == 100
    actions.move_to_stage(
        deal_id=deal.pk,
        stage_id=pipeline.stages.in_order()[1].pk,
        by=admin,
        at=TODAY,
        occurred_at=TODAY - timedelta(days=3),
        fields={"value": Decimal(900)},
        version=None,
    )
    assert look() == 900
    for event in deal.events.filter(version=2).order_by("-pk"):
        actions.undo(deal_id=deal.pk, event_id=event.pk, by=admin, at=TODAY + timedelta(minutes=1))
    assert look() == 100


@pytest.mark.django_db(transaction=True)
def test_nothing_is_kept_while_somebody_writes(admin, rep, pipeline):
    """A reason stops counting in a transaction that took its number before another one that ended before it."""
    deal, reason = make_deal(rep, at=TODAY - timedelta(days=2)), make_reason("lost")
    actions.lose(deal_id=deal.pk, by=rep, at=TODAY - timedelta(days=1), version=None, reason=reason)
    numbered, looked = Event(), Event()

    def lost():
        with remembering(), time_machine.travel(TODAY, tick=False):
            choice = Reading({"period": "year"}, admin, TODAY.date(), Workspace.get()).choice()
            return keeping.measured(admin, choice).figures.result.win_rate.n

    def write():
        try:
            with transaction.atomic():
                edit_reason(by=admin, reason_id=reason.pk, version=None, changes={"counts_in_win_rate": False})
                numbered.set()
                looked.wait(20)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        writing = thread.submit(write)
        numbered.wait(20)
        record("team.added", by=admin)
        before = lost()
        looked.set()
        writing.result()
    assert (before, lost()) == (1, 0)


@pytest.mark.django_db
def test_what_is_done_with_activities_and_companies_is_no_news(rep, pipeline):
    step = plan(by=rep, at=TODAY, kind="call", subject="Call", deal=make_deal(rep, at=TODAY), due_on=TODAY.date())
    before = keeping._changes(rep)
    tomorrow = TODAY.date() + timedelta(days=1)
    reschedule(activity_id=step.pk, by=rep, at=TODAY, version=step.version, due_on=tomorrow)
    assert keeping._changes(rep) == before
    change(by=rep, at=TODAY, version=None, company_id=make_company(owner=rep).pk, changes={"city": "Kiel"})
    assert keeping._changes(rep) == before


# Many histories, each looked at after each step.
@pytest.mark.timeout(600)
class TestKept(TestCase):
    @settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(lived=STEPS, today=STEPS, period=st.sampled_from(PERIODS))
    def test_what_is_kept_is_what_is_so(self, lived, today, period):
        forget()
        world = World()
        month = world.start.date().replace(day=1)
        Quota.objects.create(user=world.reps[0], month=month, amount=1000, currency="EUR", set_at=world.start)
        world.live([*lived, ("move", 0, 0, 1)])
        for verb, deal, number, _hours in today:
            world.live([(verb, deal, number, 0)])
            for reader in (world.reps[0], world.manager, world.admin):
                with remembering(), time_machine.travel(world.now, tick=False):
                    choice = choice_of(world, reader, period)
                    kept = numbers(keeping.measured(reader, choice))
                    with pytest.MonkeyPatch.context() as patch:
                        patch.setattr(keeping, "_kept", lambda _facts, _seconds, measure: measure())
                        assert kept == numbers(keeping.measured(reader, choice))
