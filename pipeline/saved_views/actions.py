"""Saving, changing, pinning and deleting views."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from crm.lib.errors import Forbidden, Refused
from pipeline.saved_views.models import PinnedView, SavedView, ViewScope
from teams.access import Permission, holds
from teams.access.reach import leads_others
from teams.audit.record import record
from teams.models import User

MOST_VIEWS = 100
MOST_PINNED = 10


@transaction.atomic
def save_view(*, by: User, name: str, parameters: dict[str, Any], scope: str) -> SavedView:
    """A new view of `by`. Raises Refused for a name that she used already or too many views."""
    _check_scope(by, scope)
    if SavedView.objects.filter(owner=by).count() >= MOST_VIEWS:
        raise Refused(_("You have %(number)s views. Delete one first.") % {"number": MOST_VIEWS}, code="too_many")
    _check_name(by, name)
    view = SavedView.objects.create(owner=by, name=name, parameters=parameters, scope=scope)
    if scope != ViewScope.MINE:
        record("saved_view.shared", by=by, subject=view, changes={"scope": [None, scope]})
    return view


@transaction.atomic
def change_view(*, view: SavedView, by: User, **changes: Any) -> SavedView:
    """Change `name`, `scope` or `parameters`. Raises Forbidden for others than its owner and admins."""
    view = SavedView.objects.select_for_update().get(pk=view.pk)
    check_may_change(view, by)
    if "scope" in changes and changes["scope"] != view.scope:
        _check_scope(by, changes["scope"])
    if "name" in changes and changes["name"] != view.name:
        _check_name(view.owner, changes["name"])
    changed = {name: [getattr(view, name), value] for name, value in changes.items() if getattr(view, name) != value}
    for name, value in changes.items():
        setattr(view, name, value)
    view.save()
    if changed and (view.scope != ViewScope.MINE or "scope" in changed):
        record("saved_view.changed", by=by, subject=view, changes=changed)
    return view


@transaction.atomic
def delete_view(*, view: SavedView, by: User) -> None:
    """Gone, also from the rails of others."""
    check_may_change(view, by)
    if view.scope != ViewScope.MINE:
        record("saved_view.deleted", by=by, subject=view)
    view.delete()


def pin_view(*, view: SavedView, by: User) -> None:
    """Show it in one's rail; once is enough."""
    if PinnedView.objects.filter(user=by).exclude(view=view).count() >= MOST_PINNED:
        raise Refused(_("There is room for %(number)s pinned views. Unpin one first.") % {"number": MOST_PINNED})
    PinnedView.objects.get_or_create(user=by, view=view)


def unpin_view(*, view: SavedView, by: User) -> None:
    PinnedView.objects.filter(user=by, view=view).delete()


def may_change(view: SavedView, user: User) -> bool:
    return view.owner_id == user.pk or (view.scope != ViewScope.MINE and holds(user, Permission.WORKSPACE_EDIT))


def check_may_change(view: SavedView, by: User) -> None:
    """Raises Forbidden for others than its owner and, where it is shared, admins."""
    if not may_change(view, by):
        raise Forbidden(_("Only its owner and admins can change this view. Save yours as a new one."))


def _check_scope(by: User, scope: str) -> None:
    if scope == ViewScope.EVERYONE and not leads_others(by):
        raise Forbidden(_("Managers and admins share views with everyone. Share this one with your team."))


def _check_name(owner: User, name: str) -> None:
    if SavedView.objects.filter(owner=owner, page="deals", name=name).exists():
        raise Refused(_("There is a view of this name already. Choose another one."), code="name", field="name")
