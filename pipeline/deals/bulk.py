"""Opening many deals at once, with the checks of single actions; for imports."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from crm.lib.copying import copy_rows
from crm.lib.money import to_cents
from crm.lib.text import sort_key
from pipeline.credit.models import CreditSplit
from pipeline.deals import history
from pipeline.deals.actions.opening import validate
from pipeline.deals.clock import stalled_from
from pipeline.deals.models import Deal, DealEvent
from pipeline.deals.states import DealStatus, EventKind, EventSource
from pipeline.reminders import actions as reminders
from teams.models import User

_BATCH = 2000


@dataclass
class Step:
    """One later event of an imported deal: its kind, its instant, the fields it set."""

    kind: EventKind
    at: datetime
    fields: dict[str, Any] = field(default_factory=dict)
    actor: User | None = None


@dataclass
class NewDeal:
    """An unsaved deal in its FIRST state (open, as at `created_at`) and the steps that followed.

    `entry_known` is False when nobody knows since when the deal is in its first stage.
    """

    deal: Deal
    steps: Sequence[Step] = ()
    entry_known: bool = True


@transaction.atomic
def open_deals_in_bulk(rows: Iterable[NewDeal], *, by: User | None, at: datetime) -> list[Deal]:
    """Write deals with events, spells, intervals, credit and reminders. Raises Refused for the first invalid deal.

    The caller locks nothing and has checked its rows; `recorded_at` of all events is `at`.
    """
    new = list(rows)
    firsts = [_first_facts(row) for row in new]
    for row in new:
        _advance(row)
        validate(row.deal, known_relations=True)
    deals = Deal.objects.bulk_create([row.deal for row in new], batch_size=_BATCH)
    events = [event for row, facts in zip(new, firsts, strict=True) for event in _events(row, facts, by=by, at=at)]
    copy_rows(events)
    _derive(events)
    copy_rows([_credit(deal) for deal in deals])
    reminders.plan_in_bulk(deals=deals, at=at)
    return deals


def _first_facts(row: NewDeal) -> dict[str, list[Any]]:
    names = (*history.STATE_FIELDS, "name", "company", "source", "competitor")
    facts: dict[str, list[Any]] = {name: [None, history.encode(getattr(row.deal, name))] for name in names}
    if not row.entry_known:
        facts["entry_known"] = [None, False]
    return facts


def _advance(row: NewDeal) -> None:
    """Bring the deal from its first to its last state, remembering what each step changed."""
    deal = row.deal
    deal.sort_key = sort_key(deal.name)
    deal.version = 1 + len(row.steps)
    deal.stage_entered_at = deal.created_at
    for step in row.steps:
        step.fields = {
            name: [history.encode(getattr(deal, name)), _set(deal, name, value)] for name, value in step.fields.items()
        }
        if step.kind in {EventKind.STAGE_CHANGED, EventKind.REOPENED, EventKind.PIPELINE_CHANGED}:
            deal.stage_entered_at = step.at
    deal.changed_at = row.steps[-1].at if row.steps else deal.created_at
    if deal.status == DealStatus.WON:
        deal.first_won_at = deal.closed_at
    deal.stalled_from = stalled_from(deal, deal.stage) if deal.is_open else None


def _set(deal: Deal, name: str, value: Any) -> Any:
    setattr(deal, name, value)
    return history.encode(value)


def _events(row: NewDeal, facts: dict[str, list[Any]], *, by: User | None, at: datetime) -> Iterable[DealEvent]:
    def event(kind: EventKind, occurred_at: datetime, changes: Any, version: int, actor: User | None) -> DealEvent:
        return DealEvent(
            deal=row.deal,
            kind=kind,
            occurred_at=occurred_at,
            recorded_at=at,
            actor=actor or by,
            source=EventSource.IMPORT,
            changes=changes,
            version=version,
        )

    yield event(EventKind.CREATED, row.deal.created_at, facts, 1, row.deal.created_by)
    for number, step in enumerate(row.steps, start=2):
        yield event(step.kind, step.at, step.fields, number, step.actor)


def _derive(events: list[DealEvent]) -> None:
    by_deal: dict[int, list[DealEvent]] = {}
    for event in events:
        by_deal.setdefault(event.deal_id, []).append(event)
    ranks = history.stage_ranks()
    derived = [history.replay(rows, ranks) for rows in by_deal.values()]
    copy_rows([spell for d in derived for spell in d.spells])
    copy_rows([row for d in derived for row in d.intervals])


def _credit(deal: Deal) -> CreditSplit:
    split = CreditSplit(deal=deal, user_id=deal.owner_id, share=Decimal(100))
    if deal.status == DealStatus.WON:
        split.credited_at = deal.closed_at
        split.team_id, split.territory_id = deal.team_id, deal.territory_id
        if deal.value is not None and deal.fx_rate is not None:
            split.amount = to_cents(deal.value * deal.fx_rate)
    return split
