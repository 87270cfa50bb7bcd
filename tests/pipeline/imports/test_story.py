"""The story is worked out before anything is written: the same every time, and true to the files."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from pipeline.imports import maven
from pipeline.imports.story import texts
from pipeline.imports.story.deals import plan
from pipeline.imports.story.paths import LIMITS, closed_path, open_path
from pipeline.imports.story.quotas import LEAST, MOST, quotas, won_by_month
from pipeline.imports.story.timeline import Timeline
from pipeline.imports.story_actions import tell

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
YESTERDAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def files():
    return maven.read_files()


@pytest.fixture(scope="module")
def timeline(files):
    return Timeline(files.last_day, NOW, BERLIN)


@pytest.fixture(scope="module")
def story(files, timeline):
    return tell(files, timeline, "en")


@pytest.fixture(scope="module")
def plans(story, timeline):
    return [plan(outline, timeline) for outline in story.outlines]


def test_the_same_day_and_seed_tell_the_same(files, timeline, story):
    again = tell(files, timeline, "en")
    assert again == story


def test_another_language_tells_the_same_with_other_words(files, timeline, story, plans):
    german = tell(files, timeline, "de")
    told = [plan(outline, timeline) for outline in german.outlines]
    assert [(one.visits, one.value, one.closed_at) for one in told] == [
        (one.visits, one.value, one.closed_at) for one in plans
    ]
    assert {"Angebot schicken", "Erstes Telefonat"} <= {one.subject for one in german.activities}
    assert {one.subject for one in german.activities}.isdisjoint({"Send the proposal", "First call"})
    assert len(german.activities) == len(story.activities)


def test_the_last_recorded_day_is_yesterday(plans, timeline):
    closed = [one.closed_at.astimezone(BERLIN).date() for one in plans if one.closed_at]
    assert max(closed) == YESTERDAY
    assert (max(closed) - min(closed)) == date(2017, 12, 31) - date(2017, 3, 1)


def test_days_and_values_of_closed_deals_are_those_of_the_files(plans, timeline):
    shift = timedelta(days=timeline.shift)
    for one in plans:
        if one.closed_at:
            assert one.closed_at.astimezone(BERLIN).date() == one.row.closed_on + shift
            assert one.created_at.astimezone(BERLIN).date() <= one.row.engaged_on + shift
        if one.status == "won":
            assert one.value == one.row.value


def test_everything_happened_in_order_and_nothing_tomorrow(plans):
    for one in plans:
        moments = [entered for _stage, entered in one.visits]
        assert moments == sorted(moments)
        assert (one.closed_at or NOW) >= moments[-1]
        assert max(one.closed_at or moments[-1], *(change.at for change in one.changes), moments[-1]) < NOW
        assert all(change.at >= one.created_at for change in one.changes)


def test_stages_are_skipped_and_come_again_but_seldom(story):
    paths = [[stage for stage, _moment in outline.visits] for outline in story.outlines]
    back = sum(any(later < sooner for sooner, later in pairwise(path)) for path in paths)
    straight = sum(path == list(range(path[0], path[-1] + 1)) for path in paths)
    assert 0.01 < back / len(paths) < 0.1
    assert straight / len(paths) > 0.5
    assert all(sooner != later for path in paths for sooner, later in pairwise(path))


def test_deals_are_lost_in_every_stage_and_mostly_won_at_the_end(story):
    ends = Counter((outline.row.status, outline.stage) for outline in story.outlines)
    assert all(ends["lost", stage] > 100 for stage in range(5))
    assert ends["won", 0] == 0
    assert ends["won", 4] > 0.6 * sum(count for (status, _stage), count in ends.items() if status == "won")


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("days", [1, 2, 30, 138])
def test_a_closed_path_stays_between_its_days(seed, days):
    visits, end = closed_path(1000, 1000 + days, won=bool(seed % 2), rng=Random(seed))
    assert 1000 - 10 <= visits[0][1] < 1001
    assert visits[-1][1] < end < 1000 + days + 1


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("age", [1, 5, 20, 110])
def test_an_open_path_ends_before_today(seed, age):
    path = open_path(1000, age, is_new=age < 5, rng=Random(seed))
    moments = [moment for _stage, moment in path.visits]
    assert 1000 - age <= moments[0] <= moments[-1] < 1000
    assert path.contacted is None or moments[-1] < path.contacted < 1000


def test_most_open_deals_are_looked_after_and_some_are_stalled(story, timeline):
    still = [outline for outline in story.outlines if outline.closed is None]
    stalled = sum(
        timeline.today - (outline.contacted or outline.visits[-1][1]) > LIMITS[outline.stage] for outline in still
    )
    assert 0.08 < stalled / len(still) < 0.25
    assert all(timeline.today - outline.created <= 121 for outline in still)


def test_open_deals_have_a_value_around_the_list_price_but_for_a_few(files, plans):
    prices = {product.name: product.list_price for product in files.products}
    still = [one for one in plans if not one.closed_at]
    assert 0.02 < sum(one.value is None for one in still) / len(still) < 0.15
    assert all(
        Decimal("0.75") <= one.unit_price / prices[one.row.product] <= Decimal("1.25") for one in still if one.value
    )
    assert 0.7 < sum(bool(one.company) for one in still) / len(still) < 1


def test_close_dates_lie_ahead_with_some_passed_and_some_missing(plans):
    dates = []
    for one in plans:
        if not one.closed_at:
            later = [
                change.fields["expected_close_date"]
                for change in one.changes
                if change.fields.keys() & {"expected_close_date"}
            ]
            dates.append(later[-1] if later else one.expected_close_date)
    passed = sum(day is not None and day < NOW.date() for day in dates)
    assert 0.02 < passed / len(dates) < 0.1
    assert 0.03 < dates.count(None) / len(dates) < 0.25
    assert {day.month for day in dates if day and day >= NOW.date()} >= {11, 12, 1}


def test_quotas_lie_between_too_easy_and_out_of_reach(files, story, timeline):
    agents = [agent.name for agent in files.agents]
    amounts = quotas(story.outlines, agents, timeline=timeline, rng=Random("quotas"))
    won = won_by_month(story.outlines, timeline=timeline)
    complete = {cell: amount for cell, amount in amounts.items() if cell in won and cell[1] < date(2026, 11, 1)}
    assert {agent for agent, _month in amounts} == set(agents)
    assert len(complete) > 250
    assert all(LEAST <= won[cell] / amount <= MOST for cell, amount in complete.items())
    assert max(month for _agent, month in amounts) == date(2027, 1, 1)


def test_a_weekend_is_no_working_day(timeline):
    days = [timeline.working_day(ahead) for ahead in range(-30, 30) if ahead]
    assert all(day.weekday() < 5 for day in days)
    assert all(day < NOW.date() for day in days[:30])
    assert timeline.working_day(0) == NOW.date()


@pytest.mark.parametrize(
    "now", [datetime(2027, 1, 1, 0, 30, tzinfo=BERLIN), datetime(2028, 2, 29, 23, 59, tzinfo=BERLIN)]
)
def test_it_can_be_told_on_any_day(files, now):
    timeline = Timeline(files.last_day, now, BERLIN)
    story = tell(files, timeline, "de")
    told = [plan(outline, timeline) for outline in story.outlines]
    assert max(one.closed_at for one in told if one.closed_at).astimezone(BERLIN).date() == now.date() - timedelta(
        days=1
    )
    assert all(one.done_at < now for one in story.activities if one.done_at)
    months = quotas(story.outlines, ["Moses Frase", "Carl Lin"], timeline=timeline, rng=Random(1))
    assert {agent for agent, _month in months} == {"Moses Frase", "Carl Lin"}


def test_contacts_are_nobody_and_cannot_be_reached(story):
    contacts = [contact for company in story.companies.values() for contact in company.contacts]
    assert len(contacts) == len({(one.first_name, one.last_name) for one in contacts}) > 200
    assert all(one.email.endswith(".example") and one.email.isascii() for one in contacts)
    assert all("55501" in one.phone or one.phone.startswith("+493023125") for one in contacts if one.phone)
    assert len({one.email for one in contacts}) == len(contacts)


def test_every_phrase_has_both_languages():
    phrases = [value for value in vars(texts).values() if isinstance(value, texts.Phrase)]
    phrases += [*texts.SOURCES, *texts.PURPOSES, *texts.NEEDS, *texts.RESULTS, *texts.NOTES, *texts.OWN_TASKS]
    phrases += [subject for stage in texts.ACTIVITIES for _kind, subject in stage]
    assert all(phrase("en") and phrase("de") for phrase in phrases)
