"""Pace by working days: today counts, holidays do not, the limits are those of the workspace."""

from datetime import date
from decimal import Decimal

import pytest

from crm.lib.periods import month_of, quarter_of
from crm.lib.workdays import working_days
from pipeline.figures import Attainment, days_of, pace
from teams.models import Workspace

NOVEMBER = month_of(date(2026, 11, 1))
TODAY = date(2026, 11, 17)
WORKSPACE = Workspace(currency="EUR")


def stands(achieved, quota, today=TODAY, workspace=WORKSPACE):
    quota = None if quota is None else Decimal(quota)
    return pace(Attainment(Decimal(achieved), quota), NOVEMBER, today, workspace)


def test_the_day_that_has_begun_counts():
    days = days_of(NOVEMBER, TODAY, WORKSPACE)
    assert (days.gone, days.all) == (12, 21)


@pytest.mark.parametrize(
    ("today", "gone"),
    [
        (date(2026, 10, 31), 0),
        (date(2026, 11, 1), 0),  # a Sunday
        (date(2026, 11, 2), 1),
        (date(2026, 11, 30), 21),
        (date(2027, 2, 1), 21),
    ],
)
def test_before_and_after_the_period(today, gone):
    assert days_of(NOVEMBER, today, WORKSPACE).gone == gone


def test_holidays_of_country_and_part_are_free():
    bavaria = Workspace(holiday_country="DE", holiday_subdivision="BY")
    january = month_of(date(2026, 1, 1))
    assert days_of(january, date(2026, 1, 31), WORKSPACE).all == 22
    assert days_of(january, date(2026, 1, 31), Workspace(holiday_country="DE")).all == 21
    assert days_of(january, date(2026, 1, 31), bavaria).all == 20  # Epiphany


@pytest.mark.parametrize(("country", "part"), [("XX", ""), ("DE", "ZZ"), ("", "BY")])
def test_unknown_countries_have_no_holidays(country, part):
    assert working_days(date(2026, 1, 1), date(2026, 2, 1), country, part) == 22


def test_holidays_of_both_years_count():
    assert working_days(date(2026, 12, 24), date(2027, 1, 2), "DE") == 5
    assert working_days(date(2027, 1, 2), date(2026, 12, 24), "DE") == 0


def test_the_sentence_of_the_design():
    found = stands(61_400, 92_000)
    assert (found.points, found.state, found.words) == (10, "on", "10 pts ahead")
    assert found.spoken == "10 points ahead of pace"
    assert found.expected.quantize(Decimal("0.01")) == Decimal("52571.43")


@pytest.mark.parametrize(
    ("achieved", "state"), [(54, "on"), (Decimal("53.99"), "behind"), (45, "behind"), (Decimal("44.99"), "far-behind")]
)
def test_the_limits_are_part_of_their_band(achieved, state):
    assert stands(achieved, 105).state == state  # 60 expected: 90 % are 54, 75 % are 45


def test_the_limits_are_settings():
    strict = Workspace(pace_behind=Decimal("0.99"), pace_far_behind=Decimal("0.95"))
    assert stands(58, 105, workspace=strict).state == "behind"
    assert stands(56, 105, workspace=strict).state == "far-behind"


@pytest.mark.parametrize(("achieved", "words"), [(59, "On pace"), (61, "On pace"), (50, "10 pts behind")])
def test_words_of_pace(achieved, words):
    assert stands(achieved, 105).words == words


@pytest.mark.parametrize("quota", [None, 0])
def test_without_a_quota_there_is_no_pace(quota):
    assert stands(10, quota) is None


def test_nothing_is_expected_before_the_first_working_day():
    found = stands(0, 100, today=date(2026, 11, 1))
    assert (found.expected, found.index, found.state, found.words) == (0, None, "on", "On pace")


def test_quarters_are_periods_too():
    days = days_of(quarter_of(TODAY), TODAY, WORKSPACE)
    assert (days.gone, days.all) == (34, 66)
