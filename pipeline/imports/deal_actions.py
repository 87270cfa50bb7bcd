"""Writing the deals of an import, each with its history, through the bulk form of the actions on deals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from crm.lib.copying import copy_rows
from crm.lib.memo import remembering
from pipeline.contacts.models import Company
from pipeline.deals.bulk import NewDeal, Step, open_deals_in_bulk
from pipeline.deals.models import Competitor, Deal, LeadSource, LineItem, Product
from pipeline.deals.states import DealStatus, EventKind
from pipeline.imports.models import ImportBatch
from pipeline.imports.people_actions import People
from pipeline.imports.plans import Change, DealPlan
from pipeline.stages.models import CloseReason, Pipeline, Stage
from teams.models import User, Workspace

CERTAINTY = {DealStatus.WON: 100, DealStatus.LOST: 0}


@dataclass(frozen=True)
class Catalogue:
    """What the deals of an import refer to, by their (English) name; reasons by outcome and name or code."""

    pipeline: Pipeline
    stages: dict[str, Stage]
    companies: dict[str, Company]
    products: dict[str, Product]
    reasons: dict[tuple[str, str], CloseReason]
    sources: dict[str, LeadSource] = field(default_factory=dict)
    competitors: dict[str, Competitor] = field(default_factory=dict)


@transaction.atomic
def write_deals(
    plans: Sequence[DealPlan], *, catalogue: Catalogue, people: People, batch: ImportBatch, by: User, at: datetime
) -> list[Deal]:
    """Deals with history and credit, and the product of each as a line; in the order of the plans."""
    with remembering():
        new = [_new_deal(plan, catalogue, people, batch, by=by) for plan in plans]
        deals = open_deals_in_bulk(new, by=by, at=at)
    lines = [
        LineItem(deal=deal, product=catalogue.products[plan.row.product], unit_price=plan.unit_price)
        for deal, plan in zip(deals, plans, strict=True)
    ]
    copy_rows(lines)
    return deals


def _new_deal(plan: DealPlan, catalogue: Catalogue, people: People, batch: ImportBatch, *, by: User) -> NewDeal:
    owner, stage = people.users[plan.row.agent], catalogue.stages[plan.visits[0][0]]
    company = catalogue.companies.get(plan.company)
    deal = Deal(
        name=plan.name,
        external_id=plan.row.external_id,
        company=company,
        pipeline=catalogue.pipeline,
        stage=stage,
        value=plan.first_value if plan.closed_at else plan.value,
        currency=Workspace.get().currency,
        probability=stage.probability,
        owner=owner,
        team=people.teams[plan.row.agent],
        territory=company.territory if company else None,
        expected_close_date=plan.expected_close_date,
        created_at=plan.created_at,
        created_by=people.users.get(plan.creator, by),
        history_known_from=plan.known_from,
        import_batch=batch,
        is_demo=True,
        source=catalogue.sources.get(plan.source),
        **plan.more,
    )
    steps = sorted(_steps(plan, catalogue, people), key=lambda step: step.at)
    return NewDeal(deal, steps, entry_known=plan.entry_known)


def _steps(plan: DealPlan, catalogue: Catalogue, people: People) -> Iterator[Step]:
    owner = people.users[plan.row.agent]
    for name, entered_at in plan.visits[1:]:
        stage = catalogue.stages[name]
        yield Step(EventKind.STAGE_CHANGED, entered_at, {"stage": stage, "probability": stage.probability}, owner)
    for change in plan.changes:
        yield Step(change.kind, change.at, _fields(change, people), owner)
    if plan.closed_at:
        yield Step(EventKind(plan.status), plan.closed_at, _closing(plan, catalogue), owner)


def _fields(change: Change, people: People) -> dict[str, Any]:
    """The fields of a change; a new owner brings the team."""
    name = change.fields.get("owner")
    return {"owner": people.users[name], "team": people.teams.get(name)} if name else dict(change.fields)


def _closing(plan: DealPlan, catalogue: Catalogue) -> dict[str, Any]:
    status = DealStatus(plan.status)
    fields = {
        "status": status,
        "probability": CERTAINTY[status],
        "closed_at": plan.closed_at,
        "close_reason": catalogue.reasons[status, plan.reason or "not_recorded"],
        "fx_rate": Decimal(1),
    }
    if plan.competitor:
        fields["competitor"] = catalogue.competitors[plan.competitor]
    return fields if plan.value == plan.first_value else fields | {"value": plan.value}
