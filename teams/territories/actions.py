"""Changing the published plan: its tree, its rules, and who works where since when.

What moves companies goes through `reshape`; whoever calls it places the companies in the same transaction
(`pipeline.handover.territories`). The words of rules belong to `pipeline.coverage`, which checks them before.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from crm.lib.errors import Conflict, Forbidden, Refused
from crm.lib.fields import only_known
from crm.lib.memo import forget
from crm.lib.ordering import strictly_rising
from teams.access import Permission, holds, who_may
from teams.audit.merging import validate
from teams.audit.models import AuditEntry
from teams.audit.record import record
from teams.people.models import User
from teams.territories.models import PlanStatus, Territory, TerritoryMembership, TerritoryPlan

# What decides which companies a territory gets.
SHAPING = ("parent_id", "priority", "rules", "is_catch_all", "archived")
STEP = 10

# Territory id -> what becomes different about it.
Changes = Mapping[int, Mapping[str, Any]]


@transaction.atomic
def add_territory(
    *, by: User, at: datetime, name: str, parent: Territory | None = None, manager: User | None = None
) -> Territory:
    """A new territory of the published plan, asked last. Without rules it moves no company."""
    _may_edit(by)
    plan = _locked_plan(at)
    if parent is not None and (parent.plan_id != plan.pk or parent.archived_at):
        raise Refused(_("The territory above is not in use."), field="parent")
    last = plan.territories.aggregate(last=Max("priority"))["last"] or 0
    territory = Territory(plan=plan, name=name, parent=parent, manager=manager, priority=last + STEP)
    _validate(territory)
    _name_is_free(territory)
    territory.save()
    record("territory.added", by=by, subject=territory)
    forget()
    return territory


@transaction.atomic
def edit_territory(
    *, territory_id: int, by: User, at: datetime, version: int | None, changes: Mapping[str, Any]
) -> Territory:
    """Change the name or the manager; no company moves. Raises `Conflict` if it changed since `version`."""
    _may_edit(by)
    only_known(changes, ("name", "manager"))
    territory = _locked_plan(at).territories.select_for_update(of=("self",)).get(pk=territory_id)
    _not_newer(territory, version)
    before = {name: _plain(getattr(territory, name)) for name in changes}
    for name, value in changes.items():
        setattr(territory, name, value)
    _validate(territory)
    _name_is_free(territory)
    changed = {name: [before[name], _plain(value)] for name, value in changes.items() if before[name] != _plain(value)}
    if changed:
        _write(territory)
        record("territory.edited", by=by, subject=territory, changes=changed)
        forget()
    return territory


@transaction.atomic
def reshape(
    *, changes: Changes, by: User, at: datetime, versions: Mapping[int, int] | None = None
) -> AuditEntry | None:
    """Change what decides about companies, for several territories in one step.

    Raises `Conflict` if one of them changed since its version, `Refused` for a tree that cannot be. Answers the
    entry of the audit trail, from which the step can be taken back; None if nothing is different.
    """
    _may_edit(by)
    plan = _locked_plan(at)
    tree = {territory.pk: territory for territory in plan.territories.select_for_update(of=("self",)).order_by("pk")}
    for pk in changes:
        if pk not in tree:
            raise Territory.DoesNotExist
        _not_newer(tree[pk], (versions or {}).get(pk))
    entries: dict[str, list[Any]] = {}
    for pk, wanted in changes.items():
        entries |= _reshaped(tree[pk], wanted, at)
    if not entries:
        return None
    _check_tree(tree)
    touched = sorted({int(key.partition(".")[0]) for key in entries})
    # The catch-all is one per plan: first let go, then take.
    for pk in sorted(touched, key=lambda one: tree[one].is_catch_all):
        _write(tree[pk])
    plan.version += 1
    plan.save(update_fields=["version"])
    forget()
    entries["version"] = [plan.version - 1, plan.version]
    return record("territory.reshaped", by=by, subject=plan, changes=entries)


def taken_back(entry: AuditEntry) -> dict[int, dict[str, Any]]:
    """The changes that undo a `reshape`."""
    back: dict[int, dict[str, Any]] = {}
    for key, (before, _after) in entry.changes.items():
        pk, _separator, name = key.partition(".")
        if name:
            back.setdefault(int(pk), {})[name] = before
    return back


@transaction.atomic
def add_member(
    *,
    territory_id: int,
    user: User,
    by: User,
    at: datetime,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> TerritoryMembership:
    """A person works the territory on the days [starts_on, ends_on); an empty end means always."""
    _may_edit(by)
    territory = _locked_plan(at).territories.get(pk=territory_id, archived_at__isnull=True)
    if not user.is_active:
        raise Refused(_("This person no longer works here."), field="user")
    if starts_on and ends_on and ends_on <= starts_on:
        raise Refused(_("The end must come after the start."), field="ends_on")
    same = TerritoryMembership.objects.filter(user=user, territory=territory)
    if starts_on:
        same = same.lasting_beyond(starts_on)
    if ends_on:
        same = same.begun_before(ends_on)
    if same.exists():
        raise Refused(_("This person already works here in that time."), field="user")
    membership = TerritoryMembership.objects.create(
        user=user, territory=territory, starts_on=starts_on, ends_on=ends_on
    )
    record("territory.member_added", by=by, subject=territory, changes=_days(membership, None))
    forget()
    return membership


@transaction.atomic
def end_membership(*, membership_id: int, by: User, at: datetime, ends_on: date) -> None:
    """The person works the territory until the day before `ends_on`; one that would not have begun is removed."""
    _may_edit(by)
    running = TerritoryMembership.objects.filter(territory__plan__status=PlanStatus.PUBLISHED)
    membership = running.select_related("territory", "user").select_for_update(of=("self",)).get(pk=membership_id)
    before = membership.ends_on
    if membership.starts_on and ends_on <= membership.starts_on:
        membership.delete()
        changes = {"user": [membership.user_id, None]}
    else:
        membership.ends_on = ends_on
        membership.save(update_fields=["ends_on"])
        changes = _days(membership, before)
    record("territory.member_ended", by=by, subject=membership.territory, changes=changes)
    forget()


def moved_among_siblings(territory: Territory, *, places: int) -> dict[int, dict[str, Any]]:
    """The changes that put a territory so many places up (negative) or down among its siblings.

    Siblings share out the priorities that they have, so that nobody else's place changes. Nothing at the edge.
    """
    siblings = list(
        Territory.objects.filter(plan=territory.plan_id, parent=territory.parent_id, archived_at__isnull=True)
        .exclude(is_catch_all=True)
        .order_by("priority", "pk")
    )
    here = next((place for place, one in enumerate(siblings) if one.pk == territory.pk), None)
    if here is None or not 0 <= here + places < len(siblings):
        return {}
    priorities = strictly_rising(one.priority for one in siblings)
    siblings.insert(here + places, siblings.pop(here))
    return {
        one.pk: {"priority": priority}
        for one, priority in zip(siblings, priorities, strict=True)
        if one.priority != priority
    }


def _reshaped(territory: Territory, wanted: Mapping[str, Any], at: datetime) -> dict[str, list[Any]]:
    """Set the wanted values; answers what that changed as `{"7.priority": [from, to]}`."""
    only_known(wanted, SHAPING)
    changed: dict[str, list[Any]] = {}
    for name, value in wanted.items():
        before = territory.archived_at is not None if name == "archived" else getattr(territory, name)
        if before == value:
            continue
        changed[f"{territory.pk}.{name}"] = [before, value]
        if name == "archived":
            territory.archived_at = at if value else None
        else:
            setattr(territory, name, value)
    return changed


def _check_tree(tree: Mapping[int, Territory]) -> None:
    in_use = {pk: one for pk, one in tree.items() if one.archived_at is None}
    for territory in in_use.values():
        if territory.parent_id is not None and territory.parent_id not in in_use:
            raise Refused(_("A territory in use cannot be below an archived one."), code="archived", field="parent")
        _not_above_itself(territory, in_use)
    if sum(one.is_catch_all for one in tree.values()) > 1:
        raise Refused(_("Another territory already catches the rest."), code="catch_all", field="is_catch_all")


def _not_above_itself(territory: Territory, tree: Mapping[int, Territory]) -> None:
    seen = {territory.pk}
    above = territory.parent_id
    while above is not None:
        if above in seen:
            raise Refused(_("A territory cannot be below itself."), code="ring", field="parent")
        seen.add(above)
        above = tree[above].parent_id


def _locked_plan(at: datetime) -> TerritoryPlan:
    """The published plan; the first territory of a workspace makes it."""
    published = TerritoryPlan.objects.select_for_update().filter(status=PlanStatus.PUBLISHED).first()
    return published or TerritoryPlan.objects.create(
        name=str(_("Territories")), status=PlanStatus.PUBLISHED, published_at=at
    )


def _name_is_free(territory: Territory) -> None:
    others = Territory.objects.filter(
        plan=territory.plan_id, parent=territory.parent_id, name__iexact=territory.name, archived_at__isnull=True
    )
    if others.exclude(pk=territory.pk).exists():
        raise Refused(_("There is a territory of this name already."), code="name", field="name")


def _validate(territory: Territory) -> None:
    validate(territory, (field.name for field in territory._meta.fields if not field.is_relation))


def _write(territory: Territory) -> None:
    territory.version += 1
    territory.save()


def _not_newer(territory: Territory, version: int | None) -> None:
    if version is not None and version < territory.version:
        sentence = _("“%(name)s” was changed meanwhile. Nothing was saved. Look at it again.")
        raise Conflict(sentence % {"name": territory.name}, [])


def _may_edit(by: User) -> None:
    if not holds(by, Permission.TERRITORY_EDIT):
        raise Forbidden(who_may(Permission.TERRITORY_EDIT))


def _days(membership: TerritoryMembership, before: date | None) -> dict[str, list[Any]]:
    return {
        "user": [membership.user_id, membership.user_id],
        "starts_on": [None, _plain(membership.starts_on)],
        "ends_on": [_plain(before), _plain(membership.ends_on)],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return getattr(value, "pk", value)
