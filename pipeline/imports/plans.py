"""What an import means to write, worked out completely before the first row is written."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from crm.lib.periods import midnight
from pipeline.imports.maven import DealRow, MavenFiles


@dataclass(frozen=True)
class DealPlan:
    """One deal to be. `visits` are its stages by name with the instant it entered each, in order.

    `entry_known` is False when the first visit began at an unknown time. `reason` is the name of a close reason;
    empty means not recorded. `first_value` was guessed at the start of what is closed, `value` is the last word.
    `known_from` is the instant before which the history is unknown, None if all of it is known.
    """

    row: DealRow
    visits: tuple[tuple[str, datetime], ...]
    closed_at: datetime | None
    value: Decimal | None
    first_value: Decimal | None = None
    expected_close_date: date | None = None
    reason: str = ""
    entry_known: bool = True
    known_from: datetime | None = None

    @property
    def created_at(self) -> datetime:
        return self.visits[0][1]

    @property
    def stage(self) -> str:
        return self.visits[-1][0]

    @property
    def status(self) -> str:
        return self.row.status

    @property
    def name(self) -> str:
        return f"{self.row.product} – {self.row.company or self.row.external_id}"


def as_recorded(files: MavenFiles, *, at: datetime, zone: ZoneInfo) -> list[DealPlan]:
    """The deals exactly as the files say. Days begin at midnight; what has no day is known from the import on."""
    return [_recorded(row, at=at, zone=zone) for row in files.deals]


def _recorded(row: DealRow, *, at: datetime, zone: ZoneInfo) -> DealPlan:
    began = midnight(row.engaged_on, zone) if row.engaged_on else at
    return DealPlan(
        row=row,
        visits=((row.stage, began),),
        closed_at=midnight(row.closed_on, zone) if row.closed_on else None,
        value=row.value,
        entry_known=row.engaged_on is not None,
        known_from=began,
    )
