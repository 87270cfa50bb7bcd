"""Changing settings that deals and activities follow: what `teams` cannot do, for it knows neither."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from crm.lib.errors import Refused
from pipeline.activities.actions import move_to_zone
from pipeline.contacts.models import Company
from pipeline.deals.models import Deal, Product
from pipeline.deals.stage_changes import restart_clocks
from pipeline.reminders.actions import plan_for_deal
from pipeline.stages.models import Stage
from teams.models import User
from teams.people import profile_actions
from teams.workspace import actions as workspace_actions


@transaction.atomic
def edit_workspace(*, by: User, version: int | None, changes: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Change the settings of the workspace; answers what really changed. Raises Conflict and Refused.

    In another zone days begin at another moment, so open deals count as stalled from another one.
    """
    changed = workspace_actions.edit_workspace(by=by, version=version, changes=changes)
    if "currency" in changed and _prices_are_known():
        message = _("The currency stays as it is: prices of products or revenues of companies are kept in it.")
        raise Refused(message, code="currency_fixed", field="currency")
    if "time_zone" in changed:
        restart_clocks(Stage.objects.all())
    return changed


@transaction.atomic
def edit_profile(*, by: User, at: datetime, changes: Mapping[str, Any]) -> User:
    """Change what a person says about herself. Her open activities and reminders move along to another zone."""
    user, changed = profile_actions.edit_profile(by=by, changes=changes)
    if "time_zone" in changed:
        move_to_zone(user, at)
        for deal in Deal.objects.open().filter(owner=user, expected_close_date__isnull=False).order_by("pk"):
            deal.owner = user
            plan_for_deal(deal, at=at)
    return user


def _prices_are_known() -> bool:
    priced = Product.objects.filter(list_price__isnull=False)
    return priced.exists() or Company.objects.filter(revenue__isnull=False).exists()
