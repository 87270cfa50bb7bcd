"""The four figures and their product, over one population, so that they always multiply."""

from dataclasses import dataclass

from reporting.metrics import (
    average_deal_size,
    average_time_to_close,
    deals_in_funnel,
    sales_velocity,
    win_rate,
)
from reporting.metrics.average_deal_size import SizeBasis
from reporting.metrics.population import Scope, Window


@dataclass(frozen=True)
class Funnel:
    deals_in_funnel: deals_in_funnel.DealsInFunnel
    average_deal_size: average_deal_size.AverageDealSize
    win_rate: win_rate.WinRate
    average_time_to_close: average_time_to_close.AverageTimeToClose
    sales_velocity: sales_velocity.SalesVelocity


def measure(*, scope: Scope, window: Window, basis: SizeBasis = SizeBasis.OPEN) -> Funnel:
    count = deals_in_funnel.measure(scope=scope, window=window)
    size = average_deal_size.measure(scope=scope, window=window, basis=basis)
    rate = win_rate.measure(scope=scope, window=window)
    time = average_time_to_close.measure(scope=scope, window=window)
    velocity = sales_velocity.measure(scope=scope, window=window, count=count, size=size, rate=rate, time=time)
    return Funnel(count, size, rate, time, velocity)
