"""Average time to close: mean days (86,400 s) from creation to closing of the deals won in the window.

A deal that was reopened counts from its first creation, the closed gap included. Percentiles are interpolated.
None where nothing was won.
"""

from dataclasses import dataclass

from reporting.metrics.closed import Closed


@dataclass(frozen=True)
class AverageTimeToClose:
    value: float | None
    n: int
    median: float | None
    p75: float | None
    p90: float | None


def of(closed: Closed) -> AverageTimeToClose:
    return AverageTimeToClose(closed.days, closed.won, closed.days_median, closed.days_p75, closed.days_p90)
