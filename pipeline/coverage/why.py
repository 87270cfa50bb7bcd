"""Why a company is in its territory, in words."""

from dataclasses import dataclass
from datetime import datetime

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


def _in_words(assignment: TerritoryAssignment) -> str:
    if assignment.pinned:
        return _("Pinned by hand")
    if assignment.source == AssignmentSource.RULE and assignment.trail:
        because = {"rule": sentence(assignment.trail[-1]), "priority": assignment.territory.priority}
        return _("Rule: %(rule)s, priority %(priority)s") % because
    if assignment.source == AssignmentSource.CATCH_ALL:
        return _("No rule matches")
    return assignment.get_source_display().capitalize()
