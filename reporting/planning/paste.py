"""A block copied from a spreadsheet, as changes of the grid; whatever is not understood is named by row and column."""

from collections.abc import Iterator
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from crm.lib.text import sort_key
from crm.templatetags.formats import month as month_name
from reporting.planning.block import Block, Change, Problem
from reporting.planning.grid import Grid, Line
from reporting.planning.months import read_month, sums_up
from reporting.planning.reading import read_amount
from teams.models import User

MOST_ROWS = 1000
DASHES = {"-", "–", "—"}

Table = list[list[str]]


def read_block(text: str, grid: Grid, *, start: str = "") -> Block:
    """The block over the lines of the grid that may be edited. `start` is the key of the cell to begin in."""
    return _Reader(grid, start).read(_table(text))


def _table(text: str) -> Table:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    separator = "\t" if "\t" in text else ";"
    rows = [[cell.strip().strip('"').strip() for cell in line.split(separator)] for line in lines]
    while rows and not any(rows[-1]):
        rows.pop()
    width = max((number for row in rows for number, cell in enumerate(row, start=1) if cell), default=0)
    return [row[:width] + [""] * (width - len(row)) for row in rows]


class _Reader:
    def __init__(self, grid: Grid, start: str) -> None:
        self.grid = grid
        self.block = Block()
        line_key, month = start[:-8], start[-7:]
        self.first_line = grid.line(line_key)
        self.first_month = read_month(month, grid.months) or grid.months[0]
        self.lines = [line for line in grid.lines if line.may_edit]

    def read(self, table: Table) -> Block:
        if not table or not table[0]:
            self._wrong(0, 0, _("There is nothing in this block."))
            return self.block
        if len(table) > MOST_ROWS:
            self._wrong(0, 0, _("These are too many rows. Paste at most 1,000 at a time."))
            return self.block
        has_head = any(read_month(text, self.grid.months) for text in table[0])
        has_names = any(_is_name(row[0]) for row in table[has_head:])
        columns = self._columns(table[0], has_head=has_head, has_names=has_names)
        rows = list(enumerate(table[has_head:], start=1 + has_head))
        for number, row, line in self._lines(rows, has_names=has_names):
            self._read_row(number, row, line, columns)
        self._refuse_twice()
        return self.block

    def _columns(self, head: list[str], *, has_head: bool, has_names: bool) -> dict[int, date]:
        """Which column (from 0) is which month."""
        found: dict[int, date] = {}
        months = self.grid.months[self.grid.months.index(self.first_month) :]
        for number, text in enumerate(head):
            if number == 0 and has_names:
                continue
            if not has_head:
                place = number - has_names
                month = months[place] if place < len(months) else None
                message = _("There is no month left for this column.")
            else:
                month = read_month(text, self.grid.months)
                message = _("“%(text)s” is no month of this year.") % {"text": text[:40]}
            if month is not None:
                found[number] = month
            elif not (has_head and (not text or sums_up(text))):
                self._wrong(1 if has_head else 0, number + 1, message)
        return found

    def _lines(self, rows: list[tuple[int, list[str]]], *, has_names: bool) -> Iterator[tuple[int, list[str], Line]]:
        """Each row with content, with its line."""
        kind = self.first_line.kind if self.first_line else "person"
        people = [line for line in self.lines if line.kind == kind and line.is_shown]
        if self.first_line in people:
            people = people[people.index(self.first_line) :]
        waiting = iter(people)
        for number, row in rows:
            if has_names and (not row[0] or sums_up(row[0])):
                continue
            line = self._named(number, row[0]) if has_names else next(waiting, None)
            if line is not None:
                yield number, row, line
            elif not has_names:
                self._wrong(number, 0, _("There is nobody left in the grid for this row."))

    def _named(self, number: int, name: str) -> Line | None:
        wanted = " ".join(sort_key(name).replace(",", " ").split())
        found = [line for line in self.lines if wanted in _names(line)]
        if len({line.subject for line in found}) > 1:
            self._wrong(
                number,
                1,
                _("There are several people called “%(name)s”. Use the e-mail address.") % {"name": name[:80]},
            )
        elif not found:
            self._wrong(number, 1, _("You set no quota of anybody called “%(name)s”.") % {"name": name[:80]})
        return found[0] if len({line.subject for line in found}) == 1 else None

    def _read_row(self, number: int, row: list[str], line: Line, columns: dict[int, date]) -> None:
        kind = "user" if isinstance(line.subject, User) else "team"
        for column, month in columns.items():
            if not row[column] or row[column] in DASHES:
                continue
            try:
                amount = read_amount(row[column])
            except ValidationError as error:
                text = _("%(month)s, “%(text)s”: %(problem)s")
                values = {"month": month_name(month), "text": row[column][:40], "problem": " ".join(error.messages)}
                self._wrong(number, column + 1, text % values)
                continue
            found = self.grid.find(kind, line.subject.pk, month)
            if found is None or not found[1].may_edit:
                self._wrong(
                    number,
                    column + 1,
                    _("%(month)s belongs to a team that is not yours.") % {"month": month_name(month)},
                )
            else:
                self.block.cells.append(Change(*found, amount))

    def _refuse_twice(self) -> None:
        seen: set[str] = set()
        for cell in self.block.cells:
            if cell.key in seen:
                values = {"name": cell.line.label, "month": month_name(cell.cell.month)}
                self._wrong(0, 0, _("%(name)s, %(month)s is in the block twice.") % values)
            seen.add(cell.key)

    def _wrong(self, row: int, column: int, message: str) -> None:
        self.block.problems.append(Problem(row, column, message))


def _is_name(text: str) -> bool:
    if not text or text in DASHES:
        return False
    try:
        read_amount(text)
    except ValidationError:
        return any(character.isalpha() for character in text)
    return False


def _names(line: Line) -> set[str]:
    """What a line may be called: a person by her name either way round or her e-mail address, a team by its name."""
    subject = line.subject
    if not isinstance(subject, User):
        return {sort_key(str(subject))}
    names = (subject.name, f"{subject.last_name} {subject.first_name}", subject.email)
    return {" ".join(sort_key(name).split()) for name in names}
