"""The daily copy of the pipeline: what the day looked like at its end in the workspace zone, once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from pipeline.deals import actions
from reporting.models import PipelineSnapshot
from reporting.snapshots.actions import days_missing, take
from reporting.tasks import take_snapshots
from tests.factories import make_deal, make_user, make_workspace

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
# Midnight in New York, where the workspace is.
START, END = datetime(2026, 11, 20, 5, tzinfo=UTC), datetime(2026, 11, 21, 5, tzinfo=UTC)


@pytest.fixture
def admin():
    make_workspace(time_zone="America/New_York")
    return make_user("admin")


def days(**fields):
    return list(PipelineSnapshot.objects.filter(**fields).order_by("day", "deal_id").values_list("day", flat=True))


def test_open_deals_and_those_closed_on_the_day_are_copied_as_they_were(admin):
    before = START - timedelta(days=3)
    still_open, won, won_later, won_before, archived = (make_deal(admin, value=100, at=before) for _ in range(5))
    for deal, at in ((won_before, START), (won, END), (won_later, END + timedelta(seconds=1))):
        actions.win(deal_id=deal.pk, by=admin, at=at - timedelta(seconds=1), version=None)
    actions.archive(deal_id=archived.pk, by=admin, at=START)
    actions.edit_deal(deal_id=still_open.pk, by=admin, at=END, version=None, changes={"value": Decimal(999)})
    make_deal(admin, at=END)
    assert take(DAY, now=END) == 3
    rows = {row.deal_id: row for row in PipelineSnapshot.objects.all()}
    assert {pk: row.status for pk, row in rows.items()} == {
        still_open.pk: "open",
        won.pk: "won",
        won_later.pk: "open",
    }
    assert rows[still_open.pk].value == 100
    assert not rows[still_open.pk].reconstructed


def test_a_day_is_taken_once_and_not_before_it_ends(admin):
    deal = make_deal(admin, at=START)
    assert take(DAY, now=END - timedelta(microseconds=1)) == 0
    assert take(DAY, now=END) == 1
    actions.win(deal_id=deal.pk, by=admin, at=START + timedelta(hours=1), version=None)
    assert take(DAY, now=END + timedelta(days=1)) == 0
    assert PipelineSnapshot.objects.get().status == "open"


def test_a_late_run_fills_the_days_it_missed_and_says_so(admin):
    make_deal(admin, at=START)
    with time_machine.travel(END + timedelta(hours=1), tick=False):
        take_snapshots()
    with time_machine.travel(END + timedelta(days=3, hours=1), tick=False):
        take_snapshots()
        take_snapshots()
    assert days() == [DAY + timedelta(days=number) for number in range(4)]
    assert days(reconstructed=True) == [DAY + timedelta(days=number) for number in (1, 2)]


def test_the_first_run_takes_yesterday(admin):
    assert days_missing(DAY) == [DAY - timedelta(days=1)]


def test_the_day_on_which_the_clocks_change_has_its_own_length(admin):
    first = datetime(2026, 11, 1, 4, tzinfo=UTC)
    make_deal(admin, at=first + timedelta(hours=24, minutes=30))
    assert take(date(2026, 11, 1), now=first + timedelta(hours=24, minutes=59)) == 0
    assert take(date(2026, 11, 1), now=first + timedelta(hours=25)) == 1
