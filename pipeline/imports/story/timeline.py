"""The days of the story: those of the files, shifted so that the last one is yesterday."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from crm.lib.periods import local_date, local_instant

OPENS_AT = 8
WORKING_SECONDS = 10 * 60 * 60


@dataclass(frozen=True)
class Timeline:
    """Between planning and writing a moment is a number: days, with the part of the working day behind the point.

    `last_recorded` is the last day of the files, `at` the instant of loading.
    """

    last_recorded: date
    at: datetime
    zone: ZoneInfo

    @cached_property
    def today(self) -> int:
        return local_date(self.at, self.zone).toordinal()

    @cached_property
    def shift(self) -> int:
        """Days from what is recorded to what is told."""
        return self.today - 1 - self.last_recorded.toordinal()

    def shifted(self, day: date) -> int:
        return day.toordinal() + self.shift

    def instant(self, moment: float) -> datetime:
        """The instant of a moment; later moments are later instants, all between 08:00 and 18:00."""
        day, part = divmod(moment, 1)
        seconds = OPENS_AT * 60 * 60 + int(part * WORKING_SECONDS)
        clock = time(seconds // 3600, seconds // 60 % 60, seconds % 60)
        return local_instant(date.fromordinal(int(day)), clock, self.zone)

    def working_day(self, days_ahead: int) -> date:
        """So many days from today, and never on a weekend: later ones move on to Monday, earlier ones to Friday."""
        day = date.fromordinal(self.today + days_ahead)
        beyond = day.weekday() - 4
        if beyond <= 0 or days_ahead == 0:
            return day
        return day + timedelta(days=3 - beyond) if days_ahead > 0 else day - timedelta(days=beyond)
