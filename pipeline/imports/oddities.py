"""What is odd about the demo files: what is mended on reading, and what a reader of the data should know."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

DEALS_FILE, COMPANIES_FILE = "sales_pipeline.csv", "accounts.csv"

# What the files misspell. Names of companies and people stay as they are: nobody knows better.
PRODUCT_SPELLINGS = {"GTXPro": "GTX Pro"}
INDUSTRY_SPELLINGS = {"technolgy": "technology"}
COUNTRY_SPELLINGS = {"Philipines": "Philippines", "Korea": "South Korea"}

_MENDED = {
    (DEALS_FILE, "product"): PRODUCT_SPELLINGS,
    (COMPANIES_FILE, "sector"): INDUSTRY_SPELLINGS,
    (COMPANIES_FILE, "office_location"): COUNTRY_SPELLINGS,
}
_ID = "opportunity_id"

Remark = tuple[str, str, str]


@dataclass
class Oddities:
    """Looks at the rows of the files in their order; the companies before the deals."""

    founded: dict[str, str] = field(default_factory=dict)
    seen: set[tuple[str, ...]] = field(default_factory=set)

    def of_row(self, file: str, cells: Mapping[str, str]) -> Iterator[Remark]:
        """Column, code and message of what is odd about a row that can be read."""
        yield from _mended(file, cells)
        if file == COMPANIES_FILE:
            self.founded[cells["account"]] = cells["year_established"]
        elif file == DEALS_FILE:
            yield from self._of_deal(cells)

    def _of_deal(self, cells: Mapping[str, str]) -> Iterator[Remark]:
        if not cells["account"]:
            yield "account", "no_company", "The deal has no company."
        if not cells["engage_date"]:
            yield "engage_date", "no_date", "The deal has no date: nobody knows since when it is open."
        founded = self.founded.get(cells["account"], "")
        if cells["engage_date"] and cells["engage_date"][:4] < founded:
            yield "engage_date", "before_founding", f"{cells['account']} was founded in {founded}, after this date."
        yield from self._repeated(cells)

    def _repeated(self, cells: Mapping[str, str]) -> Iterator[Remark]:
        facts = tuple(cell for column, cell in cells.items() if column != _ID)
        if not cells["close_date"] and facts in self.seen:
            yield _ID, "same_as_another", "Another open deal is the same but for its number. Both are kept."
        self.seen.add(facts)


def _mended(file: str, cells: Mapping[str, str]) -> Iterator[Remark]:
    for (of, column), spellings in _MENDED.items():
        if of == file and cells[column] in spellings:
            yield column, "mended", f"{cells[column]!r} is read as {spellings[cells[column]]!r}."
