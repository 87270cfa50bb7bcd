"""Average time to close: mean days (86,400 s) from creation to closing of the deals won in the window.

A deal that was reopened counts from its first creation, the closed gap included. Percentiles are interpolated.
None where nothing was won.
"""

from dataclasses import dataclass

from django.db.models import Avg, Count

from pipeline.models import DealStatus
from reporting.metrics.population import Scope, Window, closings
from reporting.metrics.statistics import Percentile


@dataclass(frozen=True)
class AverageTimeToClose:
    value: float | None
    n: int
    median: float | None
    p75: float | None
    p90: float | None


def measure(*, scope: Scope, window: Window) -> AverageTimeToClose:
    found = (
        closings(scope, window)
        .filter(status=DealStatus.WON)
        .aggregate(
            value=Avg("elapsed"),
            n=Count("pk"),
            median=Percentile("elapsed", 0.5),
            p75=Percentile("elapsed", 0.75),
            p90=Percentile("elapsed", 0.9),
        )
    )
    return AverageTimeToClose(**found)
