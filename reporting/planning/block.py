"""Many changes of the grid at once, shown before they are saved."""

from dataclasses import dataclass, field
from decimal import Decimal

from reporting.planning.grid import Cell, Line
from teams.quotas.actions import QuotaChange


@dataclass(frozen=True)
class Problem:
    """`row` and `column` count from 1 as in the spreadsheet; 0 is the whole block or row."""

    row: int
    column: int
    message: str


@dataclass(frozen=True)
class Change:
    """A cell of the block: from what it is to what it shall be."""

    line: Line
    cell: Cell
    amount: Decimal | None

    @property
    def changes(self) -> bool:
        return self.amount != self.cell.amount

    @property
    def key(self) -> str:
        return f"{self.line.key}-{self.cell.month:%Y-%m}"

    def as_quota(self, version: int) -> QuotaChange:
        return QuotaChange(self.line.subject, self.cell.month, self.amount, version)


@dataclass
class Block:
    """The cells that were understood, and the problems. With any problem nothing may be saved."""

    cells: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def changed(self) -> list[Change]:
        return [cell for cell in self.cells if cell.changes]

    @property
    def before(self) -> Decimal:
        return sum((cell.cell.amount or Decimal(0) for cell in self._summed), Decimal(0))

    @property
    def after(self) -> Decimal:
        return sum((cell.amount or Decimal(0) for cell in self._summed), Decimal(0))

    @property
    def _summed(self) -> list[Change]:
        """The quotas of people; targets only where nothing else changes, for they ask for the same money again."""
        return [cell for cell in self.changed if cell.line.kind == "person"] or self.changed

    @property
    def versions(self) -> dict[str, int]:
        return {cell.key: cell.cell.version for cell in self.cells}
