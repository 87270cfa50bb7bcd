"""The stalled clock of a deal."""

from datetime import datetime
from typing import TYPE_CHECKING

from crm.lib.periods import add_days
from teams.workspace.models import Workspace

if TYPE_CHECKING:
    from pipeline.deals.models import Deal
    from pipeline.stages.models import Stage


def last_touch(deal: "Deal") -> datetime:
    """What the clock counts from: contact with the customer or entering the stage, the later."""
    return max(filter(None, (deal.stage_entered_at, deal.last_contact_at)))


def stalled_from(deal: "Deal", stage: "Stage") -> datetime:
    """The instant from which the deal counts as stalled: the limit of its stage in calendar days of the workspace."""
    return add_days(last_touch(deal), stage.stalled_after_days, Workspace.get().zone)
