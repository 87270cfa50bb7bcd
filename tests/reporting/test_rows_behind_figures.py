"""Whatever happened in whatever order, whoever reads, however it is narrowed: a figure is the rows behind it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from crm.lib.errors import Refused
from crm.lib.memo import remembering
from crm.lib.periods import Period
from pipeline.deals import actions
from pipeline.deals.filters import DealFilter
from pipeline.deals.follow import follow_team, place_deals
from pipeline.deals.totals import totals
from pipeline.models import CloseReason, Deal
from reporting.metrics import funnel, history, rows, stages
from reporting.metrics.average_deal_size import SizeBasis
from reporting.metrics.population import Scope, Window
from teams.models import ExchangeRate, TeamMembership
from tests import factories
from tests.factories import NOW

VERBS = ["move", "win", "lose", "excuse", "reopen", "reassign", "team", "territory", "revalue", "archive", "delete"]
STEPS = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(0, 2), st.integers(0, 5), st.integers(1, 90)), max_size=14
)
NARROWINGS = ["nothing", "owner", "team", "territory", "pipeline"]


class World:
    """Three deals of two reps in two teams below one, in two territories and two currencies."""

    def __init__(self):
        factories.make_workspace()
        ExchangeRate.objects.create(currency="USD", rate=Decimal("1.25"), valid_from=NOW.date() - timedelta(days=900))
        self.pipeline = factories.make_pipeline()
        self.top = factories.make_team("Top")
        self.teams = [factories.make_team("North", self.top), factories.make_team("South", self.top)]
        self.reps = [factories.make_user(team=team) for team in self.teams]
        self.manager = factories.make_user("manager", manages=self.teams[0])
        self.admin = factories.make_user("admin")
        above = factories.make_territory("Above")
        self.territories = [above, factories.make_territory("Below", parent=above)]
        self.companies = [factories.make_company(territory=self.territories[0]) for _number in range(3)]
        self.counting = CloseReason.objects.get(outcome="lost", code="not_recorded")
        self.excused = factories.make_reason("lost", counts_in_win_rate=False)
        self.start = NOW - timedelta(days=60)
        self.deals = [
            factories.make_deal(
                self.reps[number % 2], value=value, currency=currency, at=self.start, company=self.companies[number]
            ).pk
            for number, (value, currency) in enumerate([(1000, "EUR"), (None, "EUR"), (700, "USD")])
        ]
        self.now = self.start

    def live(self, steps):
        for verb, deal, choice, hours in steps:
            self.now += timedelta(hours=hours)
            with remembering():
                try:
                    self.do(verb, self.deals[deal], choice)
                except (Refused, Deal.DoesNotExist):
                    continue
        self.now += timedelta(hours=1)

    def do(self, verb, deal_id, choice):
        known = {"deal_id": deal_id, "by": self.admin, "at": self.now, "version": None}
        deal = Deal.objects.get(pk=deal_id)
        {
            "move": lambda: actions.move_to_stage(
                stage_id=self.pipeline.stages.get(position=1 + choice % 3).pk, note="as it happens", **known
            ),
            "win": lambda: actions.win(**known),
            "lose": lambda: actions.lose(reason=self.counting, **known),
            "excuse": lambda: actions.lose(reason=self.excused, **known),
            "reopen": lambda: actions.reopen(reason="they called", **known),
            "reassign": lambda: actions.reassign(owner=self.reps[choice % 2], **known),
            "team": lambda: self.change_team(self.reps[choice % 2], self.teams[choice // 3]),
            "territory": lambda: self.place(deal.company, self.territories[choice % 2]),
            "revalue": lambda: actions.edit_deal(changes={"value": Decimal(choice * 100) if choice else None}, **known),
            "archive": lambda: (actions.unarchive if deal.archived_at else actions.archive)(**known),
            "delete": lambda: actions.delete(**known),
        }[verb]()

    def change_team(self, rep, team):
        TeamMembership.objects.filter(user=rep).update(team=team)
        follow_team([rep.pk], by=self.admin, at=self.now)

    def place(self, company, territory):
        company.territory = territory
        company.save()
        place_deals([company.pk], by=self.admin, at=self.now)

    def scope(self, reader, narrowing):
        chosen = {
            "nothing": {},
            "owner": {"owner": self.reps[0].pk},
            "team": {"team": self.teams[0].pk},
            "territory": {"territory": self.territories[1].pk},
            "pipeline": {"pipeline": self.pipeline.pk},
        }
        return Scope(reader, **chosen[narrowing])

    def shown(self, reader, parameters):
        """The totals of the list that an address opens for a reader."""
        chosen = DealFilter(parameters, Deal.objects.reachable_by(reader).live(), user=reader, now=self.now)
        assert not chosen.errors
        assert not chosen.unknown()
        assert chosen.qs.count() == totals(chosen.qs, self.now, as_of=chosen.instant).count
        return totals(chosen.qs, self.now, as_of=chosen.instant)


def assert_rows_are_figures(world, scope, window, basis):
    result = funnel.measure(scope=scope, window=window, basis=basis)
    shown = {name: world.shown(scope.reader, query) for name, query in rows.figures(scope, window, basis).items()}
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
        shown = world.shown(scope.reader, query)
        assert (row.count, row.value) == (shown.count, shown.value)
        beyond = world.shown(scope.reader, query | {"reached": "", "not_reached": row.stage.pk})
        assert shown.count + beyond.count == world.shown(scope.reader, query | {"reached": ""}).count


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
