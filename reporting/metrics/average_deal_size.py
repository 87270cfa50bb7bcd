"""Average deal size: the sum of values divided by the number of deals that have one; a ratio of sums.

Basis `open`: the deals in the funnel at the end of the window. Basis `won`: those won in it, at closing value.
A value of zero counts; no value does not, and neither does one without an exchange rate. None without any value.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from reporting.metrics.closed import Closed
from reporting.metrics.stock import Stock


class SizeBasis(StrEnum):
    OPEN = "open"
    WON = "won"


@dataclass(frozen=True)
class AverageDealSize:
    """`total` of the `n` deals with a value; `largest` is the highest of them."""

    value: Decimal | None
    n: int
    without_value: int
    not_convertible: int
    median: Decimal | None
    basis: SizeBasis
    total: Decimal = Decimal(0)
    largest: Decimal | None = None


def of(rows: Stock | Closed, basis: SizeBasis) -> AverageDealSize:
    """`rows` are the stock for basis `open`, the closings for `won`."""
    average = rows.total / rows.n if rows.n else None
    return AverageDealSize(
        average,
        rows.n,
        rows.without_value,
        rows.not_convertible,
        rows.median,
        basis,
        rows.total,
        rows.largest,
    )
