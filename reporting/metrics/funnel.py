"""The four figures and their product, over one population, so that they always multiply."""

from dataclasses import dataclass

from reporting.metrics import (
    average_deal_size,
    average_time_to_close,
    closed,
    deals_in_funnel,
    sales_velocity,
    stock,
    win_rate,
)
from reporting.metrics.average_deal_size import SizeBasis
from reporting.metrics.closed import Closed
from reporting.metrics.population import Scope, Window
from reporting.metrics.stock import Stock


@dataclass(frozen=True)
class Funnel:
    deals_in_funnel: deals_in_funnel.DealsInFunnel
    average_deal_size: average_deal_size.AverageDealSize
    win_rate: win_rate.WinRate
    average_time_to_close: average_time_to_close.AverageTimeToClose
    sales_velocity: sales_velocity.SalesVelocity


def measure(*, scope: Scope, window: Window, basis: SizeBasis = SizeBasis.OPEN) -> Funnel:
    """All five of a window, in two queries over deals."""
    return of(stock.measure(scope, window), closed.measure(scope, window), window, basis)


def of(open_then: Stock, closings: Closed, window: Window, basis: SizeBasis) -> Funnel:
    """The five figures of populations that were measured before."""
    count = deals_in_funnel.of(open_then)
    size = average_deal_size.of(open_then if basis == SizeBasis.OPEN else closings, basis)
    rate = win_rate.of(closings)
    time = average_time_to_close.of(closings)
    velocity = sales_velocity.of(count=count, size=size, rate=rate, time=time, closed=closings, window=window)
    return Funnel(count, size, rate, time, velocity)
