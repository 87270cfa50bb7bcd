"""Working days: Monday to Friday without the public holidays of a country or a part of it."""

from datetime import date, timedelta
from functools import lru_cache

from crm.lib.periods import weekdays_between

SATURDAY = 5
ONE_DAY = timedelta(days=1)


def working_days(start: date, end: date, country: str = "", subdivision: str = "") -> int:
    """Working days in [start, end); without a country there are no holidays."""
    if end <= start:
        return 0
    last = end - ONE_DAY
    free = {day for year in range(start.year, last.year + 1) for day in public_holidays(country, subdivision, year)}
    return weekdays_between(start, end) - sum(start <= day < end and day.weekday() < SATURDAY for day in free)


@lru_cache(maxsize=256)
def public_holidays(country: str, subdivision: str, year: int) -> frozenset[date]:
    """The holidays of a year (ISO 3166 codes); none for a country that nobody knows."""
    if not country:
        return frozenset()
    # Loads the calendars of all countries: a fifth of a second that few processes need.
    import holidays  # noqa: PLC0415

    try:
        return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=year))
    except NotImplementedError:
        return frozenset()
