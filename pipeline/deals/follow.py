"""What deals do because something else changed: their company's territory, their owner's team, their activities."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from crm.notifications.live import publish_change
from pipeline.deals.actions.recording import apply, record_many, workspace_day
from pipeline.deals.clock import stalled_from
from pipeline.deals.models import Deal
from pipeline.deals.states import EventKind
from teams.models import User
from teams.people.lines import teams_of

_SET_CLOCKS = """
    UPDATE pipeline_deal AS deal SET last_contact_at = clock.contacted, stalled_from = clock.stalled
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS clock (id, contacted, stalled)
    WHERE deal.id = clock.id
"""


@transaction.atomic
def place_deals(company_ids: Iterable[int], *, by: User | None, at: datetime) -> int:
    """Open deals take the territory of their company, each with an event; closed deals never move."""
    deals = Deal.objects.open().filter(company_id__in=set(company_ids)).prefetch_related("company__territory")
    moved = []
    for deal in deals.select_for_update(of=("self",)).order_by("pk"):
        changes = apply(deal, {"territory": deal.company.territory if deal.company else None})
        if changes:
            moved.append((deal, changes))
    record_many(moved, EventKind.TERRITORY_CHANGED, by=by, at=at)
    return len(moved)


@transaction.atomic
def follow_team(user_ids: Iterable[int], *, by: User | None, at: datetime) -> int:
    """Open deals belong to the team of which their owner is a member today."""
    owners = set(user_ids)
    teams = teams_of(owners, workspace_day(at))
    moved = []
    for deal in Deal.objects.open().filter(owner_id__in=owners).select_for_update(of=("self",)).order_by("pk"):
        team_id = teams.get(deal.owner_id)
        if team_id == deal.team_id:
            continue
        moved.append((deal, {"team": [deal.team_id, team_id]}))
        deal.team_id = team_id
    record_many(moved, EventKind.TEAM_CHANGED, by=by, at=at)
    return len(moved)


def refresh_next_step(deal_ids: Iterable[int | None]) -> None:
    """The next step of a deal is its earliest open activity. No event: activities have their own history."""
    activities: Any = Deal._meta.get_field("activities").related_model
    open_ones = activities.objects.open().filter(deal=OuterRef("pk"), late_at__isnull=False)
    soonest = open_ones.order_by("late_at", "pk")

    def of_soonest(name: str) -> Subquery:
        return Subquery(soonest.values(name)[:1])

    changed = Deal.objects.filter(pk__in={pk for pk in deal_ids if pk}).update(
        next_step=of_soonest("pk"),
        next_step_subject=Coalesce(of_soonest("subject"), Value("")),
        next_step_kind=Coalesce(of_soonest("kind"), Value("")),
        next_step_due_on=of_soonest("due_on"),
        next_step_due_at=of_soonest("due_at"),
        next_step_today_from=of_soonest("today_from"),
        next_step_late_at=of_soonest("late_at"),
    )
    if changed:
        publish_change("deal")


def touch(deal_ids: Iterable[int | None], *, contacted_at: datetime) -> None:
    """There was contact with the customer: the stalled clock starts again from the latest contact."""
    touch_in_bulk({pk: contacted_at for pk in deal_ids if pk})


@transaction.atomic
def touch_in_bulk(contacts: Mapping[int, datetime]) -> None:
    """Like `touch` for many deals, each with a contact of its own."""
    rows = Deal.objects.filter(pk__in=list(contacts)).prefetch_related("stage")
    deals = list(rows.select_for_update(of=("self",)).order_by("pk"))
    for deal in deals:
        deal.last_contact_at = max(filter(None, (deal.last_contact_at, contacts[deal.pk])))
        if deal.is_open:
            deal.stalled_from = stalled_from(deal, deal.stage)
    write_clocks(deals)
    if deals:
        publish_change("deal")


def write_clocks(deals: Iterable[Deal]) -> None:
    """Store when each deal was last in contact and since when it counts as stalled, in one statement."""
    rows = list(deals)
    columns = [[getattr(deal, name) for deal in rows] for name in ("pk", "last_contact_at", "stalled_from")]
    with connection.cursor() as cursor:
        cursor.execute(_SET_CLOCKS, columns)
