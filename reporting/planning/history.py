"""Who changed a quota when, from what to what."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from crm.lib.periods import Period
from reporting.planning.grid import Line
from reporting.planning.months import read_month
from teams.models import Quota

MOST = 200


@dataclass(frozen=True)
class QuotaEvent:
    """A change of one month; None is no quota."""

    month: date
    before: Decimal | None
    after: Decimal | None
    by: str
    at: datetime
    note: str


def history_of(line: Line, period: Period, month: str = "") -> list[QuotaEvent]:
    """The changes of a line's quotas of the year, or of one month (2026-03), the newest first."""
    kind = "user" if line.kind == "person" else "team"
    rows = Quota.objects.of_won_value().within(period).filter(**{kind: line.subject}).select_related("set_by")
    if chosen := read_month(month, [found.start for found in period.months()]):
        rows = rows.filter(month=chosen)
    before: dict[date, Decimal | None] = {}
    found = []
    for row in rows.order_by("set_at", "version", "month"):
        by = row.set_by.name if row.set_by else ""
        found.append(QuotaEvent(row.month, before.get(row.month), row.amount, by, row.set_at, row.note))
        before[row.month] = row.amount
    return found[: -MOST - 1 : -1]
