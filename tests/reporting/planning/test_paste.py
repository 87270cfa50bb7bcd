"""Blocks from spreadsheets: with and without names and months, German and English, nothing half applied."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import translation

from reporting.planning.grid import grid_for
from reporting.planning.months import read_month
from reporting.planning.paste import read_block
from teams.models import Quota
from tests.factories import NOW, make_user, set_quota

pytestmark = pytest.mark.django_db

YEAR = [date(2026, month, 1) for month in range(1, 13)]


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ann(team):
    return make_user(team=team, first_name="Ann", last_name="Able", email="ann@example.com")


@pytest.fixture
def bob(team):
    return make_user(team=team, first_name="Bøb", last_name="Baker")


def read(by, text, start=""):
    return read_block(text, grid_for(by, 2026), start=start)


def understood(block):
    assert block.problems == []
    return {(cell.line.subject.first_name, cell.cell.month.month): cell.amount for cell in block.cells}


def problems(block):
    return [(problem.row, problem.column) for problem in block.problems]


def test_names_and_months_place_the_cells(manager, ann, bob):
    text = "\tMar\tApr\nBaker, Bøb\t100\t200\nann able\t\t1,234.50\n"
    assert understood(read(manager, text)) == {("Bøb", 3): 100, ("Bøb", 4): 200, ("Ann", 4): Decimal("1234.50")}


def test_german_spreadsheets(manager, ann):
    with translation.override("de"):
        block = read(manager, "Name;Jän;Mrz;Summe\nann@example.com;1.500;1.234,50 €;99\nSumme;1;1;2")
    assert understood(block) == {("Ann", 1): 1500, ("Ann", 3): Decimal("1234.50")}


def test_figures_alone_fill_the_grid_from_its_first_cell(manager, ann, bob):
    block = read(manager, "1\t2\r\n3\t4\r\n")
    assert understood(block) == {("Ann", 1): 1, ("Ann", 2): 2, ("Bøb", 1): 3, ("Bøb", 2): 4}


def test_figures_alone_fill_the_grid_from_the_chosen_cell(manager, ann, bob, team):
    block = read(manager, "1\t2", start=f"user-{bob.pk}-{team.pk}-2026-11")
    assert understood(block) == {("Bøb", 11): 1, ("Bøb", 12): 2}


def test_a_block_that_is_too_large_says_where(manager, ann, team):
    start = f"user-{ann.pk}-{team.pk}-2026-12"
    assert problems(read(manager, "1\t2", start=start)) == [(0, 2)]
    assert problems(read(manager, "1\n2", start=start)) == [(2, 0)]


def test_targets_are_named_like_their_team(manager, ann, team):
    block = read(manager, "\tJan\nNorth\t900")
    assert [(cell.line.kind, cell.amount) for cell in block.cells] == [("target", 900)]


def test_the_sums_of_a_preview_count_no_money_twice(manager, ann, team):
    both = read(manager, "\tJan\nNorth\t900\nAnn Able\t500")
    assert (both.before, both.after) == (0, 500)
    assert read(manager, "\tJan\nNorth\t900").after == 900


def test_each_wrong_cell_is_named_by_row_and_column(manager, ann, bob):
    block = read(manager, "\tJan\tFeb\nAnn Able\tmany\t-5\nNobody\t1\t2\nBøb Baker\t=1+1\t1e9")
    assert problems(block) == [(2, 2), (2, 3), (3, 1), (4, 2), (4, 3)]
    assert "“many”" in block.problems[0].message


def test_people_out_of_reach_are_nobody(manager, ann, other_rep):
    assert problems(read(manager, "\tJan\nOtto Other\t5")) == [(2, 1)]


def test_two_people_of_one_name_need_their_addresses(manager, ann, team):
    make_user(team=team, first_name="Ann", last_name="Able")
    assert problems(read(manager, "\tJan\nAnn Able\t5")) == [(2, 1)]
    assert understood(read(manager, "\tJan\nANN@example.com\t5")) == {("Ann", 1): 5}


def test_a_person_twice_is_refused(manager, ann):
    assert problems(read(manager, "\tJan\nAnn Able\t5\nAnn Able\t6")) == [(0, 0)]


def test_dashes_and_empty_cells_change_nothing(manager, ann):
    assert understood(read(manager, "\tJan\tFeb\tMar\nAnn Able\t–\t \t0")) == {("Ann", 3): 0}


@pytest.mark.parametrize("text", ["\n", "\t\t\n\t", ";"])
def test_nothing_is_a_problem(manager, ann, text):
    assert problems(read(manager, text)) == [(0, 0)]


def test_endless_blocks_are_refused(manager, ann):
    assert problems(read(manager, "1\n" * 1001)) == [(0, 0)]


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("March", 3),
        ("Mär", 3),
        ("Mrz.", 3),
        ("März 2026", 3),
        ("Mar-26", 3),
        ("Dez", 12),
        ("2026-03", 3),
        ("03/2026", 3),
        ("01.03.2026", 3),
        ("March 2025", None),
        ("2026-13", None),
        ("Ma", None),
        ("Marcel", None),
        ("3", None),
        ("", None),
    ],
)
def test_months_as_spreadsheets_name_them(text, month):
    assert read_month(text, YEAR) == (month and date(2026, month, 1))


# --- the page -----------------------------------------------------------------------------------------


def post(user, **fields):
    client = Client()
    client.force_login(user)
    return client.post(reverse("quota-paste", args=[2026]), fields)


def test_a_block_is_shown_before_it_is_saved(manager, ann):
    text = "\tJan\nAnn Able\t5"
    preview = post(manager, text=text)
    assert (preview.status_code, Quota.objects.count()) == (200, 0)
    assert [change.amount for change in preview.context["changes"]] == [5]
    assert "Save 1 quota" in preview.content.decode()
    saved = post(manager, text=text, seen=preview.context["seen"], confirm="yes")
    assert saved.status_code == 302
    assert Quota.objects.get().amount == 5


def test_with_one_problem_nothing_is_saved(manager, ann, bob):
    text = "\tJan\nAnn Able\t5\nBøb Baker\tmany"
    answer = post(manager, text=text, seen="{}", confirm="yes")
    assert answer.status_code == 422
    assert "1 problem. Nothing was saved." in answer.content.decode()
    assert "Row 3, column 2:" in answer.content.decode()
    assert not Quota.objects.exists()


def test_what_others_changed_since_the_preview_is_a_conflict(admin, manager, ann):
    text = "\tJan\nAnn Able\t5"
    seen = post(manager, text=text).context["seen"]
    set_quota(by=admin, at=NOW, subject=ann, month=YEAR[0], amount=Decimal(7))
    answer = post(manager, text=text, seen=seen, confirm="yes")
    assert answer.status_code == 409
    assert Quota.objects.get().amount == 7


def test_a_block_changed_after_its_preview_is_shown_again(manager, ann, bob):
    seen = post(manager, text="\tJan\nAnn Able\t5").context["seen"]
    answer = post(manager, text="\tJan\nBøb Baker\t5", seen=seen, confirm="yes")
    assert (answer.status_code, Quota.objects.count()) == (200, 0)


@pytest.mark.parametrize("seen", ["[", "[]", '{"a": "b"}', "{" * 5000, '{"a": true}'])
def test_a_tampered_form_is_outdated(manager, ann, seen):
    assert post(manager, text="\tJan\nAnn Able\t5", seen=seen, confirm="yes").status_code == 422
    assert not Quota.objects.exists()


def test_only_who_sets_quotas_may_paste(rep, manager):
    assert post(rep, text="5").status_code == 403
    client = Client()
    client.force_login(manager)
    assert client.get(reverse("quota-paste", args=[2026])).status_code == 200
    assert client.get(reverse("quota-paste", args=[1900])).status_code == 404
