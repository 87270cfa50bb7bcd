"""Deals in funnel: a stock, counted at the earlier of the period's end and `as_of`.

Deals created before that instant that were open then, not archived and not deleted. `open_value` is their value
in workspace currency; deals without a value or without an exchange rate are in the count and not in the sum.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Q, Sum

from reporting.metrics.population import Scope, Window, in_funnel


@dataclass(frozen=True)
class DealsInFunnel:
    value: int
    open_value: Decimal
    without_value: int
    not_convertible: int
    at: datetime


def measure(*, scope: Scope, window: Window) -> DealsInFunnel:
    found = in_funnel(scope, window).aggregate(
        count=Count("pk"),
        total=Sum("amount"),
        without=Count("pk", filter=Q(value__isnull=True)),
        stuck=Count("pk", filter=Q(value__isnull=False, amount__isnull=True)),
    )
    return DealsInFunnel(found["count"], found["total"] or Decimal(0), found["without"], found["stuck"], window.end)
