"""Periods and calendar arithmetic in a time zone. Everything here is half-open: [start, end)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# The days people plan and report with. Near the ends of the calendar some zones have no day at all.
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2199, 12, 31)
_FIRST_INSTANT, _END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def is_sensible(moment: date) -> bool:
    """Whether a day or an instant lies in the years from 1970 to 2199."""
    if isinstance(moment, datetime):
        return _FIRST_INSTANT <= moment < _END
    return FIRST_DAY <= moment <= LAST_DAY


def local_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC) of a wall-clock time on a day in a zone.

    A time that does not exist on that day (spring) is shifted forward by the gap;
    a time that exists twice (autumn) is the first.
    """
    naive = datetime.combine(day, at)
    instant = naive.replace(tzinfo=zone, fold=0).astimezone(UTC)
    # In a gap, fold=0 uses the offset before the change, which lands after the gap by its length.
    return instant


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day in a zone."""
    return local_instant(day, time.min, zone)


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar date of an instant in a zone."""
    return instant.astimezone(zone).date()


def add_days(instant: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same wall-clock time `days` calendar days later (or earlier) in a zone."""
    local = instant.astimezone(zone)
    return local_instant(local.date() + timedelta(days=days), local.time().replace(tzinfo=None), zone)


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def add_months(day: date, months: int) -> date:
    """The first day of the month `months` after the month of `day`."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


@dataclass(frozen=True)
class Period:
    """Days from `start` up to, not including, `end`."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            message = "A period cannot end before it starts."
            raise ValueError(message)

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    def instants(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The half-open range of instants that the days cover in a zone."""
        return midnight(self.start, zone), midnight(self.end, zone)

    def previous(self) -> "Period":
        """The period of equal kind before this one: whole months stay whole months."""
        if self.start.day == 1 and self.end.day == 1:
            months = (self.end.year - self.start.year) * 12 + self.end.month - self.start.month
            return Period(add_months(self.start, -months), self.start)
        return Period(self.start - timedelta(days=self.days), self.start)

    def months(self) -> Iterator["Period"]:
        """The calendar months that the period touches, in order."""
        month = first_of_month(self.start)
        while month < self.end:
            following = add_months(month, 1)
            yield Period(month, following)
            month = following

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end


def month_of(day: date) -> Period:
    start = first_of_month(day)
    return Period(start, add_months(start, 1))


def quarter_of(day: date, fiscal_start: int = 1) -> Period:
    """The quarter that holds a day, for a fiscal year that starts in month `fiscal_start`."""
    offset = (day.month - fiscal_start) % 3
    start = add_months(day, -offset)
    return Period(start, add_months(start, 3))


def year_of(day: date, fiscal_start: int = 1) -> Period:
    """The fiscal year that holds a day."""
    offset = (day.month - fiscal_start) % 12
    start = add_months(day, -offset)
    return Period(start, add_months(start, 12))


def weekdays_between(start: date, end: date) -> int:
    """Number of days Monday to Friday in [start, end)."""
    if end <= start:
        return 0
    weeks, rest = divmod((end - start).days, 7)
    return weeks * 5 + sum((start + timedelta(days=n)).weekday() < 5 for n in range(rest))
