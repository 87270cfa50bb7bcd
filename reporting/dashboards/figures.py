"""Everything that a dashboard shows about deals, measured together and kept until a deal changes.

What is kept is at most a minute old, and never older than the last event of any deal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256

from django.core.cache import cache
from django.db.models import Max

from crm.lib.periods import Period, add_months
from pipeline.models import DealEvent, Pipeline, Stage
from reporting.dashboards.calendar import Earlier, earlier, past_periods
from reporting.dashboards.choice import Choice
from reporting.metrics import funnel, history, reasons, stages
from reporting.metrics.funnel import Funnel
from reporting.metrics.months import won_by_month
from reporting.metrics.population import Scope, Window
from reporting.metrics.reasons import Reason
from reporting.metrics.stages import Reached
from teams.access import Permission, reach
from teams.models import User, Workspace

KEPT_SECONDS = 60
POINTS = 12
FEWEST_MONTHS = 6


@dataclass(frozen=True)
class Figures:
    """`window` is what was measured and `scope` over whose deals. `series` ends with the present figures."""

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


def figures(reader: User, choice: Choice, now: datetime) -> Figures:
    """As measured a moment ago, if no deal has changed since."""
    key = _key(reader, choice, now)
    kept = cache.get(key)
    if isinstance(kept, Figures):
        return kept
    measured = _measure(choice.scope(reader), choice, now)
    cache.set(key, measured, KEPT_SECONDS)
    return measured


def months_shown(period: Period) -> list[Period]:
    """The months of a period, with those before it where it has few."""
    months = list(period.months())
    first = min(months[0].start, add_months(months[-1].start, 1 - FEWEST_MONTHS))
    return list(Period(first, months[-1].end).months())


def _key(reader: User, choice: Choice, now: datetime) -> str:
    """All that the figures depend on: who reads, what is asked, the day, the settings, and the last change."""
    workspace = Workspace.get()
    last_event = DealEvent.objects.aggregate(last=Max("pk"))["last"]
    asked = (choice.period, choice.comparison, choice.basis, sorted((n, r.pk) for n, r in choice.narrowing.items()))
    facts = (
        reader.pk,
        reach(reader, Permission.METRICS_VIEW),
        asked,
        workspace.today(now),
        workspace.version,
        last_event,
    )
    return f"dashboard-{sha256(repr(facts).encode()).hexdigest()}"


def _measure(scope: Scope, choice: Choice, now: datetime) -> Figures:
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
