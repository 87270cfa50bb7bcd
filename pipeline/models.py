"""Registry of the models of `pipeline`; other packages import them from here."""

from pipeline.activities.models import Activity, ActivityKind, Note
from pipeline.contacts.models import Company, Contact
from pipeline.coverage.models import AssignmentSource, TerritoryAssignment
from pipeline.credit.models import CreditKind, CreditSplit
from pipeline.deals.models import (
    Competitor,
    ContactRole,
    Deal,
    DealContact,
    DealEvent,
    DealStateInterval,
    DealStatus,
    EventKind,
    ForecastCategory,
    IdempotentRequest,
    LeadSource,
    LineItem,
    Product,
    StageSpell,
    Tag,
)
from pipeline.imports.models import ImportBatch, ImportProblem
from pipeline.reminders.models import ReminderKind, ReminderState, ScheduledReminder
from pipeline.saved_views.models import PinnedView, SavedView
from pipeline.stages.models import CloseReason, FormerPosition, Outcome, Pipeline, Stage, StageBenchmark

__all__ = [
    "Activity",
    "ActivityKind",
    "AssignmentSource",
    "CloseReason",
    "Company",
    "Competitor",
    "Contact",
    "ContactRole",
    "CreditKind",
    "CreditSplit",
    "Deal",
    "DealContact",
    "DealEvent",
    "DealStateInterval",
    "DealStatus",
    "EventKind",
    "ForecastCategory",
    "FormerPosition",
    "IdempotentRequest",
    "ImportBatch",
    "ImportProblem",
    "LeadSource",
    "LineItem",
    "Note",
    "Outcome",
    "PinnedView",
    "Pipeline",
    "Product",
    "ReminderKind",
    "ReminderState",
    "SavedView",
    "ScheduledReminder",
    "Stage",
    "StageBenchmark",
    "StageSpell",
    "Tag",
    "TerritoryAssignment",
]
