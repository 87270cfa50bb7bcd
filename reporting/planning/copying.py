"""Last year's quotas as the start of a plan."""

from decimal import ROUND_HALF_UP, Decimal

from crm.lib.money import MAX_AMOUNT
from crm.lib.periods import add_months
from reporting.planning.block import Block, Change
from reporting.planning.grid import Grid

WHOLE = Decimal(1)


def copied(grid: Grid, before: Grid, growth: Decimal) -> Block:
    """The empty cells of the grid, filled with the amounts of the year `before` grown by a share (0.1 is 10 %).

    Amounts are rounded half up to whole units of the currency; what stands in the grid already stays.
    """
    block = Block()
    for line in grid.lines:
        for cell in line.cells:
            if not (cell.may_edit and cell.is_here and cell.amount is None):
                continue
            found = before.find(
                "user" if line.kind == "person" else "team", line.subject.pk, add_months(cell.month, -12)
            )
            if found and found[1].amount is not None:
                amount = (found[1].amount * (1 + growth)).quantize(WHOLE, rounding=ROUND_HALF_UP)
                block.cells.append(Change(line, cell, min(amount, MAX_AMOUNT)))
    return block
