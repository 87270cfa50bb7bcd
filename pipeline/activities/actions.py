"""Planning, doing and dropping activities. Each keeps its deal's next step and its reminders."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.lib.errors import Conflict, FieldConflict, Forbidden, Refused
from crm.lib.fields import only_known
from crm.lib.periods import is_sensible
from pipeline.activities.defaults import usual_offsets
from pipeline.activities.due import NO_SENSIBLE_DATE, set_due
from pipeline.activities.models import OUTREACH, Activity
from pipeline.contacts.models import Company, Contact
from pipeline.deals import follow
from pipeline.deals.models import Deal
from pipeline.reminders.actions import cancel_for_activity, plan_for_activity
from teams.access import Permission, reach, who_may
from teams.audit.merging import merged, plain, validate
from teams.audit.record import record
from teams.models import User
from teams.people.guards import held_person, hold_people, must_be_active

MOST_SNOOZES = 5
EDITABLE = frozenset({"kind", "subject", "text", "duration_minutes", "reminder_offsets", "deal", "company", "contact"})


@transaction.atomic
def plan(
    *,
    by: User,
    at: datetime,
    kind: str,
    subject: str,
    assignee: User | None = None,
    deal: Deal | None = None,
    company: Company | None = None,
    contact: Contact | None = None,
    due_on: date | None = None,
    due_at: datetime | None = None,
    duration_minutes: int | None = None,
    text: str = "",
    reminder_offsets: list[int] | None = None,
) -> Activity:
    """Plan an activity for oneself or for somebody one leads. Raises `Forbidden` and `Refused`.

    Without `reminder_offsets` it reminds as is usual for its kind, with an empty list never.
    """
    activity = _new(
        by=by, at=at, kind=kind, subject=subject, assignee=assignee or by, deal=deal, company=company, contact=contact
    )
    activity.duration_minutes = duration_minutes
    activity.text = text
    if reminder_offsets is None:
        reminder_offsets = usual_offsets(kind, is_timed=due_at is not None)
    activity.reminder_offsets = reminder_offsets
    set_due(activity, due_on=due_on, due_at=due_at)
    checked(activity).save()
    plan_for_activity(activity, at=at)
    follow.refresh_next_step([activity.deal_id])
    return activity


@transaction.atomic
def log(
    *,
    by: User,
    at: datetime,
    kind: str,
    subject: str,
    deal: Deal | None = None,
    company: Company | None = None,
    contact: Contact | None = None,
    outcome: str = "",
    text: str = "",
    done_at: datetime | None = None,
    duration_minutes: int | None = None,
    next_step: Mapping[str, Any] | None = None,
) -> Activity:
    """Record what has been done, and plan the next step (arguments of `plan`) in the same breath."""
    if done_at and not is_sensible(done_at):
        raise Refused(NO_SENSIBLE_DATE, field="done_at")
    if done_at and done_at > at:
        raise Refused(_("This time is in the future. Plan the activity instead."), field="done_at")
    activity = _new(by=by, at=at, kind=kind, subject=subject, assignee=by, deal=deal, company=company, contact=contact)
    activity.outcome = outcome
    activity.text = text
    activity.duration_minutes = duration_minutes
    activity.done_at = done_at or at
    activity.done_by = by
    checked(activity).save()
    _count_as_contact(activity)
    if next_step:
        plan(by=by, at=at, **{"deal": deal, "company": company, "contact": contact, **next_step})
    return activity


@transaction.atomic
def complete(
    *, activity_id: int, by: User, at: datetime, version: int | None, outcome: str = "", text: str | None = None
) -> Activity:
    """Tick an activity off. Done already: nothing happens."""
    activity = _locked(activity_id, by)
    if activity.done_at:
        return activity
    _same_version(activity, version)
    _must_be_open(activity)
    activity.done_at = at
    activity.done_by = by
    was = (activity.outcome, activity.text)
    activity.outcome = outcome or activity.outcome
    activity.text = activity.text if text is None else text
    _write(checked(activity), at)
    said = zip(("outcome", "text"), was, (activity.outcome, activity.text), strict=True)
    _keep_record("edited", activity, by, {name: [before, now] for name, before, now in said})
    cancel_for_activity(activity, at=at)
    _count_as_contact(activity)
    return activity


@transaction.atomic
def reopen_activity(*, activity_id: int, by: User, at: datetime, version: int | None = None) -> Activity:
    """Take back that an activity is done or cancelled. The deal's last contact stays as it was.

    Where the assignee has left, it goes to who takes it back.
    """
    activity = _locked(activity_id, by, comes_back=True)
    _same_version(activity, version)
    if activity.is_open:
        return activity
    _give_to_who_is_here(activity, by)
    set_due(activity, due_on=activity.due_on, due_at=activity.due_at)
    activity.done_at = activity.done_by = activity.cancelled_at = None
    _write(activity, at)
    plan_for_activity(activity, at=at)
    return activity


@transaction.atomic
def reschedule(
    *,
    activity_id: int,
    by: User,
    at: datetime,
    version: int | None,
    due_on: date | None = None,
    due_at: datetime | None = None,
) -> Activity:
    """Another day or another time; reminders are planned anew."""
    activity = _locked(activity_id, by)
    _same_version(activity, version)
    _must_be_open(activity)
    was = (activity.due_on, activity.due_at)
    set_due(activity, due_on=due_on, due_at=due_at)
    activity.snoozed_until = None
    _write(activity, at)
    due = zip(("due_on", "due_at"), was, (activity.due_on, activity.due_at), strict=True)
    _keep_record("rescheduled", activity, by, {name: [plain(before), plain(now)] for name, before, now in due})
    _plan_reminders_anew(activity, at)
    return activity


@transaction.atomic
def snooze(*, activity_id: int, by: User, at: datetime, until: datetime, version: int | None = None) -> Activity:
    """Be reminded later. The due date stays; at most five times."""
    activity = _locked(activity_id, by)
    _same_version(activity, version)
    _must_be_open(activity)
    if until <= at:
        raise Refused(_("Choose a time in the future."), field="until")
    if not is_sensible(until):
        raise Refused(NO_SENSIBLE_DATE, field="until")
    if activity.snooze_count >= MOST_SNOOZES:
        raise Refused(_("Snoozed five times already. Choose a new date or cancel the activity."))
    activity.snoozed_until = until
    activity.snooze_count += 1
    _write(activity, at)
    _plan_reminders_anew(activity, at)
    return activity


@transaction.atomic
def take_back(
    *,
    activity_id: int,
    by: User,
    at: datetime,
    version: int,
    due_on: date | None,
    due_at: datetime | None,
    snoozed_until: datetime | None,
    snooze_count: int,
) -> Activity:
    """Make an activity open again and due as it was before the change that led to `version`.

    Where the assignee has left, it goes to who takes it back.
    Raises `Conflict` when it changed since. The deal's last contact stays as it was.
    """
    activity = _locked(activity_id, by, comes_back=True)
    _same_version(activity, version)
    activity.done_at = activity.done_by = activity.cancelled_at = None
    activity.snoozed_until, activity.snooze_count = snoozed_until, snooze_count
    _give_to_who_is_here(activity, by)
    set_due(activity, due_on=due_on, due_at=due_at)
    _write(activity, at)
    _plan_reminders_anew(activity, at)
    return activity


@transaction.atomic
def cancel(*, activity_id: int, by: User, at: datetime, version: int | None) -> Activity:
    """Drop an activity that will not take place."""
    activity = _locked(activity_id, by)
    if activity.cancelled_at:
        return activity
    _same_version(activity, version)
    _must_be_open(activity)
    activity.cancelled_at = at
    _write(activity, at)
    cancel_for_activity(activity, at=at)
    return activity


@transaction.atomic
def edit_activity(
    *, activity_id: int, by: User, at: datetime, version: int | None, changes: Mapping[str, Any]
) -> Activity:
    """Change fields of `EDITABLE`. Dates are changed by `reschedule`, people by `reassign_activity`.

    Fields that others changed since `version` and this one leaves alone keep what they wrote.
    """
    activity = _locked(activity_id, by)
    entered = merged(activity, only_known(changes, EDITABLE), version)
    if not entered:
        return activity
    before, was = activity.deal_id, {name: plain(getattr(activity, name)) for name in entered}
    for name, value in entered.items():
        setattr(activity, name, value)
    must_see(by, entered.get("deal"), entered.get("company"), entered.get("contact"))
    _write(checked(activity), at)
    _keep_record("edited", activity, by, {name: [was[name], plain(getattr(activity, name))] for name in was})
    follow.refresh_next_step([before])
    if activity.is_open:
        _plan_reminders_anew(activity, at)
    return activity


@transaction.atomic
def reassign_activity(*, activity_id: int, by: User, at: datetime, version: int | None, assignee: User) -> Activity:
    """Give an activity to somebody else; an all-day one belongs to the new person's calendar."""
    hold_people({assignee.pk})
    activity = _locked(activity_id, by)
    _same_version(activity, version)
    _must_be_open(activity)
    assignee = _may_get_it(by, assignee)
    cancel_for_activity(activity, at=at)
    was, activity.assignee = activity.assignee_id, assignee
    set_due(activity, due_on=activity.due_on, due_at=activity.due_at)
    _write(activity, at)
    _keep_record("reassigned", activity, by, {"assignee": [was, assignee.pk]})
    plan_for_activity(activity, at=at)
    return activity


@transaction.atomic
def move_to_zone(user: User, at: datetime) -> int:
    """After somebody changed her time zone: all-day activities move with her, timed ones keep their instant."""
    moved = list(Activity.objects.open().filter(assignee=user).order_by("pk").select_for_update(of=("self",)))
    for activity in moved:
        activity.assignee = user
        set_due(activity, due_on=activity.due_on, due_at=activity.due_at)
        activity.changed_at = at
        activity.version += 1
    Activity.objects.bulk_update(moved, ["due_zone", "today_from", "late_at", "changed_at", "version"], batch_size=500)
    for activity in moved:
        _plan_reminders_anew(activity, at)
    follow.refresh_next_step({activity.deal_id for activity in moved if activity.deal_id})
    return len(moved)


def must_see(by: User, deal: Deal | None, company: Company | None, contact: Contact | None) -> None:
    """Raise `DoesNotExist` for a record out of reach."""
    for subject in (deal, company, contact):
        if subject:
            type(subject).objects.live().reachable_by(by).only("pk").get(pk=subject.pk)


def _new(
    *,
    by: User,
    at: datetime,
    kind: str,
    subject: str,
    assignee: User,
    deal: Deal | None,
    company: Company | None,
    contact: Contact | None,
) -> Activity:
    assignee = _may_get_it(by, assignee)
    must_see(by, deal, company, contact)
    return Activity(
        kind=kind,
        subject=subject,
        assignee=assignee,
        deal=deal,
        company=company,
        contact=contact,
        created_at=at,
        created_by=by,
        changed_at=at,
    )


def _give_to_who_is_here(activity: Activity, by: User) -> None:
    assignee = held_person(activity.assignee_id)
    activity.assignee = assignee if assignee.is_active else held_person(by.pk)


def _may_get_it(by: User, assignee: User) -> User:
    """The person as she is now, held. Raises Forbidden and Refused."""
    if not reach(by, Permission.ACTIVITY_EDIT).covers_person(assignee.pk):
        raise Forbidden(who_may(Permission.ACTIVITY_EDIT))
    person = held_person(assignee.pk)
    must_be_active(person, field="assignee")
    return person


def _locked(activity_id: int, by: User, *, comes_back: bool = False) -> Activity:
    """The locked row. Raises `DoesNotExist` out of reach, `Forbidden` where only reading is allowed.

    Who may have one that comes back is held before it: in the order of those who let people go.
    """
    if comes_back:
        hold_people({by.pk, *Activity.objects.filter(pk=activity_id).values_list("assignee_id", flat=True)})
    activity: Activity = Activity.objects.reachable_by(by).select_for_update(of=("self",)).get(pk=activity_id)
    if not Activity.objects.reachable_by(by, Permission.ACTIVITY_EDIT).filter(pk=activity_id).exists():
        raise Forbidden(who_may(Permission.ACTIVITY_EDIT))
    return activity


def _same_version(activity: Activity, version: int | None) -> None:
    if version is not None and version != activity.version:
        theirs = FieldConflict("", None, activity.subject, "", activity.changed_at.isoformat())
        raise Conflict(_("Somebody changed this activity in the meantime. Look at it again."), [theirs])


def _must_be_open(activity: Activity) -> None:
    if not activity.is_open:
        raise Refused(_("This activity is finished. Reopen it first."))


def checked(activity: Activity) -> Activity:
    """The activity with its company filled in from the deal, once every field is valid; raises Refused."""
    if activity.deal and not activity.company_id:
        activity.company_id = activity.deal.company_id
    validate(activity, (field.name for field in activity._meta.fields if not field.is_relation))
    return activity


def _write(activity: Activity, at: datetime) -> None:
    activity.changed_at = at
    activity.version += 1
    activity.save()
    follow.refresh_next_step([activity.deal_id])


def _keep_record(verb: str, activity: Activity, by: User, changes: dict[str, list[Any]]) -> None:
    """An entry of the audit trail with what the activity said before; nothing where nothing differs."""
    if differing := {name: pair for name, pair in changes.items() if pair[0] != pair[1]}:
        versions = {"version": [activity.version - 1, activity.version]}
        record(f"activity.{verb}", by=by, subject=activity, changes={**differing, **versions})


def _plan_reminders_anew(activity: Activity, at: datetime) -> None:
    cancel_for_activity(activity, at=at)
    plan_for_activity(activity, at=at)


def _count_as_contact(activity: Activity) -> None:
    if activity.deal_id and activity.kind in OUTREACH and activity.done_at:
        follow.touch([activity.deal_id], contacted_at=activity.done_at)
