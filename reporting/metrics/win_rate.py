"""Win rate: won ÷ (won + lost) over the deals effectively closed in the window. Open deals are not in it.

Losses for a reason that does not count (a duplicate, say) are left out and reported as `excluded`.
The interval is Wilson's, 95 %. None where nothing was decided.
"""

from dataclasses import dataclass

from django.db.models import Count, Q

from pipeline.models import DealStatus
from reporting.metrics.population import Scope, Window, closings
from reporting.metrics.statistics import wilson


@dataclass(frozen=True)
class WinRate:
    value: float | None
    won: int
    lost: int
    excluded: int
    interval: tuple[float, float] | None


def measure(*, scope: Scope, window: Window) -> WinRate:
    lost = Q(status=DealStatus.LOST)
    excused = Q(close_reason__counts_in_win_rate=False)
    found = closings(scope, window).aggregate(
        won=Count("pk", filter=Q(status=DealStatus.WON)),
        lost=Count("pk", filter=lost & ~excused),
        excluded=Count("pk", filter=lost & excused),
    )
    decided = found["won"] + found["lost"]
    value = found["won"] / decided if decided else None
    return WinRate(value, found["won"], found["lost"], found["excluded"], wilson(found["won"], decided))
