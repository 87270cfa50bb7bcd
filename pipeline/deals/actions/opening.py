"""A deal begins."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.lib.errors import Forbidden, Refused
from crm.lib.periods import is_sensible
from pipeline.coverage.actions import held_territory
from pipeline.credit import actions as credit
from pipeline.deals import history
from pipeline.deals.actions.recording import record, workspace_day
from pipeline.deals.clock import stalled_from
from pipeline.deals.models import Deal
from pipeline.deals.states import EventKind
from pipeline.reminders import actions as reminders
from pipeline.stages.actions import held_stage, must_be_in_use, must_take_deals
from pipeline.stages.models import Pipeline, Stage
from teams.access import Permission, reach, who_may
from teams.currencies.rates import can_convert
from teams.models import User, Workspace
from teams.people.guards import held_person, must_be_active
from teams.people.lines import teams_of

NO_RATE = gettext_lazy("Enter a currency with known exchange rates, like EUR or USD.")
# What the first event tells besides the state.
_FIRST_FACTS = ("name", "company", "source", "competitor")


@transaction.atomic
def open_deal(
    *,
    by: User,
    at: datetime,
    name: str,
    pipeline: Pipeline | None = None,
    stage: Stage | None = None,
    owner: User | None = None,
    company: Any = None,
    value: Decimal | None = None,
    currency: str = "",
    expected_close_date: date | None = None,
    probability: int | None = None,
    event_source: str = "ui",
    **fields: Any,
) -> Deal:
    """Open a deal in the first stage of the first pipeline unless said otherwise; it belongs to `by` or `owner`.

    Raises Forbidden for an owner out of reach, Refused for one who has left, without a stage to start in or for an
    invalid field.
    """
    scope = reach(by, Permission.DEAL_ADD)
    if not scope.covers_person((owner or by).pk):
        raise Forbidden(who_may(Permission.DEAL_REASSIGN if scope else Permission.DEAL_ADD))
    if currency:
        check_currency(currency)
    owner = held_person((owner or by).pk)
    must_be_active(owner, field="owner")
    stage = must_take_deals(held_stage((stage or first_stage(pipeline)).pk))
    must_be_in_use(stage.pipeline)
    if pipeline and stage.pipeline_id != pipeline.pk:
        raise Refused(_("This stage belongs to another pipeline. Choose one of this pipeline."), field="stage")
    deal = Deal(
        name=name,
        company=company,
        pipeline_id=stage.pipeline_id,
        stage=stage,
        value=value,
        currency=currency or Workspace.get().currency,
        expected_close_date=expected_close_date,
        probability=probability or stage.probability,
        probability_overridden=probability is not None,
        owner=owner,
        team_id=teams_of([owner.pk], workspace_day(at)).get(owner.pk),
        territory=held_territory(company) if company else None,
        created_at=at,
        created_by=by,
        changed_at=at,
        stage_entered_at=at,
        version=0,
        **fields,
    )
    deal.stalled_from = stalled_from(deal, stage)
    validate(deal)
    facts = {f: [None, history.encode(getattr(deal, f))] for f in (*history.STATE_FIELDS, *_FIRST_FACTS)}
    record(deal, [(EventKind.CREATED, facts)], by=by, at=at, source=event_source)
    credit.follow_owner(deal_id=deal.pk, owner_id=owner.pk)
    reminders.plan_for_deal(deal, at=at)
    return deal


def first_stage(pipeline: Pipeline | None) -> Stage:
    """Where a new deal starts. Raises Refused when there is no stage in use."""
    stages = Stage.objects.in_use().filter(pipeline__archived_at__isnull=True).in_order()
    stage: Stage | None = (stages.filter(pipeline=pipeline) if pipeline else stages).first()
    if stage is None:
        raise Refused(_("There is no stage to start in. An admin can add one."), code="no_stage")
    return stage


def check_currency(currency: str) -> None:
    """Raises Refused for one without rates: its amounts would be missing from every sum."""
    if not can_convert(currency):
        raise Refused(NO_RATE, code="currency", field="currency")


def validate(deal: Deal, *, known_relations: bool = False) -> None:
    """Raises Refused with the first invalid field. With `known_relations`, rows just read are not looked up again."""
    relations = [f.name for f in Deal._meta.concrete_fields if f.is_relation] if known_relations else []
    try:
        deal.clean_fields(exclude=["sort_key", "created_by", *relations])
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise Refused(messages[0], code="invalid", field=name) from error
    if not deal.name.strip():
        raise Refused(_("Enter a deal name"), code="invalid", field="name")
    for name in ("expected_close_date", "try_again_on"):
        day = getattr(deal, name)
        if day and not is_sensible(day):
            raise Refused(_("Enter a date between 1970 and 2199."), code="invalid", field=name)
