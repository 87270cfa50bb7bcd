"""Everything that a dashboard shows about deals: what is open now, and what only a change of the past changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from crm.lib.periods import Period, add_months
from pipeline.models import Pipeline, Stage
from reporting.dashboards.calendar import Earlier, earlier, past_periods
from reporting.dashboards.choice import Choice
from reporting.metrics import closed, funnel, history, reasons, stages, stock
from reporting.metrics.closed import Closed
from reporting.metrics.funnel import Funnel
from reporting.metrics.history import Past
from reporting.metrics.months import won_by_month
from reporting.metrics.population import Scope, Window
from reporting.metrics.reasons import Reason
from reporting.metrics.stages import Reached
from reporting.metrics.stock import Stock
from teams.models import Workspace

POINTS = 12
FEWEST_MONTHS = 6


@dataclass(frozen=True)
class Present:
    """What was open in `window`, which ends now or in the past."""

    window: Window
    stock: Stock


@dataclass(frozen=True)
class Settled:
    """What was closed, and all of earlier periods: `past` in their order, `before` to compare with."""

    closed: Closed
    past: Sequence[Past]
    compared: Earlier | None
    before: Past | None
    pipeline: Pipeline | None
    reached: Sequence[Reached]
    reached_before: Sequence[Reached]
    reasons: Mapping[str, list[Reason]]
    won_by_month: Mapping[date, Decimal]


@dataclass(frozen=True)
class Figures:
    """`window` is what was measured; `series` holds earlier periods and ends with the present figures."""

    window: Window
    result: Funnel
    before: Funnel | None
    series: Sequence[Funnel]
    settled: Settled


def months_shown(period: Period) -> list[Period]:
    """The months of a period, with those before it where it has few."""
    months = list(period.months())
    first = min(months[0].start, add_months(months[-1].start, 1 - FEWEST_MONTHS))
    return list(Period(first, months[-1].end).months())


def present(scope: Scope, choice: Choice, now: datetime) -> Present:
    """The stock as it is now. One query."""
    window = Window(choice.period, now, now)
    return Present(window, stock.measure(scope, window))


def settled(scope: Scope, choice: Choice, now: datetime) -> Settled:
    """All that an event of today about open deals leaves as it is."""
    workspace = Workspace.get()
    window = Window(choice.period, now, now)
    compared = earlier(choice.period, choice.comparison, workspace.today(now), workspace)
    windows = [Window(period, now, now) for period in past_periods(choice.period, POINTS - 1)]
    other = Window(compared.period, now, now) if compared else None
    past = {one.window: one for one in history.measure(scope, _ended([*windows, other]))}
    pipeline = _pipeline(choice)
    return Settled(
        closed=closed.measure(scope, window),
        past=[past[window] for window in windows if window in past],
        compared=compared,
        before=past.get(other) if other else None,
        pipeline=pipeline,
        reached=_reached(scope, window, pipeline),
        reached_before=_reached(scope, other, pipeline),
        reasons=reasons.measure(scope, window),
        won_by_month=won_by_month(scope, window, months_shown(choice.period)),
    )


def figures(present: Present, settled: Settled, choice: Choice) -> Figures:
    """Both together."""

    def then(past: Past) -> Funnel:
        return funnel.of(past.stock, past.closed, past.window, choice.basis)

    result = funnel.of(present.stock, settled.closed, present.window, choice.basis)
    return Figures(
        window=present.window,
        result=result,
        before=then(settled.before) if settled.before else None,
        series=[*map(then, settled.past), result],
        settled=settled,
    )


def _ended(windows: Sequence[Window | None]) -> list[Window]:
    return [window for window in windows if window and window.has_ended]


def _pipeline(choice: Choice) -> Pipeline | None:
    """The one chosen or else the first: stages of several have no common order."""
    chosen = choice.narrowing.get("pipeline")
    return chosen if isinstance(chosen, Pipeline) else Pipeline.objects.in_order().first()


def _reached(scope: Scope, window: Window | None, pipeline: Pipeline | None) -> list[Reached]:
    if pipeline is None or window is None:
        return []
    in_order = Stage.objects.filter(pipeline=pipeline, archived_at__isnull=True).order_by("position", "pk")
    return stages.measure(scope, window, pipeline, in_order)
