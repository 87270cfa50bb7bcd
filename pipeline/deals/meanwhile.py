"""What somebody else did with a deal while a person was about to do something with it."""

from typing import Any

from django.utils.translation import gettext as _

from crm.templatetags.formats import time_of_day
from pipeline.deals.models import Deal, DealEvent
from pipeline.deals.states import EventKind
from pipeline.stages.models import Stage


def changes_since(deal: Deal, version: int) -> str:
    """One sentence about the last move or closing after `version`: who, from where to where, when."""
    later = deal.events.filter(version__gt=version).select_related("actor").order_by("-version", "-pk")
    told = next((event for event in later if _is_told(event)), None)
    if told is None:
        return _("This deal was changed meanwhile.")
    words = {"name": told.actor or _("Somebody"), "time": time_of_day(told.recorded_at), **_stages(told)}
    if told.kind == EventKind.WON:
        return _("%(name)s marked this deal as won at %(time)s.") % words
    if told.kind == EventKind.LOST:
        return _("%(name)s marked this deal as lost at %(time)s.") % words
    return _("%(name)s moved this from %(before)s to %(after)s at %(time)s.") % words


def _is_told(event: DealEvent) -> bool:
    return event.kind in {EventKind.WON, EventKind.LOST} or "stage" in event.changes


def _stages(event: DealEvent) -> dict[str, Any]:
    before, after = event.changes.get("stage", (None, None))
    names = Stage.objects.in_bulk([pk for pk in (before, after) if pk])
    return {
        "before": names[before].label if before in names else "–",
        "after": names[after].label if after in names else "–",
    }
