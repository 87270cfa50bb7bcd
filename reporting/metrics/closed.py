"""What was closed in a window: one query that three figures share."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Avg, Count, Max, Q, Sum

from crm.lib.aggregates import Percentile
from reporting.metrics.population import LOST, WON, Scope, Window, closings

NOTHING = Decimal(0)
EXCUSED = Q(close_reason__counts_in_win_rate=False)


@dataclass(frozen=True)
class Closed:
    """Effective closings. `lost` counts in the win rate, `excluded` are losses for a reason that does not.

    Money is that of won deals in workspace currency: `n` have an amount, `total` altogether. Days are those from
    creation to winning. Medians and percentiles are known where they were asked for.
    """

    won: int = 0
    lost: int = 0
    excluded: int = 0
    total: Decimal = NOTHING
    n: int = 0
    without_value: int = 0
    not_convertible: int = 0
    median: Decimal | None = None
    largest: Decimal | None = None
    days: float | None = None
    days_median: float | None = None
    days_p75: float | None = None
    days_p90: float | None = None

    @property
    def decided(self) -> int:
        return self.won + self.lost


def measure(scope: Scope, window: Window) -> Closed:
    found = closings(scope, window).aggregate(
        **SUMS,
        median=Percentile("amount", 0.5, filter=WON),
        largest=Max("amount", filter=WON),
        days=Avg("elapsed", filter=WON),
        days_median=Percentile("elapsed", 0.5, filter=WON),
        days_p75=Percentile("elapsed", 0.75, filter=WON),
        days_p90=Percentile("elapsed", 0.9, filter=WON),
    )
    median = found.pop("median")
    return Closed(median=None if median is None else Decimal(str(median)), **found)


# What adds up over parts of a period.
SUMS = {
    "won": Count("pk", filter=WON),
    "lost": Count("pk", filter=LOST & ~EXCUSED),
    "excluded": Count("pk", filter=LOST & EXCUSED),
    "total": Sum("amount", filter=WON, default=NOTHING),
    "n": Count("amount", filter=WON),
    "without_value": Count("pk", filter=WON & Q(value__isnull=True)),
    "not_convertible": Count("pk", filter=WON & Q(value__isnull=False, amount__isnull=True)),
}
