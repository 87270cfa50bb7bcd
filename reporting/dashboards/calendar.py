"""The periods that a dashboard offers, by the names that stand in its address, and those they are compared with."""

import re
from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.lib.periods import Period, add_months, month_of, quarter_of, year_of
from crm.templatetags.formats import day, day_year, month, month_year
from pipeline.figures import days_of
from teams.models import Workspace

ONE_DAY = timedelta(days=1)
YEAR = 12
QUARTER = 3
CUSTOM = "custom"
# A period of one's own: within these days, and not longer than that.
FIRST_DAY, LAST_DAY, LONGEST = date(1990, 1, 1), date(2100, 1, 1), timedelta(days=3 * 366)

PERIODS = {
    "month": gettext_lazy("This month"),
    "last-month": gettext_lazy("Last month"),
    "quarter": gettext_lazy("This quarter"),
    "last-quarter": gettext_lazy("Last quarter"),
    "year": gettext_lazy("This year"),
    "last-year": gettext_lazy("Last year"),
}
# What to look at where a period holds too few closings.
LONGER = {"month": "quarter", "last-month": "last-quarter", "quarter": "year", "last-quarter": "last-year"}


class Comparison(StrEnum):
    PREVIOUS = "previous"
    LAST_YEAR = "last-year"
    NONE = "none"


COMPARISONS = {
    Comparison.PREVIOUS: gettext_lazy("Previous period"),
    Comparison.LAST_YEAR: gettext_lazy("Same period last year"),
    Comparison.NONE: gettext_lazy("No comparison"),
}


def named_period(name: str, today: date, workspace: Workspace) -> Period | None:
    """The days of a period of the workspace's calendar by its name or its year; None for another name."""
    start = workspace.fiscal_start_month
    if re.fullmatch(r"(19|20)\d\d", name, re.ASCII):
        return year_of(date(int(name), start, 1), start)
    periods = {
        "month": month_of(today),
        "last-month": month_of(today).previous(),
        "quarter": quarter_of(today, start),
        "last-quarter": quarter_of(today, start).previous(),
        "year": year_of(today, start),
        "last-year": year_of(today, start).previous(),
    }
    return periods.get(name)


def own_period(first: date, last: date) -> Period | None:
    """From one day to another, both included; None where that is no sensible period."""
    fits = FIRST_DAY <= first <= last < LAST_DAY and last - first <= LONGEST
    return Period(first, last + ONE_DAY) if fits else None


@dataclass(frozen=True)
class Earlier:
    """What a period is compared with: while it runs, up to the same working day (`day`, from 1) of the other."""

    whole: Period
    period: Period
    day: int | None = None


def earlier(period: Period, comparison: Comparison, today: date, workspace: Workspace) -> Earlier | None:
    """The period to compare with; None without a comparison or before the period begins."""
    if comparison == Comparison.NONE or period.start > today:
        return None
    whole = period.previous() if comparison == Comparison.PREVIOUS else _year_before(period)
    if period.end <= today:
        return Earlier(whole, whole)
    gone = days_of(period, today, workspace).gone
    offsets = range(whole.days)
    length = bisect_left(
        offsets, max(gone, 1), key=lambda days: days_of(whole, whole.start + timedelta(days=days), workspace).gone
    )
    end = min(whole.start + timedelta(days=length + 1), whole.end)
    return Earlier(whole, Period(whole.start, end), max(gone, 1))


def past_periods(period: Period, count: int) -> list[Period]:
    """The `count` periods of the same kind before this one, the oldest first."""
    found = [period]
    while len(found) <= count:
        found.append(found[-1].previous())
    return found[:0:-1]


def in_words(period: Period, workspace: Workspace) -> str:
    """Q4 2026, November 2026, 2026, 2026/27, 1 Oct – 15 Nov 2026."""
    months = _whole_months(period)
    if months == 1:
        return month_year(period.start)
    if months == QUARTER and _quarter(period, workspace):
        return f"{_quarter(period, workspace)} {_fiscal_year(period.start, workspace)}"
    if months == YEAR and period.start.month == workspace.fiscal_start_month:
        return _fiscal_year(period.start, workspace)
    return f"{day(period.start, period.end)} – {day_year(period.end - ONE_DAY)}"


def in_short(period: Period, workspace: Workspace) -> str:
    """Q3, October, 2025: where the year is clear."""
    months = _whole_months(period)
    if months == 1:
        return month(period.start)
    if months == QUARTER and _quarter(period, workspace):
        return _quarter(period, workspace)
    return in_words(period, workspace)


def compared_with(other: Earlier, period: Period, workspace: Workspace) -> str:
    """Q3, day 34. With the year where the periods differ by it."""
    same_year = _fiscal_year(other.whole.start, workspace) == _fiscal_year(period.start, workspace)
    name = (in_short if same_year else in_words)(other.whole, workspace)
    if other.day is None:
        return name
    return _("%(period)s, day %(day)s") % {"period": name, "day": other.day}


def _year_before(period: Period) -> Period:
    if _whole_months(period):
        return Period(add_months(period.start, -YEAR), add_months(period.end, -YEAR))
    start = _same_day(period.start, period.start.year - 1)
    return Period(start, start + timedelta(days=period.days))


def _same_day(day_: date, year: int) -> date:
    try:
        return day_.replace(year=year)
    except ValueError:
        return day_.replace(year=year, day=28)


def _whole_months(period: Period) -> int:
    if period.start.day != 1 or period.end.day != 1:
        return 0
    return (period.end.year - period.start.year) * YEAR + period.end.month - period.start.month


def _quarter(period: Period, workspace: Workspace) -> str:
    place, rest = divmod((period.start.month - workspace.fiscal_start_month) % YEAR, QUARTER)
    return "" if rest else _("Q%(number)s") % {"number": place + 1}


def _fiscal_year(start: date, workspace: Workspace) -> str:
    first = year_of(start, workspace.fiscal_start_month).start
    return str(first.year) if first.month == 1 else f"{first.year}/{(first.year + 1) % 100:02d}"
