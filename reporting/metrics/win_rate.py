"""Win rate: won ÷ (won + lost) over the deals effectively closed in the window. Open deals are not in it.

Losses for a reason that does not count (a duplicate, say) are left out and reported as `excluded`.
The interval is Wilson's, 95 %. None where nothing was decided.
"""

from dataclasses import dataclass

from reporting.metrics.closed import Closed
from reporting.metrics.statistics import wilson


@dataclass(frozen=True)
class WinRate:
    value: float | None
    won: int
    lost: int
    excluded: int
    interval: tuple[float, float] | None

    @property
    def n(self) -> int:
        return self.won + self.lost


def of(closed: Closed) -> WinRate:
    value = closed.won / closed.decided if closed.decided else None
    return WinRate(value, closed.won, closed.lost, closed.excluded, wilson(closed.won, closed.decided))
