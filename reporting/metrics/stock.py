"""What was in the funnel at the end of a window: one query that two figures share."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Max, Q, Sum

from crm.lib.aggregates import Percentile
from reporting.metrics.population import Scope, Window, in_funnel

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Stock:
    """Open deals at an instant. `n` of them have a value in workspace currency, `total` altogether.

    The median and the largest value are known where they were asked for.
    """

    at: datetime
    count: int = 0
    total: Decimal = NOTHING
    n: int = 0
    without_value: int = 0
    not_convertible: int = 0
    median: Decimal | None = None
    largest: Decimal | None = None


def measure(scope: Scope, window: Window) -> Stock:
    found = in_funnel(scope, window).aggregate(
        count=Count("pk"),
        total=Sum("amount", default=NOTHING),
        n=Count("amount"),
        without_value=Count("pk", filter=Q(value__isnull=True)),
        not_convertible=Count("pk", filter=Q(value__isnull=False, amount__isnull=True)),
        median=Percentile("amount", 0.5),
        largest=Max("amount"),
    )
    median = found.pop("median")
    return Stock(at=window.end, median=None if median is None else Decimal(str(median)), **found)
