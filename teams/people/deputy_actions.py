"""Who stands in for whom, from when to when."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from crm.lib import memo
from crm.lib.errors import Refused
from teams.audit.record import record
from teams.people.guards import locked_person, must_administer, must_be_active
from teams.people.models import Deputy, User
from teams.workspace.models import Workspace


@transaction.atomic
def add_deputy(*, by: User, at: datetime, person: User, deputy: User, starts_on: date, ends_on: date | None) -> Deputy:
    """On the days [starts_on, ends_on) `deputy` reaches what `person` reaches; without an end until it is ended."""
    must_administer(by)
    for user in (locked_person(person.pk), deputy):
        must_be_active(user, field="deputy")
    if person.pk == deputy.pk:
        raise Refused(_("Choose somebody else as the deputy."), code="oneself", field="deputy")
    if starts_on < Workspace.get().today(at):
        raise Refused(_("Choose today or a later day."), code="past", field="starts_on")
    if ends_on is not None and ends_on <= starts_on:
        raise Refused(_("The last day lies before the first."), code="order", field="last_day")
    same = Deputy.objects.lasting_beyond(starts_on).filter(person=person, deputy=deputy)
    if (same.begun_before(ends_on) if ends_on else same).exists():
        message = _("%(deputy)s stands in for %(person)s on these days already.")
        raise Refused(message % {"deputy": deputy.name, "person": person.name}, code="overlap", field="deputy")
    added = Deputy.objects.create(person=person, deputy=deputy, starts_on=starts_on, ends_on=ends_on)
    days = [starts_on.isoformat(), ends_on.isoformat() if ends_on else None]
    record("user.deputy_added", by=by, subject=person, changes={"deputy": [None, deputy.name], "days": [None, days]})
    memo.forget()
    return added


@transaction.atomic
def end_deputy(*, by: User, deputy_id: int, on: date) -> Deputy:
    """The deputy no longer stands in from the day `on`."""
    must_administer(by)
    running = Deputy.objects.lasting_beyond(on).select_related("person", "deputy")
    deputy: Deputy = running.select_for_update(of=("self",)).get(pk=deputy_id)
    _end(deputy, by=by, on=on)
    memo.forget()
    return deputy


def end_deputies(*, by: User, user: User, on: date) -> None:
    """Nobody stands in for the person any more, nor she for anybody; inside the caller's transaction."""
    rows = Deputy.objects.lasting_beyond(on).filter(Q(person=user) | Q(deputy=user))
    for deputy in rows.select_related("person", "deputy").order_by("pk"):
        _end(deputy, by=by, on=on)
    memo.forget()


def _end(deputy: Deputy, *, by: User, on: date) -> None:
    """End it, or drop it when it had not begun."""
    if deputy.starts_on >= on:
        deputy.delete()
    else:
        deputy.ends_on = on
        deputy.save(update_fields=["ends_on"])
    changes = {"deputy": [deputy.deputy.name, None], "ends_on": [None, on.isoformat()]}
    record("user.deputy_ended", by=by, subject=deputy.person, changes=changes)
