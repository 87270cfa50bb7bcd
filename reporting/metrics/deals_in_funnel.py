"""Deals in funnel: a stock, counted at the earlier of the period's end and `as_of`.

Deals created before that instant that were open then, not archived and not deleted. `open_value` is their value
in workspace currency; deals without a value or without an exchange rate are in the count and not in the sum.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from reporting.metrics.stock import Stock


@dataclass(frozen=True)
class DealsInFunnel:
    value: int
    open_value: Decimal
    without_value: int
    not_convertible: int
    at: datetime


def of(stock: Stock) -> DealsInFunnel:
    return DealsInFunnel(stock.count, stock.total, stock.without_value, stock.not_convertible, stock.at)
