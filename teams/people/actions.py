"""Inviting people, changing what is known about them and what they may do, letting them go and come back."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from crm.lib import memo
from crm.lib.errors import Conflict, Refused
from crm.notifications.live import publish_end
from teams.access import Permission
from teams.access.roles import roles_with
from teams.audit.merging import validate
from teams.audit.record import record
from teams.people.deputy_actions import end_deputies
from teams.people.guards import (
    apply,
    locked_beside_admins,
    locked_person,
    must_administer,
    must_leave_an_admin,
)
from teams.people.membership_actions import end_memberships, set_team
from teams.people.models import ApiToken, Role, Team, TeamRole, User
from teams.workspace.models import Workspace

EDITABLE = ("first_name", "last_name", "email", "job_title", "language")


@transaction.atomic
def invite(
    *,
    by: User,
    at: datetime,
    email: str,
    role: str,
    first_name: str = "",
    last_name: str = "",
    job_title: str = "",
    language: str = "en",
    team: Team | None = None,
) -> User:
    """A new person, who cannot sign in before she follows the link of `people.invitations.send`.

    Raises Refused when somebody has the e-mail address already, whatever its case.
    """
    must_administer(by)
    user = User(
        first_name=first_name,
        last_name=last_name,
        job_title=job_title,
        language=language,
        role=_known(role),
        time_zone=Workspace.get().time_zone,
    )
    user.set_unusable_password()
    user.email = _free_email(email, user)
    validate(user, [*EDITABLE, "role"])
    _save_once_per_email(user)
    record("user.invited", by=by, subject=user, changes={"email": [None, user.email], "role": [None, user.role]})
    if team is not None:
        set_team(by=by, at=at, user=user, team=team, on=Workspace.get().today(at))
    return user


@transaction.atomic
def invite_again(*, by: User, user_id: int) -> User:
    """Before another link is sent. Refused for somebody with a password, who can ask for a new one herself."""
    must_administer(by)
    user = locked_person(user_id)
    if not user.is_active or user.has_usable_password():
        raise Refused(_("%(name)s has a password already.") % {"name": user.name}, code="has_password")
    record("user.invitation_sent", by=by, subject=user)
    return user


@transaction.atomic
def edit_person(*, by: User, user_id: int, changes: Mapping[str, Any]) -> User:
    """Change fields of `EDITABLE`. A person signs in with her new e-mail address from then on, and only with it."""
    must_administer(by)
    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise Refused(_("This field cannot be changed here."), code="unknown_field", field=min(unknown))
    user = locked_person(user_id)
    wanted = dict(changes)
    if "email" in wanted:
        wanted["email"] = _free_email(wanted["email"], user)
    changed = apply(user, wanted)
    if not changed:
        return user
    validate(user, changed)
    _save_once_per_email(user)
    if "email" in changed:
        EmailAddress.objects.filter(user_id=user.pk).delete()
    record("user.edited", by=by, subject=user, changes=changed)
    return user


@transaction.atomic
def set_role(*, by: User, at: datetime, user_id: int, role: str, was: str = "") -> User:
    """Give a person another role; she has to sign in again, and her API tokens end.

    With a role that leads nobody she no longer manages teams. The last admin keeps the role, and nobody
    changes her own. Raises Conflict when the role is no longer the one that it `was` for who decided.
    """
    user, admins = locked_beside_admins(user_id)
    must_administer(by)
    if was and was != user.role:
        sentence = _("Somebody changed the role of %(name)s meanwhile. Choose again.")
        raise Conflict(sentence % {"name": user.name}, [])
    if user.role == _known(role):
        return user
    _must_be_somebody_else(user, by, _("Another admin has to change your role."))
    if role not in roles_with(Permission.PEOPLE_EDIT):
        must_leave_an_admin(user, admins)
        user.is_staff = user.is_superuser = False
    changed = apply(user, {"role": role})
    user.save(update_fields=["role", "is_staff", "is_superuser"])
    record("user.role_changed", by=by, subject=user, changes=changed)
    if role not in roles_with(Permission.DEAL_REASSIGN):
        end_memberships(by=by, user=user, on=_today(at), role_in_team=TeamRole.MANAGER)
    _sign_out(user, at)
    return user


@transaction.atomic
def deactivate(*, by: User, at: datetime, user_id: int) -> User:
    """Let a person go: no sign-in, no tokens, no team, no deputies from now on.

    Hands over nothing; `pipeline.handover.actions.deactivate_person` does that before. Raises Refused for
    oneself and for the last admin.
    """
    user, admins = locked_beside_admins(user_id)
    must_administer(by)
    if not user.is_active:
        return user
    _must_be_somebody_else(user, by, _("Another admin has to deactivate you."))
    must_leave_an_admin(user, admins)
    today = _today(at)
    end_memberships(by=by, user=user, on=today)
    end_deputies(by=by, user=user, on=today)
    user.is_active, user.deactivated_at = False, at
    user.save(update_fields=["is_active", "deactivated_at"])
    record("user.deactivated", by=by, subject=user, changes={"is_active": [True, False]})
    _sign_out(user, at)
    return user


@transaction.atomic
def reactivate(*, by: User, user_id: int) -> User:
    """Let a person sign in again, with the role she had and without a team."""
    must_administer(by)
    user = locked_person(user_id)
    if user.is_active:
        return user
    user.is_active, user.deactivated_at = True, None
    user.save(update_fields=["is_active", "deactivated_at"])
    record("user.reactivated", by=by, subject=user, changes={"is_active": [False, True]})
    memo.forget()
    return user


def end_sessions(user: User, *, at: datetime) -> int:
    """End every session of a person, and what her open pages listen to; answers how many sessions there were."""
    publish_end(user.pk)
    running = Session.objects.filter(expire_date__gt=at).iterator()
    keys = [row.session_key for row in running if row.get_decoded().get(SESSION_KEY) == str(user.pk)]
    Session.objects.filter(session_key__in=keys).delete()
    return len(keys)


def _sign_out(user: User, at: datetime) -> None:
    end_sessions(user, at=at)
    ApiToken.objects.filter(user=user).delete()
    memo.forget()


def _today(at: datetime) -> date:
    return Workspace.get().today(at)


def _known(role: str) -> str:
    if role not in Role.values:
        raise Refused(_("Choose a role."), code="invalid", field="role")
    return role


def _must_be_somebody_else(user: User, by: User, sentence: str) -> None:
    if user.pk == by.pk:
        raise Refused(sentence, code="oneself")


def _free_email(email: str, user: User) -> str:
    """The address in lower case. Raises Refused when somebody else has it."""
    wanted = email.strip().lower()
    holder = User.objects.filter(Q(email__iexact=wanted)).exclude(pk=user.pk).first()
    if holder is not None:
        raise _taken(holder)
    return wanted


def _save_once_per_email(user: User) -> None:
    """Save; of two who invite the same person at once, the second is refused like a later one."""
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        if "email" not in str(error):
            raise
        raise _taken(None) from error


def _taken(holder: User | None) -> Refused:
    if holder is not None and not holder.is_active:
        message = _("%(name)s has this e-mail address and is deactivated. Reactivate this person instead.")
        return Refused(message % {"name": holder.name}, code="duplicate", field="email")
    return Refused(_("Somebody has this e-mail address already."), code="duplicate", field="email")
