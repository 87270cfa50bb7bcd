"""A deal comes back into work after it was closed or in the bin, and much may have changed meanwhile."""

from datetime import datetime
from typing import Any

from pipeline.coverage.actions import held_company, held_territory
from pipeline.deals.actions.recording import apply, workspace_day
from pipeline.deals.clock import stalled_from
from pipeline.deals.models import Deal
from pipeline.stages.actions import held_stage, stage_to_return_to
from teams.models import User
from teams.people.guards import held_person, hold_people
from teams.people.lines import teams_of


def hold_place(deal_id: int, by: User) -> None:
    """Hold what a deal will stand on when it comes back, before the deal itself: in the order of those who change it.

    Whether it may come back is for `take_up` to say, once it is known that the deal may be handled at all.
    """
    deal = Deal.objects.filter(pk=deal_id).select_related("company").first()
    if deal is not None:
        hold_people({deal.owner_id, by.pk})
        held_stage(deal.stage_id)
        if deal.company:
            held_company(deal.company)


def take_up(deal: Deal, *, by: User, at: datetime) -> dict[str, list[Any]]:
    """Put it where an open deal belongs today: in the team of its owner and the territory of its company.

    Where the owner has left, it goes to who brings it back; where its stage is archived, to the one before. Answers
    what changed, as an event stores it. Raises Refused where its pipeline is archived or its company in the bin.
    """
    stage = stage_to_return_to(deal.stage)
    owner = held_person(deal.owner_id)
    if not owner.is_active:
        owner = held_person(by.pk)
    territory = held_territory(deal.company) if deal.company else deal.territory
    changes = apply(deal, {"owner": owner, "territory": territory, "stage": stage})
    if not deal.probability_overridden:
        changes |= apply(deal, {"probability": stage.probability})
    deal.stage_entered_at = at
    deal.stalled_from = stalled_from(deal, stage)
    team_id = teams_of([owner.pk], workspace_day(at)).get(owner.pk)
    if team_id != deal.team_id:
        changes["team"] = [deal.team_id, team_id]
        deal.team_id = team_id
    return changes
