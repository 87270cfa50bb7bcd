"""A deal comes back into work after it was closed or in the bin, and much may have changed meanwhile."""

from datetime import datetime
from typing import Any

from pipeline.coverage.actions import held_territory
from pipeline.deals.actions.recording import apply, workspace_day
from pipeline.deals.models import Deal
from teams.models import User
from teams.people.lines import teams_of


def take_up(deal: Deal, *, by: User, at: datetime) -> dict[str, list[Any]]:
    """Put it where an open deal belongs today: in the team of its owner and the territory of its company.

    Where the owner has left, it goes to who brings it back. Answers what changed, as an event stores it.
    """
    owner = deal.owner if deal.owner.is_active else by
    territory = held_territory(deal.company) if deal.company else deal.territory
    changes = apply(deal, {"owner": owner, "territory": territory})
    team_id = teams_of([owner.pk], workspace_day(at)).get(owner.pk)
    if team_id != deal.team_id:
        changes["team"] = [deal.team_id, team_id]
        deal.team_id = team_id
    return changes
