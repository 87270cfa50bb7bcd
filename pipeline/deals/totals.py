"""Sums of deals in workspace currency, with what they leave out said beside them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, DecimalField, ExpressionWrapper, F, Q, Sum, Value, When

from teams.currencies.rates import rates_on
from teams.models import Workspace

MONEY = DecimalField(max_digits=24, decimal_places=8)
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


def converted_value(now: datetime) -> Case:
    """A deal's value in workspace currency: at the rate frozen when it closed, today's while it is open.

    Empty without a value or without a rate.
    """
    workspace = Workspace.get()
    today = [
        When(currency=currency, then=ExpressionWrapper(F("value") * Value(rate), output_field=MONEY))
        for currency, rate in rates_on(workspace.today(now)).items()
        if currency != workspace.currency
    ]
    return Case(
        When(currency=workspace.currency, then=F("value")),
        When(fx_rate__isnull=False, then=ExpressionWrapper(F("value") * F("fx_rate"), output_field=MONEY)),
        *today,
        output_field=MONEY,
    )


def totals(deals: Any, now: datetime) -> Totals:
    """The totals of a queryset of deals, in one query."""
    return _totals(deals.order_by().annotate(converted=converted_value(now)).aggregate(**_sums()))


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
