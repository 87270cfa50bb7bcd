"""The demo, from the command to the figures."""

import csv
from collections import Counter
from decimal import Decimal
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db.models import Sum

from pipeline.imports.maven import DEMO_FOLDER
from pipeline.models import Company, CreditSplit, Deal, DealEvent, DealStateInterval, EventKind, LineItem, StageSpell
from teams.models import Team, TeamMembership, User, Workspace

pytestmark = pytest.mark.django_db


def load(*arguments):
    call_command("load_demo", *arguments, stdout=StringIO())


def recorded(name):
    with (DEMO_FOLDER / name).open() as handle:
        return list(csv.DictReader(handle))


class TestAsRecorded:
    @pytest.fixture(autouse=True)
    def _load(self, db):
        load("--as-recorded")

    def test_everything_the_files_say_and_nothing_else(self):
        assert Counter(Deal.objects.values_list("status", flat=True)) == {"won": 4238, "lost": 2473, "open": 2089}
        assert DealEvent.objects.filter(kind=EventKind.CREATED).count() == 8800
        assert DealEvent.objects.count() == 8800 + 4238 + 2473
        assert StageSpell.objects.count() == 8800
        assert DealStateInterval.objects.filter(valid_to=None).count() == 8800
        assert LineItem.objects.filter(unit_price=None).count() == 8800

        workspace = Workspace.get()
        assert (workspace.currency, workspace.time_zone) == ("USD", "UTC")
        assert Company.objects.exclude(parent=None).count() == 15
        assert Deal.objects.filter(line_items__product__name="GTX Pro").count() == 1480
        assert not Deal.objects.filter(expected_close_date__isnull=False).exists()
        assert not TeamMembership.objects.exclude(starts_on=None, ends_on=None).exists()
        assert Team.objects.count() == 1 + 3 + 6

        lost = Deal.objects.filter(status="lost")
        assert not lost.exclude(value=None).exists()
        assert set(lost.values_list("close_reason__code", flat=True)) == {"not_recorded"}
        assert not StageSpell.objects.filter(stage__name="Prospecting", entry_known=True).exists()
        assert not StageSpell.objects.filter(stage__name="Engaging", entry_known=False).exists()

        first = Deal.objects.get(external_id="1C1I7A6R")
        assert (str(first.created_at.date()), str(first.closed_at)) == ("2016-10-20", "2017-03-01 00:00:00+00:00")
        assert first.value == Decimal(1054)

    def test_the_total_of_a_manager_is_that_of_the_files(self):
        agents = {row["sales_agent"]: row["manager"] for row in recorded("sales_teams.csv")}
        expected = Counter()
        for row in recorded("sales_pipeline.csv"):
            if row["deal_stage"] == "Won":
                expected[agents[row["sales_agent"]]] += int(row["close_value"])
        credited = CreditSplit.objects.exclude(credited_at=None).values_list("team__name").annotate(Sum("amount"))
        assert {name.removeprefix("Team "): total for name, total in credited} == expected

    def test_the_sign_ins_work_and_nobody_else_has_a_password(self):
        for email in ("admin@example.com", "manager@example.com", "rep@example.com"):
            assert authenticate(username=email, password="kontor-demo")
        assert User.objects.exclude(password__startswith="!").count() == 3
        rep = User.objects.get(email="rep@example.com")
        assert {"won", "open"} <= set(rep.deals.values_list("status", flat=True))

    def test_a_second_load_is_refused(self):
        with pytest.raises(CommandError, match="already"):
            load("--as-recorded")
