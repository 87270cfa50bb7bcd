"""Everything that a dashboard shows about deals, measured together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from crm.lib.periods import Period, add_months
from pipeline.models import Pipeline, Stage
from reporting.dashboards.calendar import Earlier, earlier, past_periods
from reporting.dashboards.choice import Choice
from reporting.metrics import funnel, history, reasons, stages
from reporting.metrics.funnel import Funnel
from reporting.metrics.months import won_by_month
from reporting.metrics.population import Scope, Window
from reporting.metrics.reasons import Reason
from reporting.metrics.stages import Reached
from teams.models import Workspace

POINTS = 12
FEWEST_MONTHS = 6


@dataclass(frozen=True)
class Figures:
    """`window` is what was measured; `series` holds earlier periods and ends with the present figures."""

    window: Window
    result: Funnel
    compared: Earlier | None
    before: Funnel | None
    series: list[Funnel]
    pipeline: Pipeline | None
    reached: list[Reached]
    reached_before: list[Reached]
    reasons: Mapping[str, list[Reason]]
    won_by_month: Mapping[date, Decimal]


def months_shown(period: Period) -> list[Period]:
    """The months of a period, with those before it where it has few."""
    months = list(period.months())
    first = min(months[0].start, add_months(months[-1].start, 1 - FEWEST_MONTHS))
    return list(Period(first, months[-1].end).months())


def figures(scope: Scope, choice: Choice, now: datetime) -> Figures:
    """All of them, as they are now."""
    workspace = Workspace.get()
    window = Window(choice.period, now, now)
    result = funnel.measure(scope=scope, window=window, basis=choice.basis)
    compared = earlier(choice.period, choice.comparison, workspace.today(now), workspace)
    windows = [Window(period, now, now) for period in past_periods(choice.period, POINTS - 1)]
    other = Window(compared.period, now, now) if compared else None
    past = history.measure(scope, [window for window in [*windows, other] if window and window.end < now])
    then = {one.window: funnel.of(one.stock, one.closed, one.window, choice.basis) for one in past}
    pipeline = _pipeline(choice)
    return Figures(
        window=window,
        result=result,
        compared=compared,
        before=then.get(other) if other else None,
        series=[then[window] for window in windows if window in then] + [result],
        pipeline=pipeline,
        reached=_reached(scope, window, pipeline),
        reached_before=_reached(scope, other, pipeline),
        reasons=reasons.measure(scope, window),
        won_by_month=won_by_month(scope, window, months_shown(choice.period)),
    )


def _pipeline(choice: Choice) -> Pipeline | None:
    """The one chosen or else the first: stages of several have no common order."""
    chosen = choice.narrowing.get("pipeline")
    return chosen if isinstance(chosen, Pipeline) else Pipeline.objects.in_order().first()


def _reached(scope: Scope, window: Window | None, pipeline: Pipeline | None) -> list[Reached]:
    if pipeline is None or window is None:
        return []
    in_order = Stage.objects.filter(pipeline=pipeline, archived_at__isnull=True).order_by("position", "pk")
    return stages.measure(scope, window, pipeline, in_order)
