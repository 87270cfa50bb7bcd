"""Months as the head of a spreadsheet names them."""

import re
from datetime import date

from crm.lib.text import sort_key

NAMES = (
    ("january", "januar"),
    ("february", "februar"),
    ("march", "marz", "maerz"),
    ("april",),
    ("may", "mai"),
    ("june", "juni"),
    ("july", "juli"),
    ("august",),
    ("september",),
    ("october", "oktober"),
    ("november",),
    ("december", "dezember"),
)
ISO = re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})(?:[-/.]0?1)?")
NUMBERS = re.compile(r"(?:0?1[./])?(?P<month>\d{1,2})[./-](?P<year>\d{4})")
NAMED = re.compile(r"(?P<name>[a-z]{3,9})\.?(?:\s*[-/']?\s*(?P<year>\d{4}|\d{2}))?")
SUMS = re.compile(
    r"(q[1-4]|[1-4]\. ?(quartal|quarter)|year|jahr|total|sum|summe|gesamt|insgesamt|all teams|alle teams)( .*)?"
)


def read_month(text: str, months: list[date]) -> date | None:
    """The month of these twelve that a text means: Mar, März 2026, Mrz, 2026-03, 03/2026."""
    wanted = sort_key(text)
    match = ISO.fullmatch(wanted) or NUMBERS.fullmatch(wanted)
    if match:
        number, year = int(match["month"]), int(match["year"])
    elif match := NAMED.fullmatch(wanted):
        number = _number(match["name"])
        year = int(match["year"]) if match["year"] else 0
    else:
        return None
    year += 2000 if 0 < year < 100 else 0
    return next((month for month in months if month.month == number and year in {0, month.year}), None)


def sums_up(text: str) -> bool:
    """Whether a head or name means a sum, which a block may contain and the grid computes itself."""
    return SUMS.fullmatch(sort_key(text)) is not None


def _number(name: str) -> int:
    if name in {"mrz", "sept"}:
        return {"mrz": 3, "sept": 9}[name]
    for number, names in enumerate(NAMES, start=1):
        if any(full.startswith(name) for full in names):
            return number
    return 0
