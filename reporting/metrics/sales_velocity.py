"""Sales velocity: deals in funnel × average deal size × win rate ÷ average time to close, money per day.

None if a factor is missing or the time is zero. `actual` is the value really won per elapsed day of the window,
beside it for comparison; None before the period begins. `won_value` is what was won altogether.
"""

from dataclasses import dataclass
from decimal import Decimal

from reporting.metrics.average_deal_size import AverageDealSize
from reporting.metrics.average_time_to_close import AverageTimeToClose
from reporting.metrics.closed import Closed
from reporting.metrics.deals_in_funnel import DealsInFunnel
from reporting.metrics.population import Window
from reporting.metrics.win_rate import WinRate

_DAY = 86400


@dataclass(frozen=True)
class SalesVelocity:
    value: Decimal | None
    actual: Decimal | None
    won_value: Decimal = Decimal(0)


def of(
    *,
    count: DealsInFunnel,
    size: AverageDealSize,
    rate: WinRate,
    time: AverageTimeToClose,
    closed: Closed,
    window: Window,
) -> SalesVelocity:
    return SalesVelocity(_product(count, size, rate, time), _actual(closed, window), closed.total)


def _product(count: DealsInFunnel, size: AverageDealSize, rate: WinRate, time: AverageTimeToClose) -> Decimal | None:
    if size.value is None or not rate.n or not time.value:
        return None
    return count.value * size.value * Decimal(rate.won) / rate.n / Decimal(str(time.value))


def _actual(closed: Closed, window: Window) -> Decimal | None:
    seconds = (window.end - window.start).total_seconds()
    return closed.total * _DAY / Decimal(str(seconds)) if seconds > 0 else None
