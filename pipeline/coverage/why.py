"""Why a company is in its territory, in words."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from pipeline.coverage.models import AssignmentSource, TerritoryAssignment
from pipeline.coverage.rules import sentence


@dataclass(frozen=True)
class Why:
    """The reason of an assignment. `note` is what the person wrote who did it by hand."""

    text: str
    pinned: bool
    since: datetime
    by: str = ""
    note: str = ""


def why(assignment: TerritoryAssignment) -> Why:
    """Reads the territory and the person of the assignment; select them with it."""
    by = assignment.assigned_by.name if assignment.assigned_by and assignment.pinned else ""
    return Why(_in_words(assignment), assignment.pinned, assignment.starts_at, by, assignment.reason)


def why_at(company_id: int | None, territory_id: int | None, instant: datetime) -> Why | None:
    """Why a company was in this territory at an instant; None if it was not."""
    if company_id is None or territory_id is None:
        return None
    then = TerritoryAssignment.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=instant),
        company_id=company_id,
        territory_id=territory_id,
        starts_at__lte=instant,
    )
    assignment = then.select_related("territory", "assigned_by").order_by("-starts_at", "-pk").first()
    return why(assignment) if assignment else None


def _in_words(assignment: TerritoryAssignment) -> str:
    if assignment.pinned:
        return _("Pinned by hand")
    if assignment.source == AssignmentSource.RULE and assignment.trail:
        because = {"rule": sentence(assignment.trail[-1]), "priority": assignment.territory.priority}
        return _("Rule: %(rule)s, priority %(priority)s") % because
    if assignment.source == AssignmentSource.CATCH_ALL:
        return _("No rule matches")
    return assignment.get_source_display().capitalize()
