"""Average deal size: the sum of values divided by the number of deals that have one; a ratio of sums.

Basis `open`: the deals in the funnel at the end of the window. Basis `won`: those won in it, at closing value.
A value of zero counts; no value does not, and neither does one without an exchange rate. None without any value.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.db.models import Count, Q, Sum

from pipeline.models import DealStatus
from reporting.metrics.population import Scope, Window, closings, in_funnel
from reporting.metrics.statistics import Percentile


class SizeBasis(StrEnum):
    OPEN = "open"
    WON = "won"


@dataclass(frozen=True)
class AverageDealSize:
    value: Decimal | None
    n: int
    without_value: int
    not_convertible: int
    median: Decimal | None
    basis: SizeBasis


def measure(*, scope: Scope, window: Window, basis: SizeBasis = SizeBasis.OPEN) -> AverageDealSize:
    if basis == SizeBasis.OPEN:
        rows = in_funnel(scope, window)
    else:
        rows = closings(scope, window).filter(status=DealStatus.WON)
    found = rows.aggregate(
        n=Count("amount"),
        total=Sum("amount"),
        median=Percentile("amount", 0.5),
        without=Count("pk", filter=Q(value__isnull=True)),
        stuck=Count("pk", filter=Q(value__isnull=False, amount__isnull=True)),
    )
    average = found["total"] / found["n"] if found["n"] else None
    median = None if found["median"] is None else Decimal(str(found["median"]))
    return AverageDealSize(average, found["n"], found["without"], found["stuck"], median, basis)
