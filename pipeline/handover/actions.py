"""People leave and change teams, and what they work on goes along or stays behind."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.lib.errors import Refused
from crm.notifications.actions import notify
from pipeline.deals import follow
from pipeline.handover.belongings import Belongings, belongings_of
from pipeline.handover.moving import move_activities, move_contacts, move_deals
from teams.access import Permission
from teams.access.roles import roles_with
from teams.models import PlanStatus, Team, TeamMembership, TerritoryMembership, User, Workspace
from teams.people import actions as people
from teams.people.guards import held_person, locked_beside_admins, must_administer, must_be_active
from teams.people.membership_actions import add_manager, set_team
from teams.people.models import TeamRole
from teams.people.querysets import UserQuerySet
from teams.territories import actions as territories

# Further away, a date is more likely a slip of the hand.
FURTHEST = timedelta(days=366)
HAND_OVER = "hand_over"


def possible_successors(leaver: User) -> UserQuerySet:
    """Who could take over: everybody else with a role that works on deals."""
    workers = User.objects.active().filter(role__in=roles_with(Permission.DEAL_ADD))
    others: UserQuerySet = workers.exclude(pk=leaver.pk).by_name()
    return others


@transaction.atomic
def deactivate_person(*, by: User, at: datetime, user: User, successor: User | None) -> Belongings:
    """Let a person go, and give everything open to the successor: deals with their credit, activities with
    their reminders, companies and contacts. Closed deals, and their credit, stay hers.

    Answers what was handed over. Raises Refused when there is something and nobody takes it.
    """
    person, _admins = locked_beside_admins(user.pk)
    must_administer(by)
    left = belongings_of(person, at)
    if left and successor is None:
        message = _("%(name)s has open work. Choose who takes it over.") % {"name": person.name}
        raise Refused(message, code="successor_required", field="successor")
    if left and successor is not None:
        _must_be_able(successor, person)
        # Companies and activities before deals, in the order of those who change both.
        move_contacts(person, successor, by=by, at=at)
        move_activities(person, successor, at=at)
        move_deals(person, successor, by=by, at=at)
        _tell(successor, person, left, at)
    _leave_territories(person, by=by, at=at)
    people.deactivate(by=by, at=at, user_id=person.pk)
    return left


@transaction.atomic
def change_team(
    *,
    by: User,
    at: datetime,
    user: User,
    team: Team,
    on: date,
    role_in_team: str = TeamRole.MEMBER,
) -> TeamMembership:
    """From the day `on` the person is a member of `team`, or manages it besides others.

    The open deals of a member go with her: now, or on the day by `follow_dated_memberships`. Closed deals
    never move. Raises Refused for a day more than a year away.
    """
    today = Workspace.get().today(at)
    if abs(on - today) > FURTHEST:
        raise Refused(_("Choose a day within a year from today."), code="too_far", field="on")
    if role_in_team == TeamRole.MANAGER:
        return add_manager(by=by, at=at, user=user, team=team, on=on)
    membership = set_team(by=by, at=at, user=user, team=team, on=on)
    if on <= today:
        follow.follow_team([user.pk], by=by, at=at)
        _mark_followed([membership], at)
    return membership


@transaction.atomic
def follow_dated_memberships(*, at: datetime) -> int:
    """Open deals follow the members whose day has come in the workspace zone; answers how many deals moved.

    A second run finds nothing to do.
    """
    begun = TeamMembership.objects.members().filter(
        starts_on__lte=Workspace.get().today(at), deals_followed_at__isnull=True
    )
    due = list(begun.order_by("pk").select_for_update(skip_locked=True))
    if not due:
        return 0
    moved = follow.follow_team({membership.user_id for membership in due}, by=None, at=at)
    _mark_followed(due, at)
    return moved


def _mark_followed(memberships: list[TeamMembership], at: datetime) -> None:
    keys = [membership.pk for membership in memberships]
    TeamMembership.objects.filter(pk__in=keys).update(deals_followed_at=at)


def _leave_territories(person: User, *, by: User, at: datetime) -> None:
    today = Workspace.get().today(at)
    lasting = TerritoryMembership.objects.lasting_beyond(today).filter(user=person)
    for membership in lasting.filter(territory__plan__status=PlanStatus.PUBLISHED).order_by("pk"):
        territories.end_membership(membership_id=membership.pk, by=by, at=at, ends_on=today)


def _must_be_able(successor: User, person: User) -> None:
    must_be_active(held_person(successor.pk), field="successor")
    if not possible_successors(person).filter(pk=successor.pk).exists():
        message = _("%(name)s cannot work on deals. Choose somebody else.") % {"name": successor.name}
        raise Refused(message, code="successor", field="successor")


def _tell(successor: User, person: User, left: Belongings, at: datetime) -> None:
    with translation.override(successor.language):
        title = _("You took over from %(name)s") % {"name": person.name}
        deals = ngettext("%(number)s open deal", "%(number)s open deals", left.deals.count)
        activities = ngettext("%(number)s open activity", "%(number)s open activities", left.activities)
        parts = (deals % {"number": left.deals.count}, activities % {"number": left.activities})
        notify(
            recipient=successor,
            kind=HAND_OVER,
            cause=f"{HAND_OVER}:{person.pk}:{at.isoformat()}",
            title=title,
            body=" · ".join(parts),
            url=reverse("deal-list") + "?owner=me",
            at=at,
        )
