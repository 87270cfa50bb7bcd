"""Stock and closings of many past windows at once: two queries, however many windows there are.

What was closed falls into one stretch between the bounds of all windows; a state that was open counts at every
instant from the first to the last that it covers. Medians are not known here: parts do not add up to them.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Case, Count, DateTimeField, F, Func, IntegerField, Q, Sum, Value, When

from pipeline.models import DealStateInterval
from pipeline.populations import rates_at
from reporting.metrics.closed import SUMS, Closed
from reporting.metrics.population import WON, Scope, Window, closings
from reporting.metrics.stock import NOTHING, Stock
from teams.models import Workspace


@dataclass(frozen=True)
class Past:
    """One window with what it was measured to hold."""

    window: Window
    stock: Stock
    closed: Closed


def measure(scope: Scope, windows: Sequence[Window]) -> list[Past]:
    """Each of the windows, in their order. They end in the past and are seen from the present."""
    if not windows:
        return []
    stocks = _stocks(scope, sorted({window.end for window in windows}))
    parts = _Closings(scope, windows)
    return [Past(window, stocks[window.end], parts.within(window)) for window in windows]


class _Closings:
    """Sums of closings in the stretches between the bounds of the windows."""

    def __init__(self, scope: Scope, windows: Sequence[Window]) -> None:
        self.bounds = sorted({bound for window in windows for bound in (window.start, window.end)})
        longest = replace(
            windows[0],
            period=replace(
                windows[0].period,
                start=min(window.period.start for window in windows),
                end=max(window.period.end for window in windows),
            ),
        )
        rows = closings(scope, longest).annotate(part=_bucket("closed_at", self.bounds)).order_by().values("part")
        self.parts: dict[int, dict[str, Any]] = {
            row.pop("part"): row for row in rows.annotate(**SUMS, elapsed_sum=Sum("elapsed", filter=WON))
        }

    def within(self, window: Window) -> Closed:
        first, last = bisect_left(self.bounds, window.start) + 1, bisect_left(self.bounds, window.end)
        rows = [self.parts[part] for part in range(first, last + 1) if part in self.parts]
        sums: dict[str, Any] = {name: sum(row[name] for row in rows) for name in SUMS}
        elapsed = sum(row["elapsed_sum"] or 0.0 for row in rows)
        sums["total"] = sums["total"] or NOTHING
        return Closed(**sums, days=elapsed / sums["won"] if sums["won"] else None)


def _stocks(scope: Scope, instants: list[datetime]) -> dict[datetime, Stock]:
    """A state counts at the instants after its `first` up to its `last`, as numbers of the sorted instants."""
    last = Case(
        When(valid_to__isnull=True, then=Value(len(instants))),
        default=_bucket("valid_to", instants),
        output_field=IntegerField(),
    )
    states = (
        DealStateInterval.objects.in_funnel()
        .filter(scope.narrowing(), Q(valid_to__isnull=True) | Q(valid_to__gte=instants[0]), valid_from__lt=instants[-1])
        .filter(deal__in=scope.deals())
        .annotate(first=_bucket("valid_from", instants), last=last)
        .filter(last__gt=F("first"))
    )
    rows = states.order_by().values("first", "last", "currency")
    found: list[Any] = list(rows.annotate(count=Count("pk"), n=Count("value"), total=Sum("value", default=NOTHING)))
    return {instant: _stock(instant, place, found) for place, instant in enumerate(instants, start=1)}


def _stock(at: datetime, place: int, rows: Iterable[dict[str, Any]]) -> Stock:
    stock = Stock(at)
    for row in rows:
        if row["first"] < place <= row["last"]:
            stock = _with(stock, row, _rate(row["currency"], at))
    return stock


def _rate(currency: str, at: datetime) -> Decimal | None:
    """Rates are asked for only where there is money in another currency."""
    return Decimal(1) if currency == Workspace.get().currency else rates_at(at).get(currency)


def _with(stock: Stock, row: dict[str, Any], rate: Decimal | None) -> Stock:
    return replace(
        stock,
        count=stock.count + row["count"],
        without_value=stock.without_value + row["count"] - row["n"],
        not_convertible=stock.not_convertible + (row["n"] if rate is None else 0),
        n=stock.n + (0 if rate is None else row["n"]),
        total=stock.total + (NOTHING if rate is None else row["total"] * rate),
    )


def _bucket(column: str, bounds: Sequence[datetime]) -> Func:
    """How many of the sorted bounds are not after the instant in the column."""
    return Func(
        F(column),
        Value(list(bounds), output_field=ArrayField(DateTimeField())),
        function="width_bucket",
        output_field=IntegerField(),
    )
