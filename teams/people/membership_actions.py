"""Who belongs to which team, and since when. Ends come before beginnings: a person is a member of one team a day."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from crm.lib import memo
from crm.lib.errors import Refused
from teams.access import Permission
from teams.access.roles import roles_with
from teams.audit.record import record
from teams.people.guards import locked_person, must_administer, must_be_active
from teams.people.models import Team, TeamMembership, TeamRole, User
from teams.people.querysets import MembershipQuerySet


@transaction.atomic
def set_team(*, by: User, at: datetime, user: User, team: Team, on: date) -> TeamMembership:
    """From the day `on` the person is a member of `team`; what was planned for that day or later is dropped.

    The deals of the person follow by `pipeline.handover`. Raises Refused when nothing would change.
    """
    person = _person_for(team, by=by, user=user)
    rows = list(_from(on, person, TeamRole.MEMBER))
    before = rows[0] if rows and (rows[0].starts_on is None or rows[0].starts_on < on) else None
    dropped = rows[1:] if before else rows
    if _is_so_already(before, dropped, team, on):
        message = _("%(name)s is a member of %(team)s already.") % {"name": person.name, "team": team.name}
        raise Refused(message, code="same_team", field="team")
    TeamMembership.objects.filter(pk__in=[row.pk for row in dropped]).delete()
    old = before or (dropped[0] if dropped else None)
    if before is not None and before.team_id == team.pk:
        before.ends_on = None
        before.save(update_fields=["ends_on"])
        membership = before
    else:
        if before is not None:
            before.ends_on = on
            before.save(update_fields=["ends_on"])
        membership = TeamMembership.objects.create(user=person, team=team, starts_on=on)
    changes = {"team": [old.team.name if old else None, team.name], "starts_on": [None, on.isoformat()]}
    record("user.team_changed", by=by, subject=person, changes=changes)
    memo.forget()
    return membership


@transaction.atomic
def add_manager(*, by: User, at: datetime, user: User, team: Team, on: date) -> TeamMembership:
    """From the day `on` the person manages `team`, besides the teams that she manages already.

    Raises Refused for a role that leads nobody: it would see nothing of the team.
    """
    person = _person_for(team, by=by, user=user)
    if person.role not in roles_with(Permission.DEAL_REASSIGN):
        message = _("The role of %(name)s leads nobody. Change it to Manager first.") % {"name": person.name}
        raise Refused(message, code="role", field="role_in_team")
    rows = list(_from(on, person, TeamRole.MANAGER).filter(team=team))
    if any(row.starts_on is None or row.starts_on <= on for row in rows):
        message = _("%(name)s manages %(team)s already.") % {"name": person.name, "team": team.name}
        raise Refused(message, code="same_team", field="team")
    TeamMembership.objects.filter(pk__in=[row.pk for row in rows]).delete()
    membership = TeamMembership.objects.create(user=person, team=team, role_in_team=TeamRole.MANAGER, starts_on=on)
    changes = {"manages": [None, team.name], "starts_on": [None, on.isoformat()]}
    record("user.team_changed", by=by, subject=person, changes=changes)
    memo.forget()
    return membership


@transaction.atomic
def end_managing(*, by: User, membership_id: int, on: date) -> TeamMembership:
    """The person no longer manages the team from the day `on`.

    Members leave a team only for another one or by being deactivated: their deals need a team.
    """
    must_administer(by)
    running = TeamMembership.objects.managers().lasting_beyond(on).select_related("user", "team")
    membership: TeamMembership = running.select_for_update(of=("self",)).get(pk=membership_id)
    _end(membership, by=by, on=on)
    memo.forget()
    return membership


def end_memberships(*, by: User, user: User, on: date, role_in_team: TeamRole | None = None) -> None:
    """Every membership of the person ends before the day `on`; inside the caller's transaction."""
    rows = TeamMembership.objects.lasting_beyond(on).filter(user=user).select_related("user", "team")
    for membership in rows.filter(role_in_team=role_in_team) if role_in_team else rows:
        _end(membership, by=by, on=on)
    memo.forget()


def _person_for(team: Team, *, by: User, user: User) -> User:
    """The locked person, who may join the team. Whoever archives the team meanwhile waits."""
    must_administer(by)
    person = locked_person(user.pk)
    must_be_active(person, field="person")
    if Team.objects.select_for_update(no_key=True).get(pk=team.pk).archived_at is not None:
        raise Refused(_("%(team)s is archived.") % {"team": team.name}, code="archived", field="team")
    return person


def _from(on: date, user: User, role: TeamRole) -> MembershipQuerySet:
    """The memberships of a person that last beyond a day, the running one first."""
    rows = TeamMembership.objects.lasting_beyond(on).filter(user=user, role_in_team=role).select_related("team")
    ordered: MembershipQuerySet = rows.order_by(F("starts_on").asc(nulls_first=True), "pk")
    return ordered


def _is_so_already(before: TeamMembership | None, dropped: list[TeamMembership], team: Team, on: date) -> bool:
    if dropped:
        only = dropped[0]
        return len(dropped) == 1 and only.team_id == team.pk and only.starts_on == on and only.ends_on is None
    return before is not None and before.team_id == team.pk and before.ends_on is None


def _end(membership: TeamMembership, *, by: User, on: date) -> None:
    """End it, or drop it when it had not begun."""
    if membership.starts_on is not None and membership.starts_on >= on:
        membership.delete()
    else:
        membership.ends_on = on
        membership.save(update_fields=["ends_on"])
    name = "team" if membership.role_in_team == TeamRole.MEMBER else "manages"
    changes = {name: [membership.team.name, None], "ends_on": [None, on.isoformat()]}
    record("user.team_changed", by=by, subject=membership.user, changes=changes)
