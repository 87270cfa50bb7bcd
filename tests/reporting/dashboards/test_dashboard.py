"""The dashboard shows each reader the figures of what she may see, and each figure opens its rows."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pipeline.deals import actions
from pipeline.models import Deal
from pipeline.stages.reason_actions import edit_reason
from teams.currencies.rates import rates_on
from teams.models import Quota, Role
from tests.factories import NOW, make_deal, make_reason, make_team, make_user, make_workspace
from tests.kept import forget

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(LATER, tick=False):
        yield


def tile(answer, name):
    return next(tile for tile in answer.context["tiles"] if tile.id == name)


def seen_by(client, person, query=""):
    client.force_login(person)
    answer = client.get(f"/dashboard/{query}")
    assert answer.status_code == 200
    return answer


def close(deal, by, at, outcome="won", **reason):
    known = {"deal_id": deal.pk, "by": by, "at": at, "version": None}
    if outcome == "won":
        return actions.win(**known)
    return actions.lose(reason=make_reason("lost", **reason), **known)


def make_quota(user, month, amount):
    return Quota.objects.create(user=user, month=month, amount=amount, currency="EUR", set_at=NOW)


# --- Figures and their rows --------------------------------------------------------------------------


def test_without_deals_figures_are_undefined_not_zero(client, rep, pipeline):
    answer = seen_by(client, rep)
    for name in ("average-deal-size", "win-rate", "time-to-close", "sales-velocity"):
        assert tile(answer, name).value == "–"
        assert tile(answer, name).undefined_reason
    assert tile(answer, "deals-in-funnel").value == "0"
    assert answer.context["funnel"] is None


def test_without_a_pipeline_there_is_a_page(client, admin):
    assert seen_by(client, admin).context["funnel"] is None


def test_one_deal(client, rep, pipeline):
    make_deal(rep, value=500)
    answer = seen_by(client, rep)
    assert tile(answer, "deals-in-funnel").value == "1"
    assert tile(answer, "average-deal-size").value == "€500"
    assert tile(answer, "win-rate").value == "–"


def test_deals_without_a_value_have_no_size(client, rep, pipeline):
    make_deal(rep, value=None)
    size = tile(seen_by(client, rep), "average-deal-size")
    assert (size.value, size.left_out) == ("–", "1 without value")


def test_each_reader_gets_the_figures_of_her_own_deals(client, rep, manager, other_rep, pipeline):
    for owner in (rep, other_rep):
        deals = [make_deal(owner) for _number in range(3)]
        close(deals[0], owner, NOW)
        close(deals[1], owner, NOW, "lost")
    for reader in (rep, manager):
        answer = seen_by(client, reader)
        assert tile(answer, "deals-in-funnel").value == "1"
        assert tile(answer, "win-rate").value == "1 of 2"
        assert tile(answer, "win-rate").few


@pytest.mark.parametrize("basis", ["open", "won"])
def test_every_tile_opens_as_many_rows_as_it_counts(client, rep, manager, pipeline, basis):
    deals = [make_deal(rep, value=value) for value in (100, 200, None, 400, 800, None)]
    close(deals[0], rep, NOW)
    close(deals[5], rep, NOW)
    close(deals[1], rep, NOW, "lost")
    close(deals[4], rep, NOW, "lost", counts_in_win_rate=False)
    answer = seen_by(client, manager, f"?size_basis={basis}")
    expected = {
        "deals-in-funnel": (2, 400),
        "average-deal-size": (1, 400 if basis == "open" else 100),
        "win-rate": (3, 300),
        "time-to-close": (2, 100),
        "sales-velocity": (2, 100),
    }
    for name, (count, value) in expected.items():
        totals = client.get(tile(answer, name).url).context["totals"]
        assert (totals.count, totals.value) == (count, value), name
    assert "1 loss left out" in tile(answer, "win-rate").left_out


def test_the_rows_of_a_tile_lead_back_to_it_by_its_name(client, rep, pipeline):
    make_deal(rep)
    answer = seen_by(client, rep)
    for one in answer.context["tiles"]:
        page = client.get(one.url, headers={"Referer": "http://testserver/dashboard/"}, follow=True)
        assert f"Back to {one.label}" in page.content.decode()
        assert "not understood" not in page.content.decode()
    plain = client.get("/deals/?figure=nonsense&back=/dashboard/").content.decode()
    assert "Back to the figure" in plain


def test_the_five_figures_multiply(client, admin, rep, pipeline):
    for number in range(24):
        deal = make_deal(rep, value=1000 + number, at=NOW - timedelta(days=20))
        if number % 2:
            close(deal, rep, NOW, "won" if number % 3 else "lost")
    answer = seen_by(client, admin)
    velocity = tile(answer, "sales-velocity")
    assert "12 × " in velocity.arithmetic
    assert velocity.arithmetic.endswith(velocity.exact)
    assert velocity.warning == "Only 12 closed, few data."
    assert velocity.longer_url == "?period=year"
    assert not tile(seen_by(client, admin, velocity.longer_url), "sales-velocity").longer_url


def test_the_page_and_the_api_give_the_same_figures(client, admin, rep, pipeline):
    for number in range(30):
        deal = make_deal(rep, value=100 * number, at=NOW - timedelta(days=number))
        if number % 3:
            close(deal, rep, NOW, "won" if number % 2 else "lost")
    answer = seen_by(client, admin, f"?owner={rep.pk}")
    body = client.get(f"/api/v1/metrics/funnel/?owner={rep.pk}").json()
    assert tile(answer, "deals-in-funnel").value == str(body["deals_in_funnel"]["value"])
    rate, size = body["win_rate"], body["average_deal_size"]
    assert tile(answer, "win-rate").sample == f"{rate['won']} of {rate['won'] + rate['lost']}"
    assert tile(answer, "average-deal-size").exact == f"€{round(Decimal(size['value'])):,}"
    assert tile(answer, "time-to-close").value == f"{body['average_time_to_close']['value']:.1f} d"
    assert tile(answer, "sales-velocity").exact == f"€{round(Decimal(body['sales_velocity']['value'])):,}"


def test_the_funnel_the_months_and_the_reasons_open_their_rows(client, admin, rep, pipeline):
    first, second, third = pipeline.stages.order_by("position")
    for value, stage, outcome in ((1, first, "lost"), (20, second, "lost"), (300, third, "won"), (4000, first, "won")):
        deal = make_deal(rep, value=value, at=NOW - timedelta(days=9))
        if stage != first:
            actions.move_to_stage(deal_id=deal.pk, stage_id=stage.pk, by=rep, at=NOW - timedelta(days=5), version=None)
        close(deal, rep, NOW, outcome)
    answer = seen_by(client, admin)
    funnel = answer.context["funnel"]
    assert [(row.label, row.count) for row in funnel.rows] == [
        ("Qualify", "4"),
        ("Proposal", "3"),
        ("Negotiation", "2"),
        ("Won", "2"),
    ]
    for row, value in zip(funnel.rows, (4321, 4320, 4300, 4300), strict=True):
        totals = client.get(row.url).context["totals"]
        assert (str(totals.count), totals.value) == (row.count, value)
    assert client.get(funnel.note_url).context["totals"].count == funnel.note_count == 1
    lost, won = answer.context["outcomes"]
    assert (lost.count, won.count) == (2, 2)
    for outcome in (lost, won):
        assert sum(row.share for row in outcome.rows) == pytest.approx(1)
        assert [client.get(row.url).context["totals"].count for row in outcome.rows] == [
            round(row.share * outcome.count) for row in outcome.rows
        ]
    november = next(month for month in answer.context["months"] if month.month == date(2026, 11, 1))
    assert november.won == client.get(november.column.url).context["totals"].value == 4300


# --- What the address chooses ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "team=99999999999999999999&period=never&pipeline=x%00",
        "owner=-1&territory=%C2%B2",
        "period=custom&from=2026-13-01&to=2026-01-01",
        "period=custom&from=0001-01-01&to=9999-12-31",
        "compare=everything&size_basis=closed&colour=red",
    ],
)
def test_what_is_not_understood_narrows_nothing_and_is_named(client, manager, rep, pipeline, query):
    make_deal(rep)
    answer = seen_by(client, manager, f"?{query}")
    assert tile(answer, "deals-in-funnel").value == "1"
    notice = str(next(iter(answer.context["messages"])))
    assert all(part.partition("=")[0] in notice for part in query.split("&") if part != "period=custom")


@pytest.mark.parametrize(
    ("query", "won"),
    [
        ("period=month", 1),
        ("period=last-month", 2),
        ("period=quarter", 3),
        ("period=last-quarter", 0),
        ("period=year", 7),
        ("period=2026", 7),
        ("period=last-year", 8),
        ("period=custom&from=2026-10-05&to=2026-10-05", 2),
        ("period=custom&from=2026-10-06&to=2026-11-23", 1),
    ],
)
def test_periods(client, admin, rep, pipeline, query, won):
    days = [(2026, 11, 2)] + [(2026, 10, 5)] * 2 + [(2026, 2, 3)] * 4 + [(2025, 12, 31)] * 8
    for day in days:
        deal = make_deal(rep, at=datetime(2025, 6, 1, tzinfo=UTC))
        close(deal, admin, datetime(*day, 12, tzinfo=UTC))
    rate = tile(seen_by(client, admin, f"?{query}"), "time-to-close")
    assert client.get(rate.url).context["totals"].count == won


def test_whose_deals(client, admin, rep, other_rep, team, pipeline):
    make_deal(rep)
    for _number in range(2):
        make_deal(other_rep)
    for query, count in (("", 3), (f"?owner={other_rep.pk}", 2), (f"?team={team.pk}", 1), ("?owner=me", 0)):
        assert tile(seen_by(client, admin, query), "deals-in-funnel").value == str(count)


def test_a_running_quarter_is_compared_with_the_same_working_day(client, admin, rep, pipeline):
    make_deal(rep, at=datetime(2026, 7, 1, tzinfo=UTC))
    make_deal(rep, at=datetime(2026, 9, 20, tzinfo=UTC))
    answer = seen_by(client, admin)
    # The 38th working day of the quarter is Monday 23 November; that of the third was Friday 21 August.
    assert answer.context["heading"].compared == "Compared with Q3, day 38"
    count = tile(answer, "deals-in-funnel")
    assert (count.value, count.before, count.change, count.change_tone) == ("2", "Q3 1", "100.0%", "good")
    year = seen_by(client, admin, "?compare=last-year")
    assert year.context["heading"].compared == "Compared with Q4 2025, day 38"
    none = seen_by(client, admin, "?compare=none")
    assert tile(none, "deals-in-funnel").before == ""


def test_faster_is_better(client, admin, rep, pipeline):
    for number in range(20):
        at = NOW - timedelta(days=1 if number % 2 else 100)
        close(make_deal(rep, at=at - timedelta(days=5 if number % 2 else 10)), admin, at)
    time = tile(seen_by(client, admin), "time-to-close")
    assert (time.change_icon, time.change_tone, time.change) == ("arrow-down-right", "good", "5.0 d")


def test_the_form_shows_what_is_chosen(client, rep, pipeline):
    client.force_login(rep)
    answer = client.get(f"/dashboard/narrow/?pipeline={pipeline.pk}&period=custom&from=2026-01-01&to=2026-02-01")
    html = answer.content.decode()
    assert f'<option value="{pipeline.pk}" selected>' in html
    assert 'name="from" value="2026-01-01"' in html
    assert 'action="/dashboard/"' in html


# --- Time zones --------------------------------------------------------------------------------------


def test_the_last_minutes_of_a_month_belong_to_it_in_the_zone_of_the_workspace(client, admin, rep, pipeline):
    make_workspace(time_zone="Europe/Berlin")
    berlin = ZoneInfo("Europe/Berlin")
    for minute, month in (
        (datetime(2026, 10, 31, 23, 55, tzinfo=berlin), 10),
        (datetime(2026, 11, 1, 0, 5, tzinfo=berlin), 11),
    ):
        close(make_deal(rep, value=month, at=minute - timedelta(days=3)), admin, minute.astimezone(UTC))
    october, november = seen_by(client, admin, "?period=last-month"), seen_by(client, admin, "?period=month")
    assert [client.get(tile(page, "time-to-close").url).context["totals"].value for page in (october, november)] == [
        10,
        11,
    ]


def test_the_zone_of_the_viewer_changes_no_figure(client, admin, rep, pipeline):
    make_workspace(time_zone="Europe/Berlin")
    for hour in range(0, 48, 3):
        at = datetime(2026, 10, 31, tzinfo=UTC) + timedelta(hours=hour)
        close(make_deal(rep, value=hour, at=at - timedelta(days=4)), admin, at)
    found = []
    for zone in ("Pacific/Auckland", "America/Los_Angeles"):
        admin.time_zone = zone
        admin.save()
        forget()
        answer = seen_by(client, admin, "?period=last-month")
        found.append([(one.value, one.sample, one.arithmetic) for one in answer.context["tiles"]])
    assert found[0] == found[1]


def test_the_hour_that_the_clocks_take_is_not_lost(client, admin, rep, pipeline):
    make_workspace(time_zone="Europe/Berlin")
    opened = datetime(2026, 3, 28, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    closed = datetime(2026, 3, 29, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    close(make_deal(rep, at=opened.astimezone(UTC)), admin, closed.astimezone(UTC))
    answer = client.get("/") and seen_by(client, admin, "?period=custom&from=2026-03-29&to=2026-03-29")
    # A day of 23 hours: physical time, so that the times in stages add up to it.
    assert tile(answer, "time-to-close").value == "1.0 d"
    body = client.get("/api/v1/metrics/funnel/?start=2026-03-29&end=2026-03-30").json()
    assert body["average_time_to_close"]["value"] == pytest.approx(23 / 24)


# --- Quotas ------------------------------------------------------------------------------------------


def test_the_card_holds_credit_against_quota(client, rep, manager, pipeline):
    for month in (10, 11, 12):
        make_quota(rep, date(2026, month, 1), 1000)
    close(make_deal(rep, value=1500), rep, NOW)
    for reader in (rep, manager):
        card = seen_by(client, reader).context["card"]
        assert (card.attained.achieved, card.attained.quota, card.attained.share) == (1500, 3000, Decimal("0.5"))
    assert seen_by(client, manager, f"?pipeline={pipeline.pk}").context["card"] is None


def test_the_card_names_the_teams_below(client, rep, other_rep, manager, admin, team, pipeline):
    for person, amount in ((rep, 1000), (other_rep, 500)):
        make_quota(person, date(2026, 11, 1), amount)
    close(make_deal(rep, value=600), rep, NOW)
    teams = seen_by(client, admin).context["teams"]
    assert [(one.name, one.share) for one in teams] == [("North", Decimal("0.6")), ("South", 0)]
    assert seen_by(client, admin, teams[0].url).context["card"].attained.share == Decimal("0.6")
    assert not seen_by(client, manager).context["teams"]
    assert not seen_by(client, rep).context["teams"]


def test_a_rep_sees_no_quota_of_others(client, rep, other_rep, team, pipeline):
    make_quota(other_rep, date(2026, 11, 1), 1000)
    for query in ("", f"?owner={other_rep.pk}", f"?team={team.pk}"):
        answer = seen_by(client, rep, query)
        assert answer.context["card"] is None
        assert all(not month.quota for month in answer.context["months"])


def board_of(client, person, leaderboard="names"):
    make_workspace(leaderboard=leaderboard)
    return seen_by(client, person).context["leaderboard"]


@pytest.fixture
def ranked(team, pipeline):
    people = [make_user(team=team, last_name=f"Rank{number}") for number in range(7)]
    for number, person in enumerate(people):
        make_quota(person, date(2026, 11, 1), 100 * (number + 1))
        close(make_deal(person, value=1000), person, NOW)
    return people


def test_the_leaderboard_is_the_first_five_and_oneself(client, ranked):
    board = board_of(client, ranked[6])
    assert [(rank.place, rank.name.split()[-1], rank.is_own) for rank in board.ranks] == [
        *((place, f"Rank{place - 1}", False) for place in range(1, 6)),
        (7, "Rank6", True),
    ]
    assert [rank.skipped for rank in board.ranks] == [0, 0, 0, 0, 0, 1]
    assert not any(rank.url for rank in board.ranks[:5])
    assert (board.people, board.skipped) == (7, 0)


def test_a_rep_is_not_told_who_is_last(client, ranked):
    board = board_of(client, ranked[0])
    assert [rank.place for rank in board.ranks] == [1, 2, 3, 4, 5]
    assert board.skipped == 2


def test_who_leads_sees_the_last_two_of_those_she_leads(client, ranked, team):
    others = [make_user(team=make_team(), last_name=f"Other{number}") for number in range(3)]
    for person in others:
        make_quota(person, date(2026, 11, 1), 100_000)
        close(make_deal(person, value=1), person, NOW)
    board = board_of(client, make_user(Role.MANAGER, manages=team))
    assert [rank.place for rank in board.ranks] == [1, 2, 3, 4, 5, 6, 7]
    assert {rank.team for rank in board.ranks} == {team.name}
    assert board.skipped == 3
    assert [rank.place for rank in board_of(client, make_user(Role.ADMIN)).ranks] == [1, 2, 3, 4, 5, 8, 8]


def test_an_anonymous_leaderboard_names_only_oneself(client, ranked):
    board = board_of(client, ranked[2], "anonymous")
    assert [rank.name.split()[-1] if rank.name else "" for rank in board.ranks] == ["", "", "Rank2", "", ""]
    assert all(person.last_name not in client.get("/dashboard/").content.decode() for person in ranked[:2])


def test_a_leaderboard_can_be_off(client, ranked, admin):
    assert board_of(client, admin, "off") is None


def test_those_who_may_not_see_figures_have_no_dashboard(client, workspace):
    client.force_login(make_user(Role.CONTENT))
    assert client.get("/dashboard/").status_code == 403
    assert client.get("/dashboard/narrow/").status_code == 403


def test_at_the_instant_of_its_end_a_period_is_over(client, rep, pipeline):
    make_workspace(time_zone="Europe/Berlin")
    make_deal(rep, at=NOW)
    zone = ZoneInfo("Europe/Berlin")
    counts = []
    for moment in (datetime(2027, 1, 1, tzinfo=zone), datetime(2027, 1, 1, 0, 0, 1, tzinfo=zone)):
        forget()
        with time_machine.travel(moment, tick=False):
            counts.append(tile(seen_by(client, rep), "deals-in-funnel").values)
    assert counts == [[0] * 10 + [1, 1]] * 2


# --- What it costs -----------------------------------------------------------------------------------


def count_queries(client, query=""):
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(f"/dashboard/{query}").status_code == 200
    return len(asked)


@pytest.mark.parametrize("role", ["rep", "manager", "admin"])
def test_the_number_of_queries_does_not_grow_with_the_deals(client, request, rep, pipeline, role):
    make_quota(rep, date(2026, 11, 1), 1000)
    client.force_login(request.getfixturevalue(role))
    close(make_deal(rep), rep, NOW)
    client.get("/dashboard/")
    forget()
    rates_on(NOW.date())  # kept for everybody, whatever is asked
    few = count_queries(client)
    kept = count_queries(client)
    for number in range(30):
        deal = make_deal(rep, value=number, at=NOW - timedelta(days=10 * number))
        if number % 3:
            close(deal, rep, timezone.now(), "won" if number % 2 else "lost")
    assert count_queries(client) == few
    assert kept < few - 8


def test_what_is_kept_ends_when_something_is_set_up_otherwise(client, admin, rep, pipeline):
    deal = make_deal(rep)
    close(deal, rep, NOW, "lost")
    win_rate = tile(seen_by(client, admin), "win-rate").value
    reason = Deal.objects.get(pk=deal.pk).close_reason
    edit_reason(by=admin, reason_id=reason.pk, version=reason.version, changes={"counts_in_win_rate": False})
    assert tile(seen_by(client, admin), "win-rate").value != win_rate


def test_quotas_of_a_rep_do_not_stand_beside_what_others_won(client, rep, team, pipeline):
    make_workspace(rep_visibility="team")
    make_quota(rep, date(2026, 11, 1), 1000)
    colleague = make_user(team=team)
    close(make_deal(colleague, value=5000), colleague, NOW)
    answer = seen_by(client, rep)
    assert all(month.quota is None for month in answer.context["months"])
    own = seen_by(client, rep, f"?owner={rep.pk}")
    assert any(month.quota for month in own.context["months"])


def test_what_is_kept_ends_with_the_next_change_of_a_deal(client, rep, pipeline):
    deal = make_deal(rep)
    assert tile(seen_by(client, rep), "deals-in-funnel").value == "1"
    actions.archive(deal_id=deal.pk, by=rep, at=NOW)
    assert tile(seen_by(client, rep), "deals-in-funnel").value == "0"
