"""Sums of deals in workspace currency, with what they leave out said beside them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, ExpressionWrapper, F, Q, Sum, Value

from pipeline.deals.as_of import MONEY, converted_value, converted_value_at, states_before

__all__ = ["MONEY", "Totals", "converted_value", "totals", "totals_by_stage"]

NOTHING = Decimal(0)
# Keeps the names of sums apart from those of the columns that they read.
PREFIX = "sum_"


@dataclass(frozen=True)
class Totals:
    """`value` and `weighted` (value × probability) in workspace currency.

    `without_value` deals have no value yet; `not_convertible` have one in a currency without a rate. Both
    are in `count` and in no sum.
    """

    count: int = 0
    value: Decimal = NOTHING
    weighted: Decimal = NOTHING
    without_value: int = 0
    not_convertible: int = 0


def totals(deals: Any, now: datetime, *, as_of: datetime | None = None) -> Totals:
    """The totals of a queryset of deals, in one query; with `as_of`, of what they were at that instant."""
    if as_of is None:
        return _totals(deals.order_by().annotate(converted=converted_value(now)).aggregate(**_sums()))
    states = states_before(as_of).filter(deal__in=deals.order_by().values("pk"))
    return _totals(states.annotate(converted=converted_value_at(as_of)).aggregate(**_sums()))


def totals_by_stage(deals: Any, now: datetime) -> dict[int, Totals]:
    """The totals of each stage that has deals, in one query."""
    rows = deals.order_by().annotate(converted=converted_value(now)).values("stage_id").annotate(**_sums())
    return {row["stage_id"]: _totals(row) for row in rows}


def _totals(row: dict[str, Any]) -> Totals:
    return Totals(**{name.removeprefix(PREFIX): amount for name, amount in row.items() if name.startswith(PREFIX)})


def _sums() -> dict[str, Any]:
    weighted = ExpressionWrapper(F("converted") * F("probability") / Value(100), output_field=MONEY)
    return {
        "sum_count": Count("pk"),
        "sum_value": Sum("converted", default=NOTHING, output_field=MONEY),
        "sum_weighted": Sum(weighted, default=NOTHING, output_field=MONEY),
        "sum_without_value": Count("pk", filter=Q(value__isnull=True)),
        "sum_not_convertible": Count("pk", filter=Q(value__isnull=False, converted__isnull=True)),
    }
