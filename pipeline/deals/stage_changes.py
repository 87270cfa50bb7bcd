"""Changing a stage whose deals follow: what `stages` cannot do, for it knows no deals."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.lib.errors import Refused
from crm.notifications.live import publish_change
from pipeline.deals.actions.moving import enter
from pipeline.deals.actions.recording import record_many
from pipeline.deals.clock import stalled_from
from pipeline.deals.follow import write_clocks
from pipeline.deals.models import Deal, DealEvent, DealStateInterval
from pipeline.deals.states import EventKind, EventSource
from pipeline.stages import actions as stages
from pipeline.stages.models import Stage
from teams.models import User

_BATCH = 500


@transaction.atomic
def edit_stage(*, stage_id: int, by: User, at: datetime, version: int | None, changes: Mapping[str, Any]) -> Stage:
    """Change fields of a stage. Open deals take its new probability, unless they have one of their own, each with
    an event; they count as stalled by its new limit.
    """
    stage, changed = stages.edit_stage(stage_id=stage_id, by=by, version=version, changes=changes)
    if "probability" in changed:
        _take_probability(stage, by, at)
    if "stalled_after_days" in changed:
        restart_clocks(Stage.objects.filter(pk=stage.pk))
    return stage


@transaction.atomic
def archive_stage(*, stage_id: int, by: User, at: datetime, to: Stage | None = None) -> Stage:
    """Offer a stage no longer; with `to`, its open deals go there first, each with an event, archived ones too.

    Refused where deals stay in it, and where one of them lacks what `to` requires: then nothing moves.
    """
    stage = stages.locked_stage(stage_id, by)
    if to is not None:
        _move_all(stage, to, by, at)
    return stages.archive_stage(stage_id=stage_id, by=by, at=at)


def restart_clocks(changed: Any) -> None:
    """After another limit of stages, or another zone of the workspace: when their open deals count as stalled."""
    deals = list(_open_deals(changed))
    for deal in deals:
        deal.stalled_from = stalled_from(deal, deal.stage)
    write_clocks(deals)
    if deals:
        publish_change("deal")


def _move_all(stage: Stage, to: Stage, by: User, at: datetime) -> None:
    to.refresh_from_db()
    if to.pk == stage.pk or to.pipeline_id != stage.pipeline_id or to.archived_at is not None:
        raise Refused(_("This stage cannot take the deals. Choose another one."), code="stage", field="to")
    deals = list(_open_deals([stage]))
    _must_have_required(deals, to)
    note = _("The stage “%(name)s” was archived.") % {"name": stage.label}
    moved = [(deal, enter(deal, to, at)) for deal in deals]
    record_many(moved, EventKind.STAGE_CHANGED, by=by, at=at, note=note)
    Deal.objects.filter(pk__in=[deal.pk for deal in deals]).update(stage_entered_at=at)
    write_clocks(deals)


def _must_have_required(deals: list[Deal], stage: Stage) -> None:
    for name in stage.required_fields:
        lacking = sum(getattr(deal, name) in (None, "") for deal in deals)
        if lacking:
            message = ngettext(
                "%(count)s deal has no “%(field)s”, which “%(stage)s” needs. Choose another stage or fill it in first.",
                "%(count)s deals have no “%(field)s”, which “%(stage)s” needs. "
                "Choose another stage or fill it in first.",
                lacking,
            )
            label = getattr(Deal._meta.get_field(name), "verbose_name", name)
            words = {"count": lacking, "field": label, "stage": stage.label}
            raise Refused(message % words, code="fields_required", field="to")


def _take_probability(stage: Stage, by: User, at: datetime) -> None:
    following = _open_deals([stage]).filter(probability_overridden=False).exclude(probability=stage.probability)
    deals = list(following)
    for start in range(0, len(deals), _BATCH):
        _take(stage.probability, deals[start : start + _BATCH], by, at)
    if deals:
        publish_change("deal")


def _take(probability: int, deals: list[Deal], by: User, at: datetime) -> None:
    events = []
    for deal in deals:
        changes = {"probability": [deal.probability, probability]}
        events.append(
            DealEvent(
                deal=deal,
                kind=EventKind.PROBABILITY_CHANGED,
                occurred_at=at,
                recorded_at=at,
                actor=by,
                source=EventSource.AUTOMATION,
                changes=changes,
                version=deal.version + 1,
            )
        )
    following = Deal.objects.filter(pk__in=[deal.pk for deal in deals])
    following.update(probability=probability, version=F("version") + 1, changed_at=at)
    DealEvent.objects.bulk_create(events)
    _continue_history(following, probability, at)


def _continue_history(deals: Any, probability: int, at: datetime) -> None:
    """What a replay would add after these events: the current state ends, and one with this probability begins."""
    current = DealStateInterval.objects.filter(deal__in=deals, valid_to__isnull=True)
    current.filter(valid_from=at).update(probability=probability)
    ending = current.filter(valid_from__lt=at)
    beginning = list(ending)
    ending.update(valid_to=at)
    for row in beginning:
        row.pk, row.valid_from, row.probability = None, at, probability
    DealStateInterval.objects.bulk_create(beginning)


def _open_deals(changed: Any) -> Any:
    deals = Deal.objects.open().filter(stage__in=changed).prefetch_related("stage")
    return deals.select_for_update(of=("self",)).order_by("pk")
