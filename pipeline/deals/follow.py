"""What deals do because something else changed: their company's territory, their owner's team, their activities."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from pipeline.deals.actions.recording import apply, record, workspace_day
from pipeline.deals.clock import stalled_from
from pipeline.deals.models import Deal
from pipeline.deals.states import EventKind, EventSource
from teams.models import User
from teams.people.lines import teams_of


@transaction.atomic
def place_deals(company_ids: Iterable[int], *, by: User | None, at: datetime) -> int:
    """Open deals take the territory of their company, each with an event; closed deals never move."""
    deals = Deal.objects.open().filter(company_id__in=set(company_ids)).select_related("company__territory")
    moved = 0
    for deal in deals.select_for_update(of=("self",)).order_by("pk"):
        changes = apply(deal, {"territory": deal.company.territory if deal.company else None})
        if changes:
            record(deal, [(EventKind.TERRITORY_CHANGED, changes)], by=by, at=at, source=EventSource.AUTOMATION)
            moved += 1
    return moved


@transaction.atomic
def follow_team(user_ids: Iterable[int], *, by: User | None, at: datetime) -> int:
    """Open deals belong to the team of which their owner is a member today."""
    owners = set(user_ids)
    teams = teams_of(owners, workspace_day(at))
    moved = 0
    for deal in Deal.objects.open().filter(owner_id__in=owners).select_for_update(of=("self",)).order_by("pk"):
        team_id = teams.get(deal.owner_id)
        if team_id == deal.team_id:
            continue
        changes = {"team": [deal.team_id, team_id]}
        deal.team_id = team_id
        record(deal, [(EventKind.TEAM_CHANGED, changes)], by=by, at=at, source=EventSource.AUTOMATION)
        moved += 1
    return moved


def refresh_next_step(deal_ids: Iterable[int | None]) -> None:
    """The next step of a deal is its earliest open activity. No event: activities have their own history."""
    ids = {pk for pk in deal_ids if pk}
    activities: Any = Deal._meta.get_field("activities").related_model
    soonest = activities.objects.open().filter(deal_id__in=ids, late_at__isnull=False)
    first = {row.deal_id: row for row in soonest.order_by("deal_id", "late_at", "pk").distinct("deal_id")}
    for deal_id in ids:
        step = first.get(deal_id)
        Deal.objects.filter(pk=deal_id).update(
            next_step=step,
            next_step_subject=step.subject if step else "",
            next_step_kind=step.kind if step else "",
            next_step_due_on=step.due_on if step else None,
            next_step_due_at=step.due_at if step else None,
            next_step_today_from=step.today_from if step else None,
            next_step_late_at=step.late_at if step else None,
        )


def touch(deal_ids: Iterable[int | None], *, contacted_at: datetime) -> None:
    """There was contact with the customer: the stalled clock starts again from the latest contact."""
    deals = Deal.objects.filter(pk__in={pk for pk in deal_ids if pk}).select_related("stage")
    for deal in deals.select_for_update(of=("self",)).order_by("pk"):
        deal.last_contact_at = max(filter(None, (deal.last_contact_at, contacted_at)))
        if deal.is_open:
            deal.stalled_from = stalled_from(deal, deal.stage)
        deal.save(update_fields=["last_contact_at", "stalled_from"])


def restart_clocks(stage_id: int) -> None:
    """After a change of a stage's limit: when its open deals count as stalled."""
    deals = list(Deal.objects.open().filter(stage_id=stage_id).select_related("stage"))
    for deal in deals:
        deal.stalled_from = stalled_from(deal, deal.stage)
    Deal.objects.bulk_update(deals, ["stalled_from"], batch_size=500)
