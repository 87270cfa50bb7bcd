"""Changing the settings of the workspace."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction
from django.utils.translation import gettext as _

from crm.lib import memo
from crm.lib.errors import Forbidden, Refused
from crm.lib.fields import only_known
from teams.access import Permission, holds, who_may
from teams.audit.merging import change
from teams.people.models import User
from teams.quotas.models import Quota
from teams.workspace.models import Workspace

EDITABLE = (
    "name",
    "time_zone",
    "currency",
    "fiscal_start_month",
    "holiday_country",
    "holiday_subdivision",
    "rep_visibility",
    "leaderboard",
    "pace_behind",
    "pace_far_behind",
    "export_forbidden_for",
    "second_factor_required_for",
)


@transaction.atomic
def edit_workspace(*, by: User, version: int | None, changes: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Change fields of `EDITABLE`; answers what really changed, from what to what.

    Raises Conflict for a field that somebody else changed since `version`, Refused for the currency once amounts
    are kept in it. Deals keep their stalled clocks; after another zone `pipeline.settings.actions` sets them.
    """
    if not holds(by, Permission.WORKSPACE_EDIT):
        raise Forbidden(who_may(Permission.WORKSPACE_EDIT))
    only_known(changes, EDITABLE)
    Workspace.objects.get_or_create(pk=1)
    workspace = Workspace.objects.select_for_update().get(pk=1)
    if changes.get("currency", workspace.currency) != workspace.currency:
        _must_be_without_amounts()
    changed = change(workspace, changes, action="workspace.edited", by=by, version=version)
    _must_make_sense(workspace)
    memo.forget()
    return changed


def currency_is_fixed() -> bool:
    """Whether quotas or deals hold amounts that would mean something else in another currency.

    Nothing converts them: a quota of 50,000 would become 50,000 of the other money, and the rates frozen at
    closing would still lead to the old one.
    """
    return Quota.objects.exists() or User.objects.filter(deals__isnull=False).exists()


def _must_be_without_amounts() -> None:
    if currency_is_fixed():
        message = _("The currency stays as it is: deals or quotas already hold amounts in it.")
        raise Refused(message, code="currency_fixed", field="currency")


def _must_make_sense(workspace: Workspace) -> None:
    if workspace.time_zone not in available_timezones():
        raise Refused(_("Choose a time zone from the list."), code="invalid", field="time_zone")
    if not 0 < workspace.pace_far_behind < workspace.pace_behind <= 1:
        message = _("“Far behind” must be below “behind”, and both between 0 and 100%.")
        raise Refused(message, code="invalid", field="pace_far_behind")
