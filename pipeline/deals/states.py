"""Names of a deal's states and of what can happen to it. Imports nothing of ours."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DealStatus(models.TextChoices):
    """Whether a deal is undecided or has ended; independent of its stage."""

    OPEN = "open", _("Open")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")


CLOSED = (DealStatus.WON, DealStatus.LOST)


class ForecastCategory(models.TextChoices):
    PIPELINE = "pipeline", _("Pipeline")
    BEST_CASE = "best_case", _("Best case")
    COMMIT = "commit", _("Commit")
    OMITTED = "omitted", _("Omitted")


class EventKind(models.TextChoices):
    CREATED = "created", _("Created")
    STAGE_CHANGED = "stage_changed", _("Stage changed")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    REOPENED = "reopened", _("Reopened")
    VALUE_CHANGED = "value_changed", _("Value changed")
    EXPECTED_CLOSE_CHANGED = "expected_close_changed", _("Close date changed")
    PROBABILITY_CHANGED = "probability_changed", _("Probability changed")
    FORECAST_CATEGORY_CHANGED = (
        "forecast_category_changed",
        _("Forecast category changed"),
    )
    OWNER_CHANGED = "owner_changed", _("Owner changed")
    TEAM_CHANGED = "team_changed", _("Team changed")
    TERRITORY_CHANGED = "territory_changed", _("Territory changed")
    SPLITS_CHANGED = "splits_changed", _("Credit changed")
    PIPELINE_CHANGED = "pipeline_changed", _("Pipeline changed")
    ARCHIVED = "archived", _("Archived")
    UNARCHIVED = "unarchived", _("Unarchived")
    DELETED = "deleted", _("Deleted")
    RESTORED = "restored", _("Restored")
    MERGED = "merged", _("Merged")
    EDITED = "edited", _("Edited")


# What they say is about an open deal from now on, and no figure of an earlier time knows of it.
ABOUT_OPEN_WORK = (
    EventKind.CREATED,
    EventKind.STAGE_CHANGED,
    EventKind.VALUE_CHANGED,
    EventKind.EXPECTED_CLOSE_CHANGED,
    EventKind.PROBABILITY_CHANGED,
    EventKind.FORECAST_CATEGORY_CHANGED,
    EventKind.PIPELINE_CHANGED,
    EventKind.ARCHIVED,
    EventKind.UNARCHIVED,
)


class EventSource(models.TextChoices):
    UI = "ui"
    API = "api"
    IMPORT = "import"
    AUTOMATION = "automation"


class EntryKind(models.TextChoices):
    """How a stay in a stage began."""

    CREATED = "created"
    FORWARD = "forward"
    BACKWARD = "backward"
    REOPENED = "reopened"
    TRANSFERRED = "transferred"
    RESTORED = "restored"


class ExitKind(models.TextChoices):
    """How a stay in a stage ended."""

    FORWARD = "forward"
    BACKWARD = "backward"
    WON = "won"
    LOST = "lost"
    TRANSFERRED = "transferred"
    DELETED = "deleted"


class ContactRole(models.TextChoices):
    DECIDES = "decides", _("Decides")
    CHAMPION = "champion", _("Champion")
    EVALUATES = "evaluates", _("Evaluates")
    USES = "uses", _("Uses")
    BLOCKS = "blocks", _("Blocks")
    OTHER = "other", _("Other")


class NextStepState(models.TextChoices):
    """What happens next with an open deal, worst first; the order of cards on the board."""

    OVERDUE = "overdue", _("Overdue")
    TODAY = "today", _("Today")
    MISSING = "missing", _("No next step")
    PLANNED = "planned", _("Planned")
