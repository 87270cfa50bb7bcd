"""A deal goes to another stage, pipeline or owner."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.lib.errors import Forbidden, Refused
from crm.notifications.actions import notify
from pipeline.credit import actions as credit
from pipeline.deals import history
from pipeline.deals.actions.editing import EDITABLE, fill, hold_related, with_stage_probability
from pipeline.deals.actions.opening import validate
from pipeline.deals.actions.recording import apply, check_instant, check_version, live_deal, record, workspace_day
from pipeline.deals.clock import stalled_from
from pipeline.deals.models import Deal, DealEvent
from pipeline.deals.states import DealStatus, EventKind
from pipeline.reminders import actions as reminders
from pipeline.stages.actions import held_stage, must_be_in_use, must_take_deals
from pipeline.stages.models import Pipeline, Stage
from teams.access import Permission, reach, who_may
from teams.models import User
from teams.people.guards import held_person, must_be_active
from teams.people.lines import teams_of

HANDED_OVER = "deal_handed_over"
WHY_BACK = gettext_lazy("Say why it goes back more than one stage.")


@transaction.atomic
def move_to_stage(
    *,
    deal_id: int,
    stage_id: int,
    by: User,
    at: datetime,
    version: int | None,
    fields: dict[str, Any] | None = None,
    occurred_at: datetime | None = None,
    note: str = "",
    event_source: str = "ui",
) -> Deal:
    """Move an open deal to a stage of its pipeline, forward, back or skipping.

    `fields` fills what the stage requires in the same step. Being there already is no move and no error.
    Raises Refused with code `fields_required` when the stage requires more, with `note_required` when the deal falls
    back by more than one stage and `note` does not say why, Conflict when somebody moved it.
    """
    wanted = held_stage(stage_id)
    hold_related(deal_id, fields or {})
    deal = live_deal(deal_id, by=by)
    stage = must_take_deals(wanted)
    if deal.stage_id == stage.pk and deal.status == DealStatus.OPEN:
        return deal
    given = {name: value for name, value in (fields or {}).items() if name in EDITABLE}
    check_version(deal, version, {**given, "stage": stage, "status": DealStatus.OPEN})
    _check_open(deal)
    if stage.pipeline_id != deal.pipeline_id:
        raise Refused(_("This stage belongs to another pipeline. Change the pipeline instead."), code="pipeline")
    if not note.strip() and falls_far_back(deal, stage):
        raise Refused(WHY_BACK, code="note_required", field="note")
    moved_at = check_instant(deal, occurred_at, by=by, at=at)
    filled = _fill(deal, given)
    check_required(deal, stage)
    changes = {**enter(deal, stage, moved_at), **filled}
    validate(deal, known_relations=not filled)
    record(
        deal,
        [(EventKind.STAGE_CHANGED, changes)],
        by=by,
        at=at,
        occurred_at=moved_at,
        note=note,
        source=event_source,
    )
    if "expected_close_date" in filled:
        reminders.plan_for_deal(deal, at=at)
    return deal


@transaction.atomic
def change_pipeline(
    *, deal_id: int, stage: Stage, by: User, at: datetime, version: int | None, pipeline: Pipeline | None = None
) -> Deal:
    """Continue an open deal in a stage of another pipeline; neither won nor lost in the first."""
    wanted = held_stage(stage.pk)
    deal = live_deal(deal_id, by=by)
    stage = must_take_deals(wanted)
    must_be_in_use(stage.pipeline)
    check_version(deal, version, {"stage": stage, "pipeline": stage.pipeline, "status": DealStatus.OPEN})
    _check_open(deal)
    if stage.pipeline_id == deal.pipeline_id:
        raise Refused(_("The deal is in this pipeline already. Move it to a stage instead."), code="pipeline")
    check_required(deal, stage)
    changes = {**apply(deal, {"pipeline": stage.pipeline}), **enter(deal, stage, at)}
    record(deal, [(EventKind.PIPELINE_CHANGED, changes)], by=by, at=at)
    return deal


@transaction.atomic
def reassign(*, deal_id: int, owner: User, by: User, at: datetime, version: int | None, note: str = "") -> Deal:
    """Hand an open deal to a colleague within reach. A closed deal keeps its owner, whose credit it is."""
    owner = held_person(owner.pk)
    deal = live_deal(deal_id, by=by, permission=Permission.DEAL_VIEW)
    scope = reach(by, Permission.DEAL_REASSIGN)
    handled = Deal.objects.reachable_by(by, Permission.DEAL_REASSIGN).filter(pk=deal.pk).exists()
    if not handled or not scope.covers_person(owner.pk):
        raise Forbidden(who_may(Permission.DEAL_REASSIGN))
    check_version(deal, version, {"owner": owner})
    if deal.owner_id == owner.pk:
        return deal
    if deal.status != DealStatus.OPEN:
        raise Refused(_("A closed deal keeps its owner: the credit belongs to who closed it."), code="closed")
    must_be_active(owner, field="owner")
    team_id = teams_of([owner.pk], workspace_day(at)).get(owner.pk)
    changes = apply(deal, {"owner": owner})
    if team_id != deal.team_id:
        changes["team"] = [deal.team_id, team_id]
        deal.team_id = team_id
    [event] = record(deal, [(EventKind.OWNER_CHANGED, changes)], by=by, at=at, note=note)
    credit.follow_owner(deal_id=deal.pk, owner_id=owner.pk)
    reminders.plan_for_deal(deal, at=at)
    if owner.pk != by.pk:
        _tell_new_owner(deal, event, by=by, at=at)
    return deal


def _tell_new_owner(deal: Deal, event: DealEvent, *, by: User, at: datetime) -> None:
    with translation.override(deal.owner.language):
        said = _("%(name)s handed this deal to you.") % {"name": by.name}
        notify(
            recipient=deal.owner,
            kind=HANDED_OVER,
            cause=f"{HANDED_OVER}:{event.pk}",
            title=_("%(deal)s is yours now") % {"deal": deal.name},
            body=f"{said} {event.note}".strip(),
            url=reverse("deal", args=[deal.pk]),
            about=("deal", deal.pk),
            at=at,
        )


def falls_far_back(deal: Deal, stage: Stage) -> bool:
    """Whether the deal goes back by more than one stage of those in use."""
    _pipeline, position = history.stage_ranks().now[deal.stage_id]
    if stage.position >= position:
        return False
    stages = Stage.objects.in_use().filter(pipeline=deal.pipeline_id)
    return stages.filter(position__gt=stage.position, position__lt=position).exists()


def check_required(deal: Deal, stage: Stage) -> None:
    """Raises Refused with code `fields_required` for the first field that the stage asks for."""
    for name in stage.required_fields:
        if getattr(deal, name, None) in (None, ""):
            label = getattr(Deal._meta.get_field(name), "verbose_name", name)
            message = _("%(stage)s needs a value for “%(field)s”.") % {"stage": stage.label, "field": label}
            raise Refused(message, code="fields_required", field=name)


def _fill(deal: Deal, given: dict[str, Any]) -> dict[str, list[Any]]:
    """Apply what came with a move; a probability that was not chosen is the one of the stage to come."""
    fields = with_stage_probability(deal, given)
    return fill(deal, {name: fields[name] for name in fields if name != "probability" or deal.probability_overridden})


def _check_open(deal: Deal) -> None:
    if deal.status != DealStatus.OPEN:
        raise Refused(_("This deal is closed. Reopen it to move it."), code="closed")


def enter(deal: Deal, stage: Stage, at: datetime) -> dict[str, list[Any]]:
    """Put the deal into the stage, with its probability unless the deal has one of its own. Nothing is written."""
    wanted: dict[str, Any] = {"stage": stage}
    if not deal.probability_overridden:
        wanted["probability"] = stage.probability
    deal.stage_entered_at = at
    deal.stalled_from = stalled_from(deal, stage)
    return apply(deal, wanted)
