"""The funnel by stage reached: of the deals decided in the window, how many came how far.

A deal reached a stage if it ever came into that stage or a later one of the pipeline; one that was won reached all.
Stages that were skipped count as passed and going back undoes nothing, so the funnel only narrows. The cohort is
that of the win rate: deals effectively closed in the window, without losses that do not count.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, IntegerField, Max, OuterRef, Subquery, Sum, Value, When

from pipeline.models import Pipeline, Stage, StageSpell
from pipeline.populations import counted_in_win_rate
from reporting.metrics.population import WON, Scope, Window, closings

NOTHING = Decimal(0)
EVERY_STAGE = 2**31 - 1


@dataclass(frozen=True)
class Reached:
    """`stage` is None for the deals won. `conversion` is the share of those that reached the stage before."""

    stage: Stage | None
    count: int
    value: Decimal
    conversion: float | None


def measure(scope: Scope, window: Window, pipeline: Pipeline, stages: Iterable[Stage]) -> list[Reached]:
    """One row for each of the stages, in order, and one for those won. One query."""
    groups = _groups(scope, window, pipeline)
    found: list[Reached] = []
    for stage in [*stages, None]:
        least = EVERY_STAGE if stage is None else stage.position
        rows = [row for row in groups if (row["furthest"] or 0) >= least]
        count = sum(row["count"] for row in rows)
        before = found[-1].count if found else 0
        value = sum((row["value"] for row in rows), NOTHING)
        found.append(Reached(stage, count, value, count / before if before else None))
    return found


def _groups(scope: Scope, window: Window, pipeline: Pipeline) -> list[dict[str, Any]]:
    rows = closings(scope, window).filter(counted_in_win_rate(), pipeline=pipeline)
    deal = "pk" if window.is_present else "deal_id"
    stays = StageSpell.objects.filter(deal_id=OuterRef(deal), stage__pipeline=pipeline)
    if not window.is_present:
        stays = stays.filter(entered_at__lt=window.as_of)
    furthest = stays.order_by().values("deal_id").annotate(at=Max("stage__position")).values("at")
    place = Case(
        When(WON, then=Value(EVERY_STAGE)),
        default=Subquery(furthest),
        output_field=IntegerField(),
    )
    grouped = rows.annotate(furthest=place).order_by().values("furthest")
    return list(grouped.annotate(count=Count("pk"), value=Sum("amount", default=NOTHING)))
