"""The demo, from the command to the figures."""

import csv
import shutil
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count, F, Max, Min, Q, Sum
from django.utils import timezone, translation

from crm.lib.errors import Refused
from crm.notifications.models import Delivery
from pipeline import demo
from pipeline.activities.models import OUTREACH, Activity, Note
from pipeline.contacts.models import Company, Contact
from pipeline.coverage.models import TerritoryAssignment
from pipeline.credit.models import CreditSplit
from pipeline.deals.models import Deal, DealContact, DealEvent, DealStateInterval, LineItem, StageSpell
from pipeline.deals.states import EventKind
from pipeline.imports.maven import DEMO_FOLDER, read_files
from pipeline.imports.models import ImportBatch, ImportProblem
from pipeline.rebuilding import differences
from pipeline.reminders.models import ScheduledReminder
from pipeline.stages.models import CloseReason, Pipeline, Stage, StageBenchmark
from teams.models import Team, TeamMembership, User, Workspace
from teams.quotas.models import Quota
from teams.territories.models import TerritoryMembership

# Loading all of it takes longer than one test should, most of all beside others.
pytestmark = pytest.mark.timeout(300)

SIGN_INS = ("admin@example.com", "manager@example.com", "rep@example.com")


def load(*arguments):
    call_command("load_demo", *arguments, stdout=StringIO())


@contextmanager
def loaded(blocker, *arguments):
    """The demo for several tests that only read: loading it takes long."""
    with blocker.unblock(), transaction.atomic():
        load(*arguments)
        yield
        transaction.set_rollback(True)


def recorded(name):
    with (DEMO_FOLDER / name).open() as handle:
        return list(csv.DictReader(handle))


def won_by_manager():
    agents = {row["sales_agent"]: row["manager"] for row in recorded("sales_teams.csv")}
    won = Counter()
    for row in recorded("sales_pipeline.csv"):
        if row["deal_stage"] == "Won":
            won[agents[row["sales_agent"]]] += int(row["close_value"])
    return won


@pytest.fixture(scope="class")
def _as_recorded(django_db_setup, django_db_blocker):
    with loaded(django_db_blocker, "--as-recorded"):
        yield


@pytest.fixture(scope="class")
def _story(django_db_setup, django_db_blocker):
    with loaded(django_db_blocker):
        yield


@pytest.mark.usefixtures("_as_recorded")
class TestAsRecorded:
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
        credited = CreditSplit.objects.exclude(credited_at=None).values_list("team__name").annotate(Sum("amount"))
        assert {name.removeprefix("Team "): total for name, total in credited} == won_by_manager()

    def test_the_sign_ins_work_and_nobody_else_has_a_password(self):
        for email in SIGN_INS:
            assert authenticate(username=email, password="kontor-demo")
        assert User.objects.exclude(password__startswith="!").count() == 3
        rep = User.objects.get(email="rep@example.com")
        assert {"won", "open"} <= set(rep.deals.values_list("status", flat=True))

    def test_a_second_load_is_refused(self):
        with pytest.raises(CommandError, match="already"):
            load("--as-recorded")


@pytest.mark.usefixtures("_story")
class TestStory:
    def test_all_that_is_recorded_is_there_and_marked_as_demo(self):
        assert Counter(Deal.objects.values_list("status", flat=True)) == {"won": 4238, "lost": 2473, "open": 2089}
        assert Company.objects.count() == 85
        assert Pipeline.objects.get().stages.count() == 5
        workspace = Workspace.get()
        assert (workspace.name, workspace.currency, workspace.time_zone) == ("MavenTech", "EUR", "Europe/Berlin")
        for model in (User, Company, Contact, Deal, Activity, Note):
            assert model.objects.exists()
            assert not model.objects.filter(is_demo=False).exists()

    def test_what_is_odd_about_the_files_is_kept(self):
        problems = ImportProblem.objects.filter(is_error=False).values_list("column", "code").annotate(Count("pk"))
        assert {(column, code): count for column, code, count in problems}["product", "mended"] == 1480
        assert not ImportProblem.objects.filter(is_error=True).exists()

    def test_nothing_happens_in_the_future(self):
        today = timezone.now().astimezone(Workspace.get().zone).replace(hour=0, minute=0, second=0, microsecond=0)
        assert Deal.objects.aggregate(last=Max("closed_at"))["last"] > today - timedelta(days=1)
        assert not Deal.objects.filter(closed_at__gte=today).exists()
        assert not DealEvent.objects.filter(occurred_at__gte=today).exists()
        assert not Activity.objects.filter(Q(done_at__gte=today) | Q(created_at__gte=today)).exists()
        assert not Note.objects.filter(created_at__gte=today).exists()

    def test_the_history_is_what_the_events_say(self):
        assert DealEvent.objects.filter(kind=EventKind.CREATED).count() == 8800
        assert not StageSpell.objects.filter(Q(entered_at__lt=F("deal__created_at")) | Q(entry_known=False)).exists()
        running = StageSpell.objects.filter(left_at=None)
        assert running.count() == running.filter(deal__status="open", stage=F("deal__stage")).count() == 2089
        assert not running.exclude(entered_at=F("deal__stage_entered_at")).exists()
        for pk in Deal.objects.order_by("pk").values_list("pk", flat=True)[::200]:
            assert differences(pk) == []

    def test_the_total_of_a_team_is_that_of_the_files(self):
        credited = CreditSplit.objects.exclude(credited_at=None).values_list("team__name").annotate(Sum("amount"))
        assert {name.removeprefix("Team "): total for name, total in credited} == won_by_manager()

    def test_the_funnel_narrows(self):
        reached = Deal.objects.exclude(status="open").values("pk")
        counts = dict(
            StageSpell.objects.filter(deal__in=reached, visit_no=1).values_list("stage__position").annotate(Count("pk"))
        )
        assert counts[1] > counts[3] > counts[5] > 1000
        lost = Deal.objects.filter(status="lost").values_list("stage__position").annotate(Count("pk"))
        assert all(count > 100 for _position, count in lost)
        assert len(lost) == 5

    def test_what_is_usual_is_known_at_once(self):
        medians = StageBenchmark.objects.values_list("median_days", "deals")
        assert len(medians) == 5
        assert all(median > 0 and deals > 1000 for median, deals in medians)
        assert Pipeline.objects.get().usual_cycle_days > 0

    @pytest.mark.parametrize("email", SIGN_INS)
    def test_the_sign_ins_have_views_with_deals_in_their_rails(self, client, email):
        client.force_login(authenticate(username=email, password="kontor-demo"))
        pinned = client.get("/notifications/").context["shell"].pinned_views
        assert len(pinned) == 2
        assert all(view.count > 0 for view in pinned)

    def test_reasons_tell_why_and_competitors_who(self):
        assert not Deal.objects.filter(close_reason__code="not_recorded").exists()
        assert not CloseReason.objects.filter(name_de="").exists()
        assert not Deal.objects.filter(close_reason__needs_competitor=True, competitor=None).exists()
        assert Deal.objects.filter(status="lost").values("close_reason").distinct().count() >= 7

    def test_this_month_has_won_and_lost_deals(self):
        last = Deal.objects.aggregate(last=Max("closed_at"))["last"].astimezone(Workspace.get().zone)
        this_month = Deal.objects.filter(closed_at__gte=last.replace(day=1, hour=0, minute=0, second=0))
        assert {"won", "lost"} == set(this_month.values_list("status", flat=True))

    @pytest.mark.parametrize("email", SIGN_INS)
    def test_the_sign_ins_have_something_to_do(self, email):
        now = timezone.now()
        person = authenticate(username=email, password="kontor-demo")
        mine = Deal.objects.in_funnel().filter(owner=person)
        states = Counter(mine.with_next_step_state(now).values_list("next_step_state", flat=True))
        assert set(states) == {"overdue", "today", "missing", "planned"}
        assert 1 <= person.notifications.filter(read_at=None).count() <= 5

    def test_most_deals_have_a_next_step_and_some_are_stalled(self):
        now = timezone.now()
        states = Counter(Deal.objects.open().with_next_step_state(now).values_list("next_step_state", flat=True))
        assert states["planned"] > 2089 / 2
        assert min(states["overdue"], states["today"], states["missing"]) > 50
        assert 100 < Deal.objects.stalled(now).count() < 500

    def test_the_clock_counts_from_the_last_contact(self):
        outreach = Q(activities__kind__in=OUTREACH, activities__done_at__isnull=False)
        last = Deal.objects.annotate(told=Max("activities__done_at", filter=outreach))
        assert not last.exclude(Q(told=F("last_contact_at")) | Q(told=None, last_contact_at=None)).exists()
        assert not Deal.objects.open().filter(stalled_from=None).exists()
        assert not Deal.objects.filter(next_step__isnull=False).exclude(next_step__deal=F("pk")).exists()

    def test_nobody_is_reminded_of_what_is_past(self):
        assert ScheduledReminder.objects.filter(activity__isnull=False).exists()
        assert ScheduledReminder.objects.filter(deal__isnull=False).exists()
        first = ScheduledReminder.objects.aggregate(first=Min("fire_at"))["first"]
        assert first > ImportBatch.objects.get().started_at
        assert set(ScheduledReminder.objects.values_list("state", flat=True)) == {"planned"}
        assert not Delivery.objects.exists()

    def test_companies_are_where_the_rules_say_and_their_open_deals_with_them(self):
        assert set(Company.objects.values_list("territory__name", flat=True)) == {
            "Region Central",
            "Region East",
            "Region West",
        }
        assert TerritoryAssignment.objects.filter(source="rule", ends_at=None).count() == 85
        elsewhere = Deal.objects.filter(company__isnull=False).exclude(territory=F("company__territory"))
        assert not elsewhere.exists()
        assert TerritoryMembership.objects.count() == 35 + 6

    def test_every_rep_has_quotas(self):
        reps = User.objects.filter(role="rep")
        assert reps.count() == reps.filter(quotas__is_current=True).distinct().count() == 35
        assert not Quota.objects.filter(amount=None).exists()

    def test_contacts_take_part_in_open_deals(self):
        with_company = Deal.objects.open().filter(company__isnull=False)
        assert not with_company.filter(people=None).exists()
        assert not DealContact.objects.exclude(contact__company=F("deal__company")).exists()


@pytest.mark.django_db
class TestPartOfTheFiles:
    """The same with a twentieth of the deals."""

    @pytest.fixture
    def files(self):
        files = demo.read_files()
        files.deals = files.deals[::20]
        return files

    def test_german(self, files):
        demo.import_story(files, at=timezone.now(), language="de")
        with translation.override("de"):
            assert [str(stage) for stage in Stage.objects.order_by("position")] == [
                *("Qualifizierung", "Bedarfsanalyse", "Lösungsabgleich", "Angebot", "Verhandlung")
            ]
        assert set(User.objects.values_list("language", flat=True)) == {"de"}
        assert Activity.objects.filter(subject="Angebot durchsprechen").exists()
        assert not Activity.objects.filter(subject="Go through the proposal").exists()

    def test_the_whole_history_can_be_derived_from_the_events(self, files):
        files.deals = files.deals[::4]
        demo.import_story(files, at=timezone.now())
        call_command("rebuild_history", "--check", stdout=StringIO())

    def test_a_second_load_is_refused(self, files):
        demo.import_story(files, at=timezone.now())
        before = Deal.objects.count()
        with pytest.raises(Refused, match="already"):
            demo.import_story(files, at=timezone.now())
        assert Deal.objects.count() == before

    def test_nothing_is_loaded_over_what_somebody_made(self, files):
        Company.objects.create(name="Real", created_at=timezone.now(), changed_at=timezone.now())
        with pytest.raises(Refused, match="already"):
            demo.import_story(files, at=timezone.now())
        assert not User.objects.exists()
        assert not Workspace.objects.exists()

    @pytest.mark.parametrize("arguments", [(), ("--as-recorded",)])
    def test_files_with_an_error_write_nothing_and_name_the_cell(self, monkeypatch, tmp_path, arguments):
        folder = shutil.copytree(DEMO_FOLDER, tmp_path / "files")
        path = folder / "sales_pipeline.csv"
        path.write_bytes(path.read_bytes().replace(b"2016-10-20", b"20.10.2016", 1))
        monkeypatch.setattr(demo, "read_files", lambda: read_files(folder))
        with pytest.raises(CommandError, match=r"sales_pipeline\.csv, row 1, engage_date"):
            load(*arguments)
        assert not User.objects.exists()
        assert not ImportBatch.objects.exists()
        assert not Company.objects.exists()

    def test_what_is_recorded_has_no_language(self):
        with pytest.raises(CommandError):
            load("--as-recorded", "--language", "de")
