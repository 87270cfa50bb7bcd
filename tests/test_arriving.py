"""What a deal or an activity comes to - its owner, stage, pipeline, company - is not taken away in the same moment."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.db import connections, transaction
from django.utils import timezone

from crm.lib.errors import Refused
from pipeline.activities import actions as activities
from pipeline.contacts.actions import add_company, delete_company
from pipeline.deals import history
from pipeline.deals.actions import (
    delete,
    edit_deal,
    lose,
    move_to_stage,
    open_deal,
    reassign,
    reopen,
    restore,
    undo,
)
from pipeline.deals.stage_changes import archive_stage, edit_stage
from pipeline.handover.actions import change_team, deactivate_person
from pipeline.handover.moving import move_activities, move_contacts
from pipeline.models import Activity, Company, Deal, DealEvent, Pipeline, Stage
from pipeline.stages.actions import add_pipeline, archive_pipeline
from teams.models import User
from teams.people.guards import locked_beside_admins
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(60)]


def one_into_the_other(first, second, *, end=lambda: None):
    """`second` begins when `first` has written and is not finished yet: it pauses, and then does its `end`.

    Answers what each returned or was refused.
    """
    written = Event()

    def run(call, *, hold):
        try:
            with transaction.atomic():
                if not hold:
                    written.wait(30)
                answer = call()
                if hold:
                    written.set()
                    time.sleep(0.4)
                    end()
        except Refused as refusal:
            return refusal
        finally:
            written.set()
            connections.close_all()
        return answer

    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(run, first, hold=True), threads.submit(run, second, hold=False)]
        return [future.result() for future in both]


@pytest.fixture
def last(pipeline):
    return Stage.objects.in_order().last()


@pytest.fixture
def begun(rep, pipeline):
    """An hour ago, so that what follows comes after it."""
    return factories.make_deal(rep, at=timezone.now() - timedelta(hours=1))


def _open(by, **fields):
    return lambda: open_deal(by=by, at=timezone.now(), name="New", **fields)


@pytest.mark.parametrize("back", [reopen, restore])
def test_a_deal_comes_back_while_its_company_changes(rep, begun, back):
    """Who changes a company goes on to its deals: who brings one back must not hold that and wait for the company."""
    company = factories.make_company(owner=rep)
    Deal.objects.update(company=company)
    if back is reopen:
        lose(deal_id=begun.pk, by=rep, at=timezone.now(), version=None, reason=factories.make_reason("lost"))
    else:
        delete(deal_id=begun.pk, by=rep, at=timezone.now(), version=None)

    def change():
        Company.objects.select_for_update().get(pk=company.pk)

    def follow():
        list(Deal.objects.filter(company=company).select_for_update(nowait=True))

    one_into_the_other(change, lambda: back(deal_id=begun.pk, by=rep, at=timezone.now(), version=None), end=follow)
    begun.refresh_from_db()
    assert (begun.status, begun.deleted_at) == ("open", None)


def test_a_step_is_taken_while_its_owner_leaves(rep, other_rep, admin, begun):
    step = activities.plan(
        by=rep, at=timezone.now(), kind="call", subject="Call", deal=begun, due_on=timezone.localdate()
    )

    def take():
        Activity.objects.select_for_update().get(pk=step.pk)

    def go_on():
        list(Deal.objects.filter(pk=begun.pk).select_for_update(nowait=True))

    def leave():
        deactivate_person(by=admin, at=timezone.now(), user=rep, successor=other_rep)

    one_into_the_other(take, leave, end=go_on)
    step.refresh_from_db()
    assert step.assignee == other_rep


def test_a_colleague_leaves_while_an_admin_takes_up_what_another_left(rep, other_rep, admin, begun):
    Deal.objects.update(company=factories.make_company(owner=other_rep))
    lose(deal_id=begun.pk, by=rep, at=timezone.now(), version=None, reason=factories.make_reason("lost"))
    User.objects.filter(pk=rep.pk).update(is_active=False)
    heir = factories.make_user()
    one_into_the_other(
        lambda: locked_beside_admins(other_rep.pk),
        lambda: reopen(deal_id=begun.pk, by=admin, at=timezone.now(), version=None),
        end=lambda: move_contacts(other_rep, heir, by=admin, at=timezone.now()),
    )
    begun.refresh_from_db()
    assert begun.owner == admin


@pytest.mark.parametrize("change", ["taken back", "reopened", "reassigned"])
def test_a_colleague_leaves_while_a_step_of_hers_changes_hands(rep, other_rep, admin, begun, change):
    now, today = timezone.now(), timezone.localdate()
    step = activities.plan(by=rep, at=now, kind="call", subject="Call", deal=begun, due_on=today)
    if change == "taken back":
        tomorrow = today + timedelta(days=1)
        step = activities.reschedule(activity_id=step.pk, by=rep, at=now, version=step.version, due_on=tomorrow)
    if change == "reopened":
        step = activities.cancel(activity_id=step.pk, by=rep, at=now, version=step.version)
    known = {"activity_id": step.pk, "by": admin, "at": now, "version": step.version}
    due = {"due_on": today, "due_at": None, "snoozed_until": None, "snooze_count": 0}
    one_into_the_other(
        lambda: locked_beside_admins(rep.pk),
        {
            "taken back": lambda: activities.take_back(**known, **due),
            "reopened": lambda: activities.reopen_activity(**known),
            "reassigned": lambda: activities.reassign_activity(assignee=admin, **known),
        }[change],
        end=lambda: move_activities(rep, other_rep, at=now),
    )


def test_a_new_deal_beside_a_change_of_team(rep, admin, pipeline):
    team = factories.make_team("Elsewhere")
    today = timezone.localdate()

    def change():
        return change_team(by=admin, at=timezone.now(), user=rep, team=team, on=today)

    _changed, deal = one_into_the_other(change, _open(rep))
    assert Deal.objects.get(pk=deal.pk).team == team


def test_a_change_of_team_beside_a_new_deal(rep, admin, pipeline):
    team = factories.make_team("Elsewhere")
    today = timezone.localdate()

    def change():
        return change_team(by=admin, at=timezone.now(), user=rep, team=team, on=today)

    deal, _changed = one_into_the_other(_open(rep), change)
    assert Deal.objects.get(pk=deal.pk).team == team


@pytest.mark.parametrize("leaving_first", [True, False])
def test_a_new_deal_beside_the_leaving_of_its_owner(rep, other_rep, admin, pipeline, leaving_first):
    def leave():
        return deactivate_person(by=admin, at=timezone.now(), user=rep, successor=other_rep)

    calls = [leave, _open(admin, owner=rep)]
    answers = one_into_the_other(*(calls if leaving_first else reversed(calls)))
    if leaving_first:
        assert answers[1].code == "inactive"
        assert not Deal.objects.exists()
    else:
        assert Deal.objects.get().owner == other_rep


@pytest.mark.parametrize("leaving_first", [True, False])
def test_a_hand_over_beside_the_leaving_of_the_new_owner(rep, other_rep, admin, begun, leaving_first):
    def leave():
        return deactivate_person(by=admin, at=timezone.now(), user=other_rep, successor=admin)

    def give():
        return reassign(deal_id=begun.pk, owner=other_rep, by=admin, at=timezone.now(), version=None)

    answers = one_into_the_other(*([leave, give] if leaving_first else [give, leave]))
    if leaving_first:
        assert answers[1].code == "inactive"
    assert Deal.objects.get().owner == (rep if leaving_first else admin)


@pytest.mark.parametrize("archiving_first", [True, False])
@pytest.mark.parametrize("enters", ["moves", "begins"])
def test_a_deal_enters_a_stage_that_is_archived(rep, admin, begun, last, enters, archiving_first):
    def put_aside():
        return archive_stage(by=admin, at=timezone.now(), stage_id=last.pk)

    def move():
        return move_to_stage(deal_id=begun.pk, stage_id=last.pk, by=rep, at=timezone.now(), version=None)

    enter = {"moves": move, "begins": _open(rep, stage=last)}[enters]
    answers = one_into_the_other(*([put_aside, enter] if archiving_first else [enter, put_aside]))
    assert answers[1].code == ("archived_stage" if archiving_first else "has_open_deals")
    assert Deal.objects.filter(stage=last).exists() is not archiving_first


@pytest.mark.parametrize("archiving_first", [True, False])
def test_a_deal_begins_in_a_pipeline_that_is_archived(rep, admin, pipeline, archiving_first):
    other = add_pipeline(by=admin, name="Other")

    def put_aside():
        return archive_pipeline(by=admin, at=timezone.now(), pipeline_id=other.pk)

    enter = _open(rep, stage=other.stages.first())
    answers = one_into_the_other(*([put_aside, enter] if archiving_first else [enter, put_aside]))
    assert answers[1].code == ("archived_pipeline" if archiving_first else "has_open_deals")
    assert Deal.objects.filter(pipeline=other).exists() is not archiving_first


@pytest.mark.parametrize("archiving_first", [True, False])
def test_a_deal_comes_back_into_a_pipeline_that_is_archived(rep, admin, begun, archiving_first):
    add_pipeline(by=admin, name="Other")
    lose(deal_id=begun.pk, by=rep, at=timezone.now(), version=None, reason=factories.make_reason("lost"))

    def put_aside():
        return archive_pipeline(by=admin, at=timezone.now(), pipeline_id=begun.pipeline_id)

    def come_back():
        return reopen(deal_id=begun.pk, by=rep, at=timezone.now(), version=None)

    answers = one_into_the_other(*([put_aside, come_back] if archiving_first else [come_back, put_aside]))
    assert answers[1].code == ("archived_pipeline" if archiving_first else "has_open_deals")


@pytest.mark.parametrize("what", ["name", "stage"])
def test_an_undo_beside_a_change_of_the_stage(rep, admin, begun, last, what):
    """Both hold the stage before the deal: neither waits for the other in turn."""
    first, now = begun.stage_id, timezone.now()
    if what == "name":
        edit_deal(deal_id=begun.pk, by=rep, at=now, version=None, changes={"name": "Typo"})
    else:
        move_to_stage(deal_id=begun.pk, stage_id=last.pk, by=rep, at=now, version=None)
    event = DealEvent.objects.latest("pk").pk

    def change():
        wanted = {"probability": 33, "stalled_after_days": 90}
        return edit_stage(stage_id=first, by=admin, at=timezone.now(), version=None, changes=wanted)

    def take_back():
        return undo(deal_id=begun.pk, event_id=event, by=rep, at=timezone.now())

    one_into_the_other(change, take_back)
    deal = Deal.objects.get()
    assert (deal.stage_id, deal.probability, deal.probability_overridden) == (first, 33, False)
    assert deal.stalled_from - deal.stage_entered_at > timedelta(days=89)
    assert history.differences(deal.pk) == []
    assert deal.intervals.get(valid_to__isnull=True).probability == 33


def test_of_two_pipelines_archived_at_once_one_stays(admin, pipeline):
    other = add_pipeline(by=admin, name="Other")
    calls = [
        lambda key=key: archive_pipeline(by=admin, at=timezone.now(), pipeline_id=key)
        for key in (pipeline.pk, other.pk)
    ]
    answers = one_into_the_other(*calls)
    assert answers[1].code == "last_pipeline"
    assert Pipeline.objects.in_use().count() == 1


@pytest.mark.parametrize("deleting_first", [True, False])
@pytest.mark.parametrize("enters", ["begins", "changes"])
def test_a_deal_comes_to_a_company_that_is_deleted(rep, begun, enters, deleting_first):
    company = add_company(by=rep, at=timezone.now(), name="Acme")

    def drop():
        return delete_company(company_id=company.pk, by=rep, at=timezone.now(), version=None)

    def change():
        return edit_deal(deal_id=begun.pk, by=rep, at=timezone.now(), version=None, changes={"company": company})

    enter = {"begins": _open(rep, company=company), "changes": change}[enters]
    answers = one_into_the_other(*([drop, enter] if deleting_first else [enter, drop]))
    assert answers[1].code == ("company_deleted" if deleting_first else "has_deals")
    assert Deal.objects.filter(company=company).exists() is not deleting_first


@pytest.mark.parametrize("leaving_first", [True, False])
def test_a_task_for_somebody_who_leaves(rep, other_rep, admin, leaving_first):
    def give():
        return activities.plan(by=admin, at=timezone.now(), kind="task", subject="Do", assignee=rep)

    def leave():
        return deactivate_person(by=admin, at=timezone.now(), user=rep, successor=other_rep)

    answers = one_into_the_other(*([leave, give] if leaving_first else [give, leave]))
    if leaving_first:
        assert answers[1].code == "inactive"
    else:
        assert Activity.objects.get().assignee == other_rep


def test_a_task_comes_back_to_who_takes_it_back_when_its_assignee_has_left(rep, other_rep, manager):
    task = activities.plan(by=rep, at=timezone.now(), kind="task", subject="Do")
    activities.complete(activity_id=task.pk, by=rep, at=timezone.now(), version=None)
    User.objects.filter(pk=rep.pk).update(is_active=False)
    activities.reopen_activity(activity_id=task.pk, by=manager, at=timezone.now())
    assert Activity.objects.get().assignee == manager


class TestComingBack:
    """A closed or deleted deal goes on in a world that went on, too."""

    def test_to_the_stage_before_an_archived_one(self, rep, admin, begun, last):
        now = timezone.now()
        *_others, before, _last = Stage.objects.in_order()
        move_to_stage(deal_id=begun.pk, stage_id=last.pk, by=rep, at=now, version=None)
        lose(deal_id=begun.pk, by=rep, at=now, version=None, reason=factories.make_reason("lost"))
        archive_stage(by=admin, at=now, stage_id=last.pk)
        deal = reopen(deal_id=begun.pk, by=rep, at=now, version=None)
        assert deal.stage == before
        assert deal.probability == before.probability
        assert deal.spells.get(left_at__isnull=True).stage == before

    def test_to_the_first_stage_when_none_is_before(self, rep, admin, begun):
        now = timezone.now()
        first, second, *_others = Stage.objects.in_order()
        delete(deal_id=begun.pk, by=rep, at=now)
        archive_stage(by=admin, at=now, stage_id=first.pk)
        assert restore(deal_id=begun.pk, by=rep, at=now).stage == second

    def test_not_to_an_archived_pipeline(self, rep, admin, begun):
        now = timezone.now()
        lose(deal_id=begun.pk, by=rep, at=now, version=None, reason=factories.make_reason("lost"))
        add_pipeline(by=admin, name="Other")
        archive_pipeline(by=admin, at=now, pipeline_id=begun.pipeline_id)
        with pytest.raises(Refused, match="archived") as refusal:
            reopen(deal_id=begun.pk, by=rep, at=now, version=None)
        assert refusal.value.code == "archived_pipeline"

    def test_not_without_its_company(self, rep, pipeline):
        now = timezone.now()
        company = add_company(by=rep, at=now, name="Acme")
        deal = open_deal(by=rep, at=now, name="Deal", company=company)
        delete(deal_id=deal.pk, by=rep, at=now)
        delete_company(company_id=company.pk, by=rep, at=now, version=None)
        with pytest.raises(Refused, match="Acme was deleted"):
            restore(deal_id=deal.pk, by=rep, at=now)
        event = DealEvent.objects.filter(deal=deal).latest("pk")
        with pytest.raises(Refused, match="Acme was deleted"):
            undo(deal_id=deal.pk, event_id=event.pk, by=rep, at=now)

    def test_with_the_probability_of_its_stage_whatever_was_undone(self, rep, admin, begun):
        now = timezone.now()
        delete(deal_id=begun.pk, by=rep, at=now)
        edit_stage(stage_id=begun.stage_id, by=admin, at=now, version=None, changes={"probability": 33})
        restore(deal_id=begun.pk, by=rep, at=now + timedelta(seconds=1))
        event = DealEvent.objects.latest("pk").pk
        undo(deal_id=begun.pk, event_id=event, by=rep, at=now + timedelta(seconds=2))
        deal = restore(deal_id=begun.pk, by=rep, at=now + timedelta(seconds=3))
        assert (deal.probability, deal.probability_overridden) == (33, False)
        assert history.differences(deal.pk) == []

    def test_an_activity_whose_assignee_has_left(self, rep, other_rep, admin):
        now = timezone.now()
        task = activities.plan(by=rep, at=now, kind="task", subject="Do", due_on=timezone.localdate())
        done = activities.complete(activity_id=task.pk, by=admin, at=now, version=None)
        deactivate_person(by=admin, at=now, user=rep, successor=None)
        was = {"due_on": task.due_on, "due_at": None, "snoozed_until": None, "snooze_count": 0}
        activities.take_back(activity_id=task.pk, by=admin, at=now, version=done.version, **was)
        assert Activity.objects.get().assignee == admin

    def test_undo_does_not_go_back_into_an_archived_stage(self, rep, admin, begun, last):
        now = timezone.now()
        first = begun.stage
        move_to_stage(deal_id=begun.pk, stage_id=last.pk, by=rep, at=now, version=None)
        archive_stage(by=admin, at=now, stage_id=first.pk)
        with pytest.raises(Refused) as refusal:
            undo(deal_id=begun.pk, event_id=DealEvent.objects.latest("pk").pk, by=rep, at=now)
        assert refusal.value.code == "archived_stage"

    def test_undo_does_not_give_back_to_who_has_left(self, rep, other_rep, admin, begun):
        now = timezone.now()
        reassign(deal_id=begun.pk, owner=other_rep, by=admin, at=now, version=None)
        deactivate_person(by=admin, at=now, user=rep, successor=None)
        with pytest.raises(Refused) as refusal:
            undo(deal_id=begun.pk, event_id=DealEvent.objects.latest("pk").pk, by=admin, at=now)
        assert refusal.value.code == "inactive"
