"""Changing a stage whose deals follow: what `stages` cannot do, for it knows no deals."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from crm.notifications.live import publish_change
from pipeline.deals import history
from pipeline.deals.clock import stalled_from
from pipeline.deals.models import Deal, DealEvent, DealStateInterval, StageSpell
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
    Deal.objects.bulk_update(deals, ["stalled_from"], batch_size=_BATCH)
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
        deal.probability = probability
        deal.version += 1
        deal.changed_at = at
        events.append(
            DealEvent(
                deal=deal,
                kind=EventKind.PROBABILITY_CHANGED,
                occurred_at=at,
                recorded_at=at,
                actor=by,
                source=EventSource.AUTOMATION,
                changes=changes,
                version=deal.version,
            )
        )
    Deal.objects.bulk_update(deals, ["probability", "version", "changed_at"])
    DealEvent.objects.bulk_create(events)
    _replay([deal.pk for deal in deals])


def _replay(deal_ids: list[int]) -> None:
    """What `history.rebuild` does, for many deals in few queries."""
    by_deal: dict[int, list[DealEvent]] = {}
    for event in DealEvent.objects.filter(deal_id__in=deal_ids):
        by_deal.setdefault(event.deal_id, []).append(event)
    ranks = history.stage_ranks()
    derived = [history.replay(events, ranks) for events in by_deal.values()]
    StageSpell.objects.filter(deal_id__in=deal_ids).delete()
    DealStateInterval.objects.filter(deal_id__in=deal_ids).delete()
    StageSpell.objects.bulk_create([spell for each in derived for spell in each.spells])
    DealStateInterval.objects.bulk_create([row for each in derived for row in each.intervals])


def _tell(deals: list[Deal]) -> None:
    """One message for all of them: open boards load anew, whichever deal it names."""
    if deals:
        publish_change("deal", deals[0].pk)


def _open_deals(changed: Any) -> Any:
    deals = Deal.objects.open().filter(stage__in=changed).select_related("stage")
    return deals.select_for_update(of=("self",)).order_by("pk")
