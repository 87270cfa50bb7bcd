"""What changes on the page besides a cell: the sums it is part of, and the figures above the grid."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from crm.lib.periods import add_months
from crm.templatetags.formats import UNKNOWN, compact_money, money, number, percent
from reporting.planning.grid import QUARTER, Cell, Grid, Line


@dataclass(frozen=True)
class Sum:
    """A sum by the id of the element that shows it."""

    id: str
    text: str
    tone: str = ""


@dataclass(frozen=True)
class Figure:
    label: str
    value: str
    exact: str = ""
    tone: str = ""


def sums_after(grid: Grid, line: Line, cell: Cell) -> list[Sum]:
    """The sums to show anew after a change of a cell."""
    place = grid.months.index(cell.month)
    over = [found for key in line.over if (found := grid.line(key))]
    sums = _ends(line, place)
    notes = {found.key.replace("team", "target") for found in over}
    for found in grid.lines:
        if found.kind == "target" and found.is_shown and found.key in notes:
            sums.append(Sum(f"{found.key}-note", found.note, found.tone))
    if line.kind == "person":
        for found in over:
            sums += [Sum(f"{found.key}-m{place}", number(found.amounts[place])), *_ends(found, place)]
    return sums


def _ends(line: Line, place: int) -> list[Sum]:
    quarter = place // QUARTER
    return [
        Sum(f"{line.key}-q{quarter}", number(line.quarters[quarter])),
        Sum(f"{line.key}-y", number(line.year)),
    ]


def summary(grid: Grid) -> list[Figure]:
    """The figures above the grid, as far as they are known."""
    assigned, target = grid.assigned, grid.target
    figures = [_money(_("Quotas of the year"), assigned, grid.currency)]
    if target is not None:
        missing = target - (assigned or Decimal(0))
        figures = [
            _money(_("Target"), target, grid.currency),
            _money(_("Assigned to reps"), assigned, grid.currency),
            _money(_("Not yet assigned"), max(missing, Decimal(0)), grid.currency, "warn" if missing > 0 else ""),
        ]
    if grid.won_before:
        before = add_months(grid.period.start, -12).year
        figures.append(_money(_("Won %(year)s") % {"year": before}, grid.won_before, grid.currency))
    if assigned is not None and grid.won_before:
        growth = assigned / grid.won_before - 1
        figures.append(Figure(_("Asked growth"), ("+" if growth > 0 else "") + percent(growth, 1)))
    return figures


def _money(label: str, amount: Decimal | None, currency: str, tone: str = "") -> Figure:
    if amount is None:
        return Figure(label, UNKNOWN)
    return Figure(label, compact_money(amount, currency), money(amount, currency), tone)
