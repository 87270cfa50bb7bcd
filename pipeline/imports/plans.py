"""What an import means to write, worked out completely before the first row is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from crm.lib.periods import midnight
from pipeline.deals.states import EventKind
from pipeline.imports.maven import DealRow, MavenFiles


@dataclass(frozen=True)
class Change:
    """What else happened to a deal than moving and closing; an owner is given by name."""

    at: datetime
    kind: EventKind
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class DealPlan:
    """One deal to be. `visits` are its stages by name with the instant it entered each, in order.

    `entry_known` is False when the first visit began at an unknown time. `reason` is the name of a close reason;
    empty means not recorded. `first_value` was guessed at the start of what is closed, `value` is the last word.
    `known_from` is the instant before which the history is unknown, None if all of it is known.
    `unit_price` is that of the product. `more` are further plain fields of the deal; `creator`, `source` and
    `competitor` are given by name; without a creator it is the import.
    """

    row: DealRow
    name: str
    company: str
    visits: tuple[tuple[str, datetime], ...]
    closed_at: datetime | None
    value: Decimal | None
    first_value: Decimal | None = None
    unit_price: Decimal | None = None
    expected_close_date: date | None = None
    reason: str = ""
    entry_known: bool = True
    known_from: datetime | None = None
    changes: tuple[Change, ...] = ()
    creator: str = ""
    source: str = ""
    competitor: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def created_at(self) -> datetime:
        return self.visits[0][1]

    @property
    def stage(self) -> str:
        return self.visits[-1][0]

    @property
    def status(self) -> str:
        return self.row.status


def as_recorded(files: MavenFiles, *, at: datetime, zone: ZoneInfo) -> list[DealPlan]:
    """The deals exactly as the files say. Days begin at midnight; what has no day is known from the import on."""
    return [_recorded(row, at=at, zone=zone) for row in files.deals]


def _recorded(row: DealRow, *, at: datetime, zone: ZoneInfo) -> DealPlan:
    began = midnight(row.engaged_on, zone) if row.engaged_on else at
    return DealPlan(
        row=row,
        name=f"{row.product} – {row.company or row.external_id}",
        company=row.company,
        visits=((row.stage, began),),
        closed_at=midnight(row.closed_on, zone) if row.closed_on else None,
        value=row.value,
        entry_known=row.engaged_on is not None,
        known_from=began,
    )
