"""Applying changes of the tree: companies are placed again and their open deals follow, in one step."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.lib.errors import Refused
from pipeline.contacts.models import Company
from pipeline.coverage.actions import place
from pipeline.coverage.models import TerritoryAssignment
from pipeline.coverage.rules import NotARule, check
from pipeline.deals.follow import place_deals
from pipeline.handover.territories.preview import preview
from teams.models import AuditEntry, PlanStatus, TerritoryPlan, User
from teams.territories.actions import Changes, reshape, taken_back


@dataclass(frozen=True)
class Applied:
    """What a step moved; `entry` is what `undo` wants, None when the tree stayed as it was."""

    companies: int
    deals: int
    entry: AuditEntry | None


@transaction.atomic
def apply(
    *, changes: Changes, by: User, at: datetime, versions: Mapping[int, int] | None = None, seen: str | None = None
) -> Applied:
    """Change the tree, place every company anew (pinned ones stay), and let open deals follow. Closed deals never.

    `seen` is the fingerprint of the preview that was agreed to; raises `Refused` if other companies would move now.
    """
    for wanted in changes.values():
        _check_rules(wanted)
    _lock_plan()
    entry = reshape(changes=changes, by=by, at=at, versions=versions)
    if seen is not None and preview({}, now=at).fingerprint != seen:
        raise Refused(_("Meanwhile other companies would move. Look at the moves again."), code="stale_preview")
    for pk, wanted in changes.items():
        _nobody_pinned(pk, wanted)
    moved = place(Company.objects.live(), by=by, at=at)
    return Applied(len(moved), place_deals(moved, by=by, at=at), entry)


@transaction.atomic
def undo(*, entry_id: int, by: User, at: datetime) -> Applied:
    """Take an applied step back, as long as it is the last change of the plan."""
    entry = AuditEntry.objects.get(pk=entry_id, action="territory.reshaped")
    plan = _lock_plan()
    if plan is None or plan.pk != entry.subject_id or plan.version != entry.changes["version"][1]:
        raise Refused(_("The territories were changed again since. This step cannot be taken back any more."))
    return apply(changes=taken_back(entry), by=by, at=at)


def _lock_plan() -> TerritoryPlan | None:
    return TerritoryPlan.objects.select_for_update().filter(status=PlanStatus.PUBLISHED).first()


def _check_rules(wanted: Mapping[str, Any]) -> None:
    try:
        check(wanted.get("rules", []))
    except NotARule as fault:
        raise Refused(str(fault), code="rules", field="rules") from fault


def _nobody_pinned(territory_id: int, wanted: Mapping[str, Any]) -> None:
    pinned = TerritoryAssignment.objects.filter(territory_id=territory_id, ends_at__isnull=True, pinned=True)
    if wanted.get("archived") and pinned.exists():
        raise Refused(_("Companies are pinned to this territory. Release them first."), code="pinned")
