"""A deal in a few words: on the board, in lists, in what a search finds."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crm.lib.addresses import address
from crm.templatetags.formats import days, kept, late, near_day, time_of_day
from pipeline.deals.states import NextStepState

STEP_ON_A_CARD = ("next_step_subject", "next_step_due_on", "next_step_due_at")
OWNER_ON_A_CARD = ("owner__first_name", "owner__last_name", "owner__email")
# All that the board reads of a deal. What is missing here costs a query for each card.
ON_A_CARD = (
    "name",
    "status",
    "value",
    "currency",
    "probability",
    "probability_overridden",
    "expected_close_date",
    "stage",
    "stage_entered_at",
    "last_contact_at",
    "version",
    "company__name",
    *OWNER_ON_A_CARD,
    *STEP_ON_A_CARD,
)


@dataclass(frozen=True)
class Card:
    """A deal as the board shows it. Needs the annotations of `with_next_step_state` and `with_stalled`."""

    deal: Any
    now: datetime
    today: date

    @property
    def title(self) -> str:
        return self.deal.company.name if self.deal.company else self.deal.name

    @property
    def days_in_stage(self) -> int:
        return max((self.now - self.deal.stage_entered_at).days, 0)

    @property
    def days_stalled(self) -> int | None:
        """Days since the last contact or the entry into the stage, None while not stalled."""
        if not self.deal.is_stalled:
            return None
        return max(
            (self.now - max(self.deal.last_contact_at or self.deal.stage_entered_at, self.deal.stage_entered_at)).days,
            1,
        )

    @property
    def closes_late(self) -> bool:
        return bool(self.deal.expected_close_date and self.deal.expected_close_date < self.today)

    @property
    def days_late(self) -> int:
        """Days since the next step was due."""
        due = self.deal.next_step_due_on
        if due is None and self.deal.next_step_due_at:
            due = timezone.localdate(self.deal.next_step_due_at)
        return max((self.today - due).days, 0) if due else 0

    @property
    def own_probability(self) -> Decimal | None:
        """As a share of one, where the deal does not take its stage's."""
        return Decimal(self.deal.probability) / 100 if self.deal.probability_overridden else None

    @property
    def key(self) -> str:
        """The deal's id, not formatted as a number."""
        return str(self.deal.pk)

    @property
    def version(self) -> str:
        return str(self.deal.version)

    @property
    def amount(self) -> str:
        """The value in workspace currency as scripts read it, empty where there is none."""
        return "" if self.deal.converted is None else str(self.deal.converted)

    @property
    def url(self) -> str:
        return address("deal", self.deal.pk)

    @property
    def move_url(self) -> str:
        return address("deal-move", self.deal.pk)

    @property
    def age(self) -> str:
        """Stalled 9 d, or 5 d in stage."""
        return _in_stage(self.days_in_stage) if self.days_stalled is None else _stalled(self.days_stalled)

    @property
    def step_text(self) -> str:
        if self.deal.next_step_state == NextStepState.MISSING:
            return _no_step()
        return str(self.deal.next_step_subject)

    @property
    def step_when(self) -> str:
        """How late the next step is, its time when it is due today, or its day."""
        deal = self.deal
        if deal.next_step_state == NextStepState.MISSING:
            return _plan()
        if deal.next_step_state == NextStepState.OVERDUE:
            return late(self.days_late)
        if deal.next_step_due_at and deal.next_step_state == NextStepState.TODAY:
            return time_of_day(deal.next_step_due_at)
        return near_day(deal.next_step_due_at or deal.next_step_due_on, self.today)


@kept
def _in_stage(count: int) -> str:
    return _("%(days)s in stage") % {"days": days(count)}


@kept
def _stalled(count: int) -> str:
    return _("Stalled %(days)s") % {"days": days(count)}


@kept
def _no_step() -> str:
    return _("No next step")


@kept
def _plan() -> str:
    return pgettext("verb", "Plan")
