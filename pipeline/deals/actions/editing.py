"""Changing what is known about a deal."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from crm.lib.errors import Refused
from crm.lib.locking import held
from pipeline.coverage.actions import held_territory
from pipeline.deals.actions.opening import check_currency, validate
from pipeline.deals.actions.recording import apply, check_version, live_deal, record
from pipeline.deals.models import Deal
from pipeline.deals.states import CLOSED, DealStatus, EventKind
from pipeline.reminders import actions as reminders
from pipeline.stages.models import Stage
from teams.models import User

EDITABLE = {
    "name": EventKind.EDITED,
    "company": EventKind.EDITED,
    "value": EventKind.VALUE_CHANGED,
    "currency": EventKind.VALUE_CHANGED,
    "expected_close_date": EventKind.EXPECTED_CLOSE_CHANGED,
    "probability": EventKind.PROBABILITY_CHANGED,
    "forecast_category": EventKind.FORECAST_CATEGORY_CHANGED,
    "source": EventKind.EDITED,
    "competitor": EventKind.EDITED,
    "need": EventKind.EDITED,
    "custom_fields": EventKind.EDITED,
}
# What a closing has frozen.
FROZEN_AT_CLOSING = frozenset({"value", "currency", "probability", "forecast_category", "company"})


@transaction.atomic
def edit_deal(
    *, deal_id: int, by: User, at: datetime, version: int | None, changes: dict[str, Any], event_source: str = "ui"
) -> Deal:
    """Set the fields in `changes`; a probability of None returns to the stage's.

    Raises Conflict when somebody else changed one of them since `version`; other fields merge.
    """
    hold_related(deal_id, changes)
    deal = live_deal(deal_id, by=by)
    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise Refused(_("This field cannot be changed here."), code="unknown_field", field=min(unknown))
    if deal.status in CLOSED and set(changes) & FROZEN_AT_CLOSING:
        raise Refused(_("This deal is closed. Reopen it to change what it was closed with."), code="closed")
    changes = with_stage_probability(deal, changes)
    check_version(deal, version, changes)
    events = _write(deal, changes)
    if not events:
        return deal
    validate(deal)
    record(deal, events, by=by, at=at, source=event_source)
    if "expected_close_date" in changes:
        reminders.plan_for_deal(deal, at=at)
    return deal


def hold_related(deal_id: int, changes: Mapping[str, Any]) -> None:
    """Hold what the changes go by before the deal, in the order of those who change it: the company that the deal is
    to get, and its stage where it is to take its probability.
    """
    if "probability" in changes and changes["probability"] is None:
        held(Stage.objects.filter(pk__in=Deal.objects.filter(pk=deal_id).values("stage_id")))
    if company := changes.get("company"):
        held_territory(company)


def with_stage_probability(deal: Deal, changes: dict[str, Any]) -> dict[str, Any]:
    """The changes with the probability of the stage where none was chosen; notes on the deal which of them it is."""
    if "probability" not in changes or deal.status != DealStatus.OPEN:
        return changes
    chosen = changes["probability"]
    if chosen is not None and not 1 <= chosen <= 99:
        raise Refused(_("Enter a probability from 1 to 99."), code="invalid", field="probability")
    deal.probability_overridden = chosen is not None
    return {**changes, "probability": deal.stage.probability if chosen is None else chosen}


def _write(deal: Deal, changes: dict[str, Any]) -> list[tuple[EventKind, dict[str, list[Any]]]]:
    """Apply the changes, one event a kind."""
    by_kind: dict[EventKind, dict[str, list[Any]]] = {}
    for name, pair in fill(deal, changes).items():
        kind = EventKind.TERRITORY_CHANGED if name == "territory" else EDITABLE[name]
        by_kind.setdefault(kind, {})[name] = pair
    return list(by_kind.items())


def fill(deal: Deal, changes: dict[str, Any]) -> dict[str, list[Any]]:
    """Apply fields and what they bring with them: another company brings its territory. Returns what changed."""
    if "forecast_category" in changes:
        deal.forecast_category_chosen = True
    changed = apply(deal, changes)
    if "currency" in changed:
        check_currency(deal.currency)
    if "company" in changed:
        changed |= apply(deal, {"territory": held_territory(deal.company) if deal.company else None})
    return changed
