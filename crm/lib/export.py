"""Tables as CSV: streamed, readable by spreadsheets, and never executed by them."""

import csv
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from zoneinfo import ZoneInfo

from django.http import StreamingHttpResponse
from django.utils.translation import get_language

Cell = str | int | Decimal | date | datetime | None

BYTE_ORDER_MARK = "\ufeff"
ROWS_PER_CHUNK = 500
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


@dataclass(frozen=True)
class Habits:
    """How the spreadsheets of a language read a file: German ones take a comma for the decimal mark."""

    separator: str = ","
    decimal_mark: str = "."

    @classmethod
    def of_reader(cls) -> "Habits":
        return cls(";", ",") if (get_language() or "").startswith("de") else cls()


def csv_response(
    name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], zone: ZoneInfo
) -> StreamingHttpResponse:
    """The rows as a file to keep in the reader's habits, written while they are read. Instants are shown in `zone`."""
    lines = _written([header], rows, zone, Habits.of_reader())
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["Cache-Control"] = "no-store"
    return response


def printed(value: Cell, zone: ZoneInfo, decimal_mark: str = ".") -> str:
    """A value as its cell: ISO dates, plain decimals, text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", decimal_mark)
    return str(value) if isinstance(value, int) else _harmless(value)


def _harmless(text: str) -> str:
    """The text, behind an apostrophe if a spreadsheet might run it; full-width signs count as their plain ones."""
    start = unicodedata.normalize("NFKC", text.lstrip(" \u00a0\ufeff\u200b")[:1])
    return f"'{text}" if start.startswith(_STARTS_A_FORMULA) else text


class _Line:
    """A file that gives back what is written to it."""

    def write(self, line: str) -> str:
        return line


def _written(
    header: Iterable[Sequence[Cell]], rows: Iterable[Sequence[Cell]], zone: ZoneInfo, habits: Habits
) -> Iterator[str]:
    write = csv.writer(_Line(), delimiter=habits.separator).writerow
    yield BYTE_ORDER_MARK + "".join(write(line) for line in header)
    remaining = iter(rows)
    while chunk := list(islice(remaining, ROWS_PER_CHUNK)):
        yield "".join(write([printed(value, zone, habits.decimal_mark) for value in row]) for row in chunk)
