"""Sales velocity: deals in funnel × average deal size × win rate ÷ average time to close, money per day.

None if a factor is missing or the time is zero. `actual` is the value really won per elapsed day of the window,
beside it for comparison; None before the period begins.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from pipeline.models import DealStatus
from reporting.metrics.average_deal_size import AverageDealSize
from reporting.metrics.average_time_to_close import AverageTimeToClose
from reporting.metrics.deals_in_funnel import DealsInFunnel
from reporting.metrics.population import Scope, Window, closings
from reporting.metrics.win_rate import WinRate

_DAY = 86400


@dataclass(frozen=True)
class SalesVelocity:
    value: Decimal | None
    actual: Decimal | None


def measure(
    *,
    scope: Scope,
    window: Window,
    count: DealsInFunnel,
    size: AverageDealSize,
    rate: WinRate,
    time: AverageTimeToClose,
) -> SalesVelocity:
    return SalesVelocity(_product(count, size, rate, time), _actual(scope, window))


def _product(count: DealsInFunnel, size: AverageDealSize, rate: WinRate, time: AverageTimeToClose) -> Decimal | None:
    if size.value is None or rate.value is None or not time.value:
        return None
    won_share = Decimal(rate.won) / (rate.won + rate.lost)
    return count.value * size.value * won_share / Decimal(str(time.value))


def _actual(scope: Scope, window: Window) -> Decimal | None:
    seconds = (window.end - window.start).total_seconds()
    if seconds <= 0:
        return None
    won = closings(scope, window).filter(status=DealStatus.WON).aggregate(total=Sum("amount"))["total"]
    return (won or Decimal(0)) * _DAY / Decimal(str(seconds))
