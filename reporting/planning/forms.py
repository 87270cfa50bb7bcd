"""What is posted to the quota grid: cells of one line, or a block from a spreadsheet."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from reporting.planning.block import Block
from reporting.planning.copying import copied
from reporting.planning.grid import Cell, Grid, Line
from reporting.planning.paste import read_block
from reporting.planning.reading import read_amount
from teams.quotas.actions import QuotaChange

CELL_NAME = re.compile(r"(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])-v(?P<version>\d{1,9})")
LONGEST_BLOCK = 200_000


@dataclass(frozen=True)
class Entry:
    """A cell as it was posted: what was typed, and either the amount or what is wrong with it."""

    cell: Cell
    version: int
    typed: str
    amount: Decimal | None = None
    error: str = ""


def read_entries(posted: Mapping[str, str], lines: list[Line]) -> list[Entry]:
    """The posted cells that stand in these lines; others are ignored."""
    cells = {cell.month: cell for line in lines for cell in line.cells if cell.is_here}
    found = []
    for name, typed in posted.items():
        match = CELL_NAME.fullmatch(name)
        cell = match and cells.get(date(int(match["year"]), int(match["month"]), 1))
        if match and cell:
            found.append(_entry(cell, int(match["version"]), typed))
    return found


def _entry(cell: Cell, version: int, typed: str) -> Entry:
    try:
        return Entry(cell, version, typed, read_amount(typed))
    except ValidationError as error:
        return Entry(cell, version, typed, error=" ".join(error.messages))


def changes_of(entries: list[Entry], line: Line) -> list[QuotaChange]:
    """The entries as changes of the line's person or team."""
    return [QuotaChange(line.subject, entry.cell.month, entry.amount, entry.version) for entry in entries]


class BlockForm(forms.Form):
    """`seen` are the versions of the cells that the preview was made from."""

    seen = forms.CharField(required=False, max_length=LONGEST_BLOCK, widget=forms.HiddenInput)

    def clean_seen(self) -> dict[str, int]:
        text = self.cleaned_data["seen"]
        if not text:
            return {}
        try:
            seen: Any = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValidationError(_("This form is outdated. Start again.")) from error
        if not isinstance(seen, dict) or not all(type(version) is int for version in seen.values()):
            raise ValidationError(_("This form is outdated. Start again."))
        return seen


class PasteForm(BlockForm):
    """A block of cells. `start` is the cell to begin in."""

    text = forms.CharField(
        label=_("Rows from your spreadsheet"),
        max_length=LONGEST_BLOCK,
        strip=False,
        widget=forms.Textarea(attrs={"class": "input", "rows": 8, "spellcheck": "false"}),
        help_text=_(
            "Copy the cells and paste them here. A first column with names and a first row with months are understood; "
            "without them the block fills the people and months in the order of the grid. Empty cells change nothing."
        ),
    )
    start = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)

    def block(self, grid: Grid, before: Grid | None) -> Block:
        return read_block(self.cleaned_data["text"], grid, start=self.cleaned_data["start"])


class CopyForm(BlockForm):
    """The year before as a start; only empty months are filled."""

    growth = forms.DecimalField(
        label=_("Growth in percent"),
        initial=0,
        min_value=-100,
        max_value=1000,
        decimal_places=2,
        localize=True,
        widget=forms.TextInput(attrs={"class": "input", "inputmode": "decimal"}),
        help_text=_(
            "Fills the empty months with last year’s quotas, grown by this share and rounded. The others stay."
        ),
    )

    def block(self, grid: Grid, before: Grid | None) -> Block:
        return copied(grid, before, self.cleaned_data["growth"] / 100) if before else Block()
