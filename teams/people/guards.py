"""What every change of people and teams asks first."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from crm.lib import memo
from crm.lib.errors import Forbidden, Refused
from crm.lib.locking import held
from teams.access import Permission, holds, who_may
from teams.access.roles import roles_with
from teams.people.models import User


def must_administer(by: User) -> None:
    """Raises Forbidden unless the person may, by what the database says now rather than when her request began."""
    memo.forget()
    if not holds(User.objects.get(pk=by.pk), Permission.PEOPLE_EDIT):
        raise Forbidden(who_may(Permission.PEOPLE_EDIT))


def locked_person(user_id: int) -> User:
    """The person, locked against other changes of people, though records may still refer to her meanwhile."""
    user: User = User.objects.select_for_update(no_key=True).get(pk=user_id)
    return user


def locked_beside_admins(user_id: int) -> tuple[User, set[int]]:
    """The person and the active administrators, all locked: whoever takes the role from somebody waits here."""
    admins = User.objects.active().filter(role__in=roles_with(Permission.PEOPLE_EDIT))
    locked = {admin.pk for admin in admins.order_by("pk").select_for_update(no_key=True)}
    return locked_person(user_id), locked


def must_leave_an_admin(user: User, admins: set[int]) -> None:
    """Raises Refused when nobody else could administer the workspace."""
    if admins == {user.pk}:
        message = _("%(name)s is the only admin. Make somebody else an admin first.") % {"name": user.name}
        raise Refused(message, code="last_admin")


def held_person(user_id: int) -> User:
    """Somebody who is about to get work: nobody lets her go or moves her to another team meanwhile."""
    [user] = held(User.objects.filter(pk=user_id))
    return user


def hold_people(user_ids: Iterable[int | None]) -> None:
    """Several who may get work, before the work itself: in the order of those who let people go."""
    held(User.objects.filter(pk__in={pk for pk in user_ids if pk}))


def must_be_active(user: User, *, field: str = "") -> None:
    if not user.is_active:
        message = _("%(name)s is deactivated. Choose somebody else.") % {"name": user.name}
        raise Refused(message, code="inactive", field=field)


def apply(row: models.Model, changes: dict[str, Any]) -> dict[str, list[Any]]:
    """Set the fields; returns what really changed, as the audit trail keeps it."""
    changed = {}
    for name, value in changes.items():
        before = getattr(row, name)
        if before != value:
            changed[name] = [before, value]
            setattr(row, name, value)
    return changed
