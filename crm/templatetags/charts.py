"""Charts drawn by the server. Every column that stands for records is a link with a full sentence as its name."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import floor, log10

from django import template

from crm.templatetags.formats import axis_money

register = template.Library()

Number = int | float | Decimal
# The drawing ends a little below the top, so that the highest line is not cut.
HEADROOM = 1.04


@dataclass(frozen=True)
class Column:
    """One month of a bar chart, in the units of the chart. `name` is the whole sentence."""

    label: str
    name: str
    url: str
    won: Number
    quota: Number | None
    is_current: bool


@register.inclusion_tag("components/bar_chart.html")
def bar_chart(columns: Sequence[Column], currency: str = "EUR", label: str = "") -> dict[str, object]:
    """What was won and the line of the quota, month by month."""
    figures = [float(figure) for column in columns for figure in (column.won, column.quota) if figure is not None]
    ticks = _ticks(max(figures, default=0.0))
    top = max(max(figures, default=0.0), ticks[-1]) * HEADROOM or 1.0
    return {
        "label": label,
        "columns": [_drawn(column, top) for column in columns],
        "ticks": [{"at": _from_top(tick, top), "text": axis_money(tick, currency)} for tick in ticks],
    }


def _drawn(column: Column, top: float) -> dict[str, object]:
    return {
        "column": column,
        "won": _box(column.won, top),
        "quota_at": _from_top(column.quota, top),
    }


def _box(value: Number, top: float) -> dict[str, str] | None:
    if value <= 0:
        return None
    return {"at": _from_top(value, top) or "0%", "height": f"{float(value) / top * 100:.2f}%"}


def _from_top(value: Number | None, top: float) -> str | None:
    return None if value is None else f"{(1 - float(value) / top) * 100:.2f}%"


def _ticks(highest: float) -> list[float]:
    """Zero and up to four round figures that reach near the highest one."""
    if highest <= 0:
        return [0.0]
    size = 10 ** floor(log10(highest))
    step = next(size * part for part in (0.25, 0.5, 1, 2, 2.5, 5) if highest / (size * part) <= 4)
    return [step * index for index in range(int(highest / step) + 1)]
