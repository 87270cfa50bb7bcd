"""Whatever happened in whatever order, whoever reads, however it is narrowed: a figure is the rows behind it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from crm.lib.periods import Period
from pipeline.deals.filters import DealFilter
from pipeline.deals.totals import totals
from pipeline.models import Deal
from reporting.metrics import funnel, history, rows, stages
from reporting.metrics.average_deal_size import SizeBasis
from reporting.metrics.population import Window
from tests.reporting.world import NARROWINGS, STEPS, World


def listed(world, reader, parameters):
    """The totals of the list that an address opens for a reader."""
    chosen = DealFilter(parameters, Deal.objects.reachable_by(reader).live(), user=reader, now=world.now)
    assert not chosen.errors
    assert not chosen.unknown()
    assert chosen.qs.count() == totals(chosen.qs, world.now, as_of=chosen.instant).count
    return totals(chosen.qs, world.now, as_of=chosen.instant)


def assert_rows_are_figures(world, scope, window, basis):
    result = funnel.measure(scope=scope, window=window, basis=basis)
    shown = {name: listed(world, scope.reader, query) for name, query in rows.figures(scope, window, basis).items()}
    stock, size = result.deals_in_funnel, result.average_deal_size
    assert (stock.value, stock.open_value) == (shown["deals_in_funnel"].count, shown["deals_in_funnel"].value)
    assert (size.n, size.total) == (shown["average_deal_size"].count, shown["average_deal_size"].value)
    assert result.win_rate.n == shown["win_rate"].count
    assert result.average_time_to_close.n == shown["average_time_to_close"].count
    assert result.sales_velocity.won_value == shown["sales_velocity"].value


def assert_stages_are_rows(world, scope, window):
    found = stages.measure(scope, window, world.pipeline, world.pipeline.stages.order_by("position"))
    for row in found[:-1]:
        query = rows.decided(scope, window) | {"pipeline": world.pipeline.pk, "reached": row.stage.pk}
        shown = listed(world, scope.reader, query)
        assert (row.count, row.value) == (shown.count, shown.value)
        beyond = listed(world, scope.reader, query | {"reached": "", "not_reached": row.stage.pk})
        assert shown.count + beyond.count == listed(world, scope.reader, query | {"reached": ""}).count


# Many histories, each lived and measured anew.
@pytest.mark.timeout(600)
class TestEverything(TestCase):
    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        steps=STEPS,
        narrowing=st.sampled_from(NARROWINGS),
        first=st.integers(0, 40),
        length=st.integers(1, 60),
        back=st.one_of(st.just(0), st.integers(1, 1200)),
        basis=st.sampled_from(SizeBasis),
    )
    def test_n_and_sum_are_those_of_the_rows(self, steps, narrowing, first, length, back, basis):
        world = World()
        world.live(steps)
        day = (world.start + timedelta(days=first)).date()
        period = Period(day, day + timedelta(days=length))
        window = Window(period, world.now - timedelta(hours=back), world.now)
        for reader in (world.reps[0], world.manager, world.admin):
            scope = world.scope(reader, narrowing)
            assert_rows_are_figures(world, scope, window, basis)
            assert_stages_are_rows(world, scope, window)

    @settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        steps=STEPS, narrowing=st.sampled_from(NARROWINGS), lengths=st.lists(st.integers(1, 20), min_size=1, max_size=4)
    )
    def test_many_past_windows_at_once_are_each_of_them(self, steps, narrowing, lengths):
        world = World()
        world.live([*steps, ("move", 0, 0, 90), ("move", 0, 1, 90)])
        starts = [world.start.date() - timedelta(days=3), world.start.date()]
        windows = [
            Window(Period(start, start + timedelta(days=days)), world.now, world.now)
            for start in starts
            for days in lengths
            if start + timedelta(days=days) <= world.now.date()
        ]
        scope = world.scope(world.manager, narrowing)
        for past in history.measure(scope, windows):
            alone = funnel.measure(scope=scope, window=past.window)
            together = funnel.of(past.stock, past.closed, past.window, SizeBasis.OPEN)
            assert together.deals_in_funnel == alone.deals_in_funnel
            assert together.win_rate == alone.win_rate
            size = replace(together.average_deal_size, median=alone.average_deal_size.median)
            assert replace(size, largest=alone.average_deal_size.largest) == alone.average_deal_size
            assert together.average_time_to_close.value == pytest.approx(alone.average_time_to_close.value)
            assert together.sales_velocity.actual == alone.sales_velocity.actual
