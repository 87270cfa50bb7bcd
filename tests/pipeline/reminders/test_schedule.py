"""When reminders fire, on ordinary days and on the two days a year on which clocks change."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from pipeline.reminders import schedule
from pipeline.reminders.models import ReminderKind

BERLIN = ZoneInfo("Europe/Berlin")
DAY = schedule.DAY_MINUTES


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_minutes_are_elapsed_time_across_the_change_of_clocks() -> None:
    # 03:30 in summer time is an hour after 01:30 in winter time.
    assert schedule.timed(utc(2026, 3, 29, 1, 30), [60], BERLIN) == {utc(2026, 3, 29, 0, 30)}


def test_days_keep_the_wall_clock_time() -> None:
    # 10:00 on Sunday in summer time; 10:00 on Saturday was in winter time, 25 - 2 hours earlier.
    assert schedule.timed(utc(2026, 3, 29, 8, 0), [DAY], BERLIN) == {utc(2026, 3, 28, 9, 0)}


def test_a_time_that_does_not_exist_moves_forward_by_the_gap() -> None:
    # 02:30 on the day after; on the 29th the clock jumps from 02:00 to 03:00.
    assert schedule.timed(utc(2026, 3, 30, 0, 30), [DAY], BERLIN) == {utc(2026, 3, 29, 1, 30)}


def test_a_time_that_exists_twice_is_the_first() -> None:
    assert schedule.timed(utc(2026, 10, 26, 1, 30), [DAY], BERLIN) == {utc(2026, 10, 25, 0, 30)}


def test_all_day_items_remind_at_nine() -> None:
    assert schedule.all_day(date(2026, 10, 25), [0, DAY], BERLIN) == {utc(2026, 10, 25, 8), utc(2026, 10, 24, 7)}


def test_a_deal_reminds_four_times() -> None:
    assert schedule.of_deal(date(2026, 3, 29), BERLIN) == {
        ReminderKind.DEAL_CLOSES_IN_7_DAYS: utc(2026, 3, 22, 8),
        ReminderKind.DEAL_CLOSES_TOMORROW: utc(2026, 3, 28, 8),
        ReminderKind.DEAL_CLOSES_TODAY: utc(2026, 3, 29, 7),
        ReminderKind.DEAL_CLOSE_DATE_PASSED: utc(2026, 3, 30, 7),
    }


def test_snoozing_puts_off_and_reminds_once_more() -> None:
    early, until, late = utc(2026, 5, 4, 8), utc(2026, 5, 4, 9), utc(2026, 5, 4, 10)
    assert schedule.snoozed({early, late}, until) == {until, late}
