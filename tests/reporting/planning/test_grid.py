"""The quota grid: whose lines, which sums, cells by htmx and by form, conflicts, history, a fixed number of queries."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from pipeline.deals.actions import win
from reporting.planning.grid import grid_for, total
from teams.models import Quota, Role, TeamMembership
from teams.quotas.actions import QuotaChange, set_quotas
from tests.factories import NOW, make_deal, make_team, make_user, make_workspace

pytestmark = pytest.mark.django_db

MONTHS = [date(2026, month, 1) for month in range(1, 13)]


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def as_user():
    def signed_in(user, **headers):
        client = Client(headers=headers)
        client.force_login(user)
        return client

    return signed_in


def ask(by, subject, amount, *months):
    changes = [QuotaChange(subject, month, Decimal(amount)) for month in months or MONTHS]
    set_quotas(by=by, at=NOW, changes=changes)


def lines(grid):
    return [(line.kind, line.label, line.year) for line in grid.shown]


def cell_name(month, version=0):
    return f"2026-{month:02}-v{version}"


def person_url(person, year=2026):
    return reverse("quota-person", args=[year, person.pk])


def save(client, person, month, amount, version=0):
    return client.post(person_url(person), {cell_name(month, version): amount}, headers={"HX-Request": "true"})


# --- whose lines --------------------------------------------------------------------------------------


def test_an_admin_sees_the_tree_with_everybody(admin, rep, other_rep, manager):
    ask(admin, rep, 100)
    ask(admin, other_rep, 10)
    assert lines(grid_for(admin, 2026)) == [
        ("team", "Company", 1320),
        ("team", "North", 1200),
        ("person", "Rita Rep", 1200),
        ("team", "South", 120),
        ("person", "Otto Other", 120),
    ]


def test_a_manager_sees_and_sets_her_teams(admin, manager, rep, other_rep):
    ask(admin, rep, 100)
    ask(admin, other_rep, 10)
    grid = grid_for(manager, 2026)
    assert [label for _kind, label, _year in lines(grid)] == ["North", "Rita Rep"]
    assert grid.may_edit
    assert grid.assigned == 1200


def test_a_rep_sees_her_own_line_and_sets_nothing(admin, rep, team):
    make_user(team=team)
    ask(admin, rep, 100)
    grid = grid_for(rep, 2026)
    assert (lines(grid), grid.may_edit) == ([("person", "Rita Rep", 1200)], False)


def test_read_only_people_see_their_team_and_set_nothing(admin, rep, team):
    ask(admin, rep, 100)
    ask(admin, team, 150)
    grid = grid_for(make_user(Role.READ_ONLY, team=team), 2026)
    assert lines(grid) == [("team", "North", 1200), ("target", "Target", 1800), ("person", "Rita Rep", 1200)]
    assert not grid.may_edit


def test_several_topmost_teams_get_a_sum(admin, rep, workspace):
    make_user(team=make_team("Another company"))
    ask(admin, rep, 100)
    grid = grid_for(admin, 2026)
    assert lines(grid)[0] == ("team", "All teams", 1200)
    assert [line.over for line in grid.people if line.subject == rep] == [
        (f"team-{rep.memberships.get().team_id}", f"team-{rep.memberships.get().team.parent_id}", "team-all")
    ]


def test_people_without_a_team_are_in_the_plan_of_admins_once_they_have_a_quota(admin, rep):
    loner = make_user(first_name="Lona", last_name="Loner")
    assert "Lona Loner" not in [label for _kind, label, _year in lines(grid_for(admin, 2026))]
    ask(admin, loner, 5)
    assert lines(grid_for(admin, 2026))[-1] == ("person", "Lona Loner", 60)


def test_a_mover_has_a_line_in_each_team_and_each_month_counts_once(admin, manager, rep, other_team):
    TeamMembership.objects.filter(user=rep).update(ends_on=date(2026, 7, 1))
    TeamMembership.objects.create(user=rep, team=other_team, starts_on=date(2026, 7, 1))
    ask(admin, rep, 100)
    grid = grid_for(admin, 2026)
    assert [(line.key, line.year) for line in grid.people] == [
        (f"user-{rep.pk}-{rep.memberships.first().team_id}", 600),
        (f"user-{rep.pk}-{other_team.pk}", 600),
    ]
    assert (grid.assigned, grid.heads) == (1200, 1)
    assert grid_for(manager, 2026).assigned == 600


def test_who_left_stays_in_the_plan_of_that_year_only(admin, manager, rep):
    ask(admin, rep, 100, *MONTHS[:3])
    TeamMembership.objects.filter(user=rep).update(ends_on=date(2026, 4, 1))
    rep.is_active, rep.deactivated_at = False, NOW
    rep.save()
    for reader in (admin, manager):
        assert [line.year for line in grid_for(reader, 2026).people] == [300]
        assert grid_for(reader, 2027).people == []


def test_managers_have_no_line_until_they_have_a_quota(admin, manager, rep):
    assert [line.label for line in grid_for(manager, 2026).people] == ["Rita Rep"]
    ask(admin, manager, 7)
    assert [line.label for line in grid_for(manager, 2026).people] == ["Rita Rep", "Max Manager"]


# --- sums ---------------------------------------------------------------------------------------------


def test_targets_are_compared_with_what_is_assigned(admin, rep, team, root_team):
    ask(admin, rep, 100)
    ask(admin, root_team, 130)
    ask(admin, team, 80)
    notes = {line.key: line.note for line in grid_for(admin, 2026).shown if line.kind == "target"}
    assert notes == {f"target-{root_team.pk}": "360 not yet assigned", f"target-{team.pk}": "over-assigned by 25.0%"}


def test_growth_is_asked_of_what_was_won_the_year_before(admin, rep, pipeline, as_user):
    deal = make_deal(rep, value=1000, at=NOW - timedelta(days=500))
    win(deal_id=deal.pk, by=admin, at=NOW, version=None, closed_at=NOW - timedelta(days=400))
    ask(admin, rep, 100)
    page = as_user(admin).get(reverse("quota-grid"))
    figures = {figure.label: figure.value for figure in page.context["summary"]}
    assert figures == {"Quotas of the year": "€1.2k", "Won 2025": "€1.0k", "Asked growth": "+20.0%"}


def test_a_fiscal_year_begins_with_its_month(admin, rep, as_user):
    make_workspace(fiscal_start_month=4)
    ask(admin, rep, 100, date(2026, 3, 1), date(2026, 4, 1), date(2027, 3, 1))
    grid = as_user(admin).get(reverse("quota-grid")).context["grid"]
    assert (grid.year, grid.months[0], grid.months[-1]) == (2026, date(2026, 4, 1), date(2027, 3, 1))
    assert grid.assigned == 200


class TestSums(TestCase):
    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.dictionaries(st.tuples(st.integers(0, 3), st.integers(1, 12)), st.decimals(0, 10**9, places=2), max_size=12)
    )
    def test_sums_of_the_grid_are_sums_of_its_cells(self, amounts):
        make_workspace()
        admin = make_user(Role.ADMIN)
        root = make_team("Root")
        teams = [make_team("A", root), make_team("B", root)]
        people = [make_user(team=teams[number % 2]) for number in range(4)]
        changes = [QuotaChange(people[n], date(2026, m, 1), amount) for (n, m), amount in amounts.items()]
        set_quotas(by=admin, at=NOW, changes=changes)
        grid = grid_for(admin, 2026)
        everything = sum(amounts.values()) if amounts else None
        top = grid.lines[0]
        assert (top.year, grid.assigned) == (everything, everything)
        for line in grid.lines:
            assert total(line.quarters) == total(line.amounts) == line.year
        for place, month in enumerate(MONTHS):
            of_month = [amount for (_n, m), amount in amounts.items() if m == month.month]
            assert top.amounts[place] == (sum(of_month) if of_month else None)
        branches = [line for line in grid.lines if line.kind == "team" and line.depth == 1]
        assert total(line.year for line in branches) == top.year


# --- pages --------------------------------------------------------------------------------------------


def test_the_page_opens_for_everybody_with_a_view_of_quotas(admin, manager, rep, as_user):
    for user, editable in ((admin, True), (manager, True), (rep, False)):
        page = as_user(user).get(reverse("quota-grid"))
        assert page.status_code == 200
        assert (b"data-quota-grid" in page.content) is editable


def test_without_a_view_of_quotas_the_door_is_closed(workspace, as_user):
    assert as_user(make_user(Role.CONTENT)).get(reverse("quota-grid")).status_code == 403


@pytest.mark.parametrize("year", [0, 1999, 2100, 99999])
def test_impossible_years_do_not_exist(admin, as_user, year):
    assert as_user(admin).get(f"/quotas/{year}/").status_code == 404


def test_the_ends_of_time_open(admin, rep, as_user):
    for year in (2000, 2099):
        assert as_user(admin).get(f"/quotas/{year}/").status_code == 200


def test_the_page_is_german_for_germans(admin, rep, as_user):
    admin.language = "de"
    admin.save()
    ask(admin, rep, "1234.50", MONTHS[0])
    page = as_user(admin, **{"Accept-Language": "de"}).get(reverse("quota-grid"))
    assert 'value="1.234,50"' in page.content.decode()


def test_queries_do_not_grow_with_people(admin, team, as_user, django_assert_max_num_queries):
    client = as_user(admin)
    ask(admin, make_user(team=team), 100)
    client.get(reverse("quota-grid"))
    for _ in range(2):
        with django_assert_max_num_queries(14):
            client.get(reverse("quota-grid"))
        for _number in range(20):
            ask(admin, make_user(team=team), 100)


# --- cells --------------------------------------------------------------------------------------------


def test_a_cell_is_saved_with_its_sums(admin, rep, team, root_team, as_user):
    ask(admin, rep, 100, MONTHS[0])
    answer = save(as_user(admin), rep, 2, "1,500.50")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert 'name="2026-02-v1"' in text
    assert 'value="1,500.50"' in text
    for key in (f"user-{rep.pk}-{team.pk}-y", f"team-{team.pk}-q0", f"team-{root_team.pk}-y"):
        assert f'id="{key}"' in text
    assert "1,601" in text
    assert Quota.objects.get(month=MONTHS[1]).amount == Decimal("1500.50")


def test_the_note_of_a_target_comes_along_once_there_is_one(admin, rep, team, as_user):
    assert "-note" not in save(as_user(admin), rep, 2, "100").content.decode()
    ask(admin, team, 50)
    answer = save(as_user(admin), rep, 2, "300", version=1)
    assert "300 not yet assigned" in answer.content.decode()


@pytest.mark.parametrize("typed", ["abc", "-5", "1e9", "=1+1", "99999999999999", "1.2.3", "∞", "NaN", "5\u0000"])
def test_hostile_amounts_stay_in_the_cell_with_a_sentence(admin, rep, as_user, typed):
    answer = save(as_user(admin), rep, 2, typed)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not Quota.objects.exists()


def test_markup_in_a_cell_is_text(admin, rep, as_user):
    answer = save(as_user(admin), rep, 2, '"><script>alert(1)</script>')
    assert b"<script>" not in answer.content


def test_an_emptied_cell_takes_the_quota_away(admin, rep, as_user):
    ask(admin, rep, 100, MONTHS[0])
    assert save(as_user(admin), rep, 1, " ", version=1).status_code == 200
    assert Quota.objects.current().get().amount is None


def test_the_second_of_two_people_sees_whose_amount_she_would_replace(admin, manager, rep, as_user):
    save(as_user(manager), rep, 1, "120")
    answer = save(as_user(admin), rep, 1, "130")
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Max Manager has just set 120.00 here" in text
    assert 'value="130"' in text
    assert 'name="2026-01-v1"' in text
    assert save(as_user(admin), rep, 1, "130", version=1).status_code == 200
    assert Quota.objects.current().get().amount == 130


def test_reps_cannot_set_and_others_do_not_find(rep, manager, other_rep, as_user):
    assert save(as_user(rep), rep, 1, "5").status_code == 403
    assert save(as_user(manager), other_rep, 1, "5").status_code == 404
    assert as_user(rep).get(person_url(other_rep)).status_code == 404
    assert not Quota.objects.exists()


def test_a_line_is_a_form_without_script(admin, rep, as_user):
    client = as_user(admin)
    assert client.get(person_url(rep)).content.decode().count('name="2026-') == 12
    answer = client.post(person_url(rep), {cell_name(month): str(month * 100) for month in range(1, 13)})
    assert answer.url == reverse("quota-year", args=[2026])
    assert grid_for(admin, 2026).assigned == 7800


def test_one_wrong_month_saves_none_and_keeps_what_was_typed(admin, rep, as_user):
    answer = as_user(admin).post(person_url(rep), {cell_name(1): "100", cell_name(2): "many"})
    assert answer.status_code == 422
    assert 'value="many"' in answer.content.decode()
    assert not Quota.objects.exists()


def test_the_target_of_a_team_has_its_line(admin, manager, team, other_team, as_user):
    url = reverse("quota-team", args=[2026, team.pk])
    assert as_user(manager).post(url, {cell_name(1): "900"}).status_code == 302
    assert Quota.objects.get().team == team
    assert as_user(manager).get(reverse("quota-team", args=[2026, other_team.pk])).status_code == 404


@pytest.mark.parametrize(
    "posted",
    [{}, {"2026-13-v0": "1"}, {"2025-01-v0": "1"}, {"2026-01-v99999999999": "1"}, {"2026-01": "1"}, {"x": "y"}],
)
def test_unknown_cells_change_nothing(admin, rep, as_user, posted):
    assert as_user(admin).post(person_url(rep), posted).status_code == 302
    assert not Quota.objects.exists()


def test_the_history_of_a_month_says_who_when_from_to(admin, manager, rep, as_user):
    ask(admin, rep, 100, MONTHS[0])
    ask(manager, rep, 120, MONTHS[0], MONTHS[1])
    page = as_user(admin).get(person_url(rep), {"month": "2026-01"}, headers={"HX-Request": "true"})
    changes = [(change.month.month, change.before, change.after, change.by) for change in page.context["changes"]]
    assert changes == [(1, 100, 120, "Max Manager"), (1, None, 100, "Ada Admin")]
    assert len(as_user(admin).get(person_url(rep), {"month": "nonsense"}).context["changes"]) == 3
