"""What a dashboard keeps is what it would measure, whatever happened since."""

from dataclasses import replace

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from crm.lib.memo import remembering
from reporting.dashboards import keeping
from reporting.dashboards.choice import Reading
from teams.models import Quota, Workspace
from tests.reporting.world import STEPS, World

PERIODS = ["month", "quarter", "last_quarter"]


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
    return Reading(given, reader, workspace.today(world.now), workspace).choice()


# Many histories, each looked at after each step.
@pytest.mark.timeout(600)
class TestKept(TestCase):
    @settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(lived=STEPS, today=STEPS, period=st.sampled_from(PERIODS))
    def test_what_is_kept_is_what_is_so(self, lived, today, period):
        cache.clear()
        world = World()
        month = world.start.date().replace(day=1)
        Quota.objects.create(user=world.reps[0], month=month, amount=1000, currency="EUR", set_at=world.start)
        world.live([*lived, ("move", 0, 0, 1)])
        for verb, deal, number, _hours in today:
            world.live([(verb, deal, number, 0)])
            for reader in (world.reps[0], world.manager, world.admin):
                with remembering():
                    choice = choice_of(world, reader, period)
                    kept = numbers(keeping.measured(reader, choice, world.now))
                    with pytest.MonkeyPatch.context() as patch:
                        patch.setattr(keeping, "_kept", lambda _facts, _seconds, measure: measure())
                        assert kept == numbers(keeping.measured(reader, choice, world.now))
