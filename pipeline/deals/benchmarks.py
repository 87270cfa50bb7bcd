"""What is usual: how long won deals stayed in each stage, and how long they took in all.

Stays of one deal in a stage add up; stages that it skipped and stays without a known start do not count.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, F, FloatField, Func, Sum

from crm.lib.aggregates import Percentile
from pipeline.deals.models import Deal, StageSpell
from pipeline.stages.models import Pipeline, Stage, StageBenchmark


@transaction.atomic
def refresh_benchmarks(*, now: datetime) -> None:
    """Median and 75th percentile of every stage, and the usual cycle of every pipeline in whole days."""
    for stage in Stage.objects.in_order():
        StageBenchmark.objects.update_or_create(stage=stage, defaults=_stays(stage) | {"refreshed_at": now})
    for pipeline in Pipeline.objects.in_order():
        won = Deal.objects.won().filter(pipeline=pipeline).annotate(days=_days("closed_at", "created_at"))
        median = won.aggregate(median=Percentile("days", 0.5))["median"]
        usual = None if median is None else round(median)
        Pipeline.objects.filter(pk=pipeline.pk).update(usual_cycle_days=usual)


def _stays(stage: Stage) -> dict[str, Any]:
    spells = StageSpell.objects.with_length().filter(stage=stage, entry_known=True, deal__in=Deal.objects.won())
    by_deal = spells.order_by().values("deal_id").annotate(days=Sum(_days("left_at", "entered_at")))
    return by_deal.aggregate(
        deals=Count("days"), median_days=Percentile("days", 0.5), p75_days=Percentile("days", 0.75)
    )


def _days(until: str, since: str) -> Func:
    """Elapsed physical time in days of 86,400 seconds."""
    return Func(
        F(until),
        F(since),
        template="(extract(epoch from (%(expressions)s)) / 86400.0)::double precision",
        arg_joiner=" - ",
        output_field=FloatField(),
    )
