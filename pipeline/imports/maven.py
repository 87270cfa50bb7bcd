"""The demo files of Maven Analytics, read as they are, with every row checked before anybody writes anything."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

from pipeline.imports.oddities import COMPANIES_FILE, DEALS_FILE, INDUSTRY_SPELLINGS, PRODUCT_SPELLINGS, Oddities

DEMO_FOLDER = Path(__file__).parent / "demo"
PRODUCTS_FILE, PEOPLE_FILE = "products.csv", "sales_teams.csv"
COUNTRIES = {
    "Belgium": "BE",
    "Brazil": "BR",
    "China": "CN",
    "Germany": "DE",
    "Italy": "IT",
    "Japan": "JP",
    "Jordan": "JO",
    "Kenya": "KE",
    "Korea": "KR",
    "Norway": "NO",
    "Panama": "PA",
    "Philipines": "PH",
    "Poland": "PL",
    "Romania": "RO",
    "United States": "US",
}
OPEN_STAGES = ("Prospecting", "Engaging")
OUTCOMES = {"Won": "won", "Lost": "lost"}

T = TypeVar("T")


@dataclass(frozen=True)
class Problem:
    """What is wrong in one row (data rows count from 1) of a file."""

    file: str
    row: int
    column: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}, {self.column}: {self.message}"


@dataclass(frozen=True)
class AgentRow:
    name: str
    manager: str
    office: str


@dataclass(frozen=True)
class ProductRow:
    name: str
    series: str
    list_price: Decimal


@dataclass(frozen=True)
class CompanyRow:
    """`revenue` is in dollars a year; the file gives millions."""

    name: str
    industry: str
    founded: int
    revenue: Decimal
    employees: int
    country: str
    parent: str


@dataclass(frozen=True)
class DealRow:
    """`status` is open, won or lost. The last stage of a closed deal is Engaging: it has an engage date."""

    external_id: str
    agent: str
    product: str
    company: str
    stage: str
    status: str
    engaged_on: date | None
    closed_on: date | None
    value: Decimal | None


@dataclass
class MavenFiles:
    """Rows in the order of the files, and every problem found; with problems nothing may be written.

    `remarks` tell what is odd but can be read.
    """

    agents: list[AgentRow] = field(default_factory=list)
    products: list[ProductRow] = field(default_factory=list)
    companies: list[CompanyRow] = field(default_factory=list)
    deals: list[DealRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)
    oddities: Oddities = field(default_factory=Oddities)

    @property
    def last_day(self) -> date:
        """The last day on which something is recorded."""
        days = [day for row in self.deals for day in (row.engaged_on, row.closed_on) if day]
        return max(days)


class _Refusal(Exception):
    """A cell that cannot be read."""

    def __init__(self, column: str, code: str, message: str) -> None:
        super().__init__(message)
        self.column, self.code, self.message = column, code, message


def read_files(folder: Path = DEMO_FOLDER) -> MavenFiles:
    """All four files of a folder, mapped and checked."""
    files = MavenFiles()
    files.agents = list(_rows(folder / PEOPLE_FILE, _agent, files))
    files.products = list(_rows(folder / PRODUCTS_FILE, _product, files))
    files.companies = list(_rows(folder / COMPANIES_FILE, _company, files))
    numbered = list(_numbered(folder / DEALS_FILE, _deal, files))
    files.deals = [row for _, row in numbered]
    files.problems += _unknown_parents(files)
    files.problems += _unknown_names(files, numbered)
    files.problems += _repeated_ids(numbered)
    return files


def _rows(path: Path, read: Callable[[dict[str, str]], T], files: MavenFiles) -> Iterator[T]:
    return (row for _, row in _numbered(path, read, files))


def _numbered(path: Path, read: Callable[[dict[str, str]], T], files: MavenFiles) -> Iterator[tuple[int, T]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        for number, cells in enumerate(csv.DictReader(handle), start=1):
            clean = {key: (cell or "").strip() for key, cell in cells.items() if key}
            try:
                yield number, read(clean)
            except _Refusal as refusal:
                files.problems.append(Problem(path.name, number, refusal.column, refusal.code, refusal.message))
                continue
            files.remarks += (Problem(path.name, number, *remark) for remark in files.oddities.of_row(path.name, clean))


def _agent(cells: dict[str, str]) -> AgentRow:
    return AgentRow(
        name=_text(cells, "sales_agent"),
        manager=_text(cells, "manager"),
        office=_text(cells, "regional_office"),
    )


def _product(cells: dict[str, str]) -> ProductRow:
    return ProductRow(
        name=_text(cells, "product"), series=cells["series"], list_price=_number(cells, "sales_price", Decimal)
    )


def _company(cells: dict[str, str]) -> CompanyRow:
    country = _text(cells, "office_location")
    if country not in COUNTRIES:
        raise _Refusal("office_location", "unknown_country", f"The country {country!r} is not known.")
    industry = cells["sector"]
    return CompanyRow(
        name=_text(cells, "account"),
        industry=INDUSTRY_SPELLINGS.get(industry, industry),
        founded=_number(cells, "year_established", int),
        revenue=_number(cells, "revenue", Decimal) * 1_000_000,
        employees=_number(cells, "employees", int),
        country=COUNTRIES[country],
        parent=cells["subsidiary_of"],
    )


def _deal(cells: dict[str, str]) -> DealRow:
    recorded = _text(cells, "deal_stage")
    if recorded not in OUTCOMES and recorded not in OPEN_STAGES:
        raise _Refusal("deal_stage", "unknown_stage", f"The stage {recorded!r} is not known.")
    product = _text(cells, "product")
    row = DealRow(
        external_id=_text(cells, "opportunity_id"),
        agent=_text(cells, "sales_agent"),
        product=PRODUCT_SPELLINGS.get(product, product),
        company=cells["account"],
        stage=recorded if recorded in OPEN_STAGES else OPEN_STAGES[-1],
        status=OUTCOMES.get(recorded, "open"),
        engaged_on=_day(cells, "engage_date"),
        closed_on=_day(cells, "close_date"),
        value=_value(cells, recorded),
    )
    _check_dates(row)
    return row


def _value(cells: dict[str, str], recorded: str) -> Decimal | None:
    """What the customer paid. A lost deal says 0, which means that nobody knows what it was worth."""
    if recorded == "Won":
        return _number(cells, "close_value", Decimal)
    if cells["close_value"] and _number(cells, "close_value", Decimal) != 0:
        raise _Refusal("close_value", "value_not_won", "Only a won deal has a value.")
    return None


def _check_dates(row: DealRow) -> None:
    if (row.status == "open") != (row.closed_on is None):
        raise _Refusal("close_date", "closed_exactly_with_date", "A deal has a closing date exactly when it is closed.")
    if row.stage == "Engaging" and row.engaged_on is None:
        raise _Refusal("engage_date", "engaged_without_date", "A deal beyond Prospecting needs an engage date.")
    if row.engaged_on and row.closed_on and row.closed_on < row.engaged_on:
        raise _Refusal("close_date", "closed_before_engaged", "The deal closes before it is engaged.")


def _text(cells: dict[str, str], column: str) -> str:
    if not cells.get(column):
        raise _Refusal(column, "missing", "This cell must not be empty.")
    return cells[column]


def _number(cells: dict[str, str], column: str, kind: Callable[[str], Any]) -> Any:
    try:
        number = kind(_text(cells, column))
    except (ValueError, InvalidOperation) as error:
        raise _Refusal(column, "not_a_number", f"{cells[column]!r} is not a number.") from error
    if not 0 <= number < 10**12:
        raise _Refusal(column, "out_of_range", f"{cells[column]} is out of range.")
    return number


def _day(cells: dict[str, str], column: str) -> date | None:
    if not cells[column]:
        return None
    try:
        return date.fromisoformat(cells[column])
    except ValueError as error:
        raise _Refusal(column, "not_a_date", f"{cells[column]!r} is not a date.") from error


def _unknown_parents(files: MavenFiles) -> Iterator[Problem]:
    names = {row.name for row in files.companies}
    for number, row in enumerate(files.companies, start=1):
        if row.parent and (row.parent not in names or row.parent == row.name):
            message = f"The parent company {row.parent!r} is not in the file."
            yield Problem(COMPANIES_FILE, number, "subsidiary_of", "unknown_parent", message)


def _unknown_names(files: MavenFiles, numbered: list[tuple[int, DealRow]]) -> Iterator[Problem]:
    known = {
        "sales_agent": {row.name for row in files.agents},
        "product": {row.name for row in files.products},
        "account": {row.name for row in files.companies} | {""},
    }
    for number, row in numbered:
        for column, name in {"sales_agent": row.agent, "product": row.product, "account": row.company}.items():
            if name not in known[column]:
                yield Problem(DEALS_FILE, number, column, "unknown_name", f"{name!r} is in none of the other files.")


def _repeated_ids(numbered: list[tuple[int, DealRow]]) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, row in numbered:
        if row.external_id in seen:
            yield Problem(DEALS_FILE, number, "opportunity_id", "repeated", f"{row.external_id} is there already.")
        seen.add(row.external_id)
