"""Pace on Today, on the board and in the rail: whose, which figures, how cheap."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from crm.lib.memo import remembering
from pipeline.deals.actions import edit_deal, win
from pipeline.figures import Whose, standings_of
from pipeline.work.quota_pace import panel_for, working_day
from teams.access import Permission, reach
from teams.models import Deputy, Role, Workspace
from tests.factories import NOW, make_deal, make_team, make_user, make_workspace, set_quota

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


@pytest.fixture(autouse=True)
def _clock(pipeline):
    with time_machine.travel(NOW, tick=False):
        yield


def ask(person, amount, month=NOVEMBER):
    set_quota(by=make_user(Role.ADMIN), at=NOW, subject=person, month=month, amount=Decimal(amount))


def sell(person, amount):
    win(deal_id=make_deal(person, value=amount).pk, by=person, at=NOW, version=None)


def get(user, url, **headers):
    client = Client(headers=headers)
    client.force_login(user)
    return client.get(url)


def test_who_sells_stands_with_her_own_quota(rep, other_rep):
    ask(rep, 1000)
    ask(rep, 500, DECEMBER)
    sell(rep, 400)
    sell(other_rep, 70)
    found = standings_of(rep, TODAY)
    assert (found.month.attained.achieved, found.month.attained.quota) == (400, 1000)
    assert (found.quarter.attained.achieved, found.quarter.attained.quota) == (400, 1500)


def test_who_leads_stands_with_her_teams(manager, rep, team, other_rep):
    below = make_user(team=make_team("Below", team))
    for person in (rep, below, other_rep):
        ask(person, 1000)
        sell(person, 100)
    found = standings_of(manager, TODAY)
    assert (found.month.attained.achieved, found.month.attained.quota) == (200, 2000)


def test_a_rep_who_stands_in_for_her_manager_keeps_her_own_pace(manager, rep, team):
    Deputy.objects.create(person=manager, deputy=rep, starts_on=TODAY - timedelta(days=1))
    ask(rep, 1000)
    ask(make_user(team=team), 9000)
    assert standings_of(rep, TODAY).whose == Whose(people=frozenset({rep.pk}))


def test_admins_and_people_without_a_quota_have_no_pace(admin, rep, other_rep):
    ask(rep, 1000)
    assert standings_of(admin, TODAY) is None
    assert standings_of(other_rep, TODAY) is None
    ask(other_rep, 0)
    assert standings_of(other_rep, TODAY) is None


def test_a_quarter_counts_while_the_month_has_no_quota(rep):
    ask(rep, 1000, DECEMBER)
    found = standings_of(rep, TODAY)
    assert (found.month, found.quarter.attained.quota) == (None, 1000)
    page = get(rep, "/today/")
    assert page.status_code == 200
    assert page.context["shell"].pace.period == "Quarter"


def test_committed_deals_of_the_month_stand_on_top(rep, other_rep):
    ask(rep, 1000)
    for owner, day, category in (
        (rep, NOVEMBER, "commit"),
        (rep, DECEMBER, "commit"),
        (rep, NOVEMBER, "best_case"),
        (other_rep, NOVEMBER, "commit"),
    ):
        deal = make_deal(owner, value=250, expected_close_date=day.replace(day=30))
        edit_deal(deal_id=deal.pk, by=owner, at=NOW, version=deal.version, changes={"forecast_category": category})
    panel = panel_for(rep, NOW)
    assert (panel.committed.count, panel.committed.value, panel.committed_share) == (1, 250, Decimal("0.25"))


def test_today_and_the_rail_show_the_pace(rep):
    ask(rep, 92_000)
    sell(rep, 30_000)
    page = get(rep, "/today/")
    text = page.content.decode()
    card = page.context["shell"].pace
    assert (card.won, card.quota, card.to_go, card.pace) == (30_000, 92_000, 62_000, "far-behind")
    assert card.words == "44 pts behind"  # 33 % of the quota, 16 of 21 working days
    assert card.name == "November: €30,000 of €92,000, 33%, 44 points behind pace"
    assert "working day 16 of 21" in text
    assert "Quota pace" in text


def test_the_board_shows_the_gap_and_renews_it_with_its_region(rep):
    ask(rep, 92_000)
    sell(rep, 30_000)
    assert "Gap to quota November" in get(rep, "/pipeline/").content.decode()
    answer = get(rep, "/pipeline/", **{"HX-Request": "true", "HX-Target": "board-region"}).content.decode()
    assert 'id="board-gap" hx-swap-oob="true"' in answer
    assert "€62.0k" in answer
    assert 'id="pace-card" hx-swap-oob="true"' in answer


def test_without_a_quota_nothing_is_shown(rep):
    page = get(rep, "/today/")
    assert page.context["shell"].pace is None
    assert "Quota pace" not in page.content.decode()
    assert "Gap to quota" not in get(rep, "/pipeline/").content.decode()


def test_days_off_are_no_working_days():
    make_workspace(holiday_country="DE", holiday_subdivision="BY")
    assert working_day(NOW).gone == 16
    assert working_day(NOW - timedelta(days=1)) is None  # Sunday
    assert working_day(NOW.replace(month=12, day=25)) is None


def test_the_working_day_is_that_of_the_workspace():
    make_workspace(time_zone="Pacific/Auckland")
    assert working_day(NOW.replace(hour=12)).gone == 17


@pytest.mark.parametrize("has_quota", [False, True])
def test_pace_is_cheap_and_asked_once(manager, rep, has_quota, django_assert_num_queries):
    if has_quota:
        ask(rep, 1000)
        sell(rep, 10)
    with remembering():
        reach(manager, Permission.QUOTA_VIEW)
        Workspace.get()
        with django_assert_num_queries(1):
            standings_of(manager, TODAY)
            standings_of(manager, TODAY)
