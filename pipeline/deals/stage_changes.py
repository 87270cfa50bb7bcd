"""Changing a stage whose deals follow: what `stages` cannot do, for it knows no deals."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from crm.notifications.live import publish_change
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


def restart_clocks(changed: Any) -> None:
    """After another limit of stages, or another zone of the workspace: when their open deals count as stalled."""
    deals = list(_open_deals(changed))
    for deal in deals:
        deal.stalled_from = stalled_from(deal, deal.stage)
    write_clocks(deals)
    _tell(deals)


def _take_probability(stage: Stage, by: User, at: datetime) -> None:
    following = _open_deals([stage]).filter(probability_overridden=False).exclude(probability=stage.probability)
    deals = list(following)
    for start in range(0, len(deals), _BATCH):
        _take(stage.probability, deals[start : start + _BATCH], by, at)
    _tell(deals)


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


def _tell(deals: list[Deal]) -> None:
    """One message for all of them: open boards load anew, whichever deal it names."""
    if deals:
        publish_change("deal", deals[0].pk)


def _open_deals(changed: Any) -> Any:
    deals = Deal.objects.open().filter(stage__in=changed).select_related("stage")
    return deals.select_for_update(of=("self",)).order_by("pk")
