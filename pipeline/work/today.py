"""What a person has to do: each of her open deals once, in its most urgent group."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from pipeline.activities.lines import icon_of
from pipeline.deals.models import Deal
from pipeline.deals.states import NextStepState
from pipeline.work.links import address
from teams.models import User

AHEAD = timedelta(days=7)
MOST = 200
_GROUPS = (
    (NextStepState.OVERDUE, _("Overdue")),
    (NextStepState.TODAY, _("Due today")),
    (NextStepState.MISSING, _("No next step")),
    (NextStepState.PLANNED, _("Next 7 days")),
)


@dataclass(frozen=True)
class Row:
    """A deal with its next step; the addresses are empty where there is nothing to do."""

    deal: Deal
    icon: str
    title: Any
    done_url: str
    snooze_url: str
    plan_url: str


@dataclass(frozen=True)
class Group:
    state: str
    label: Any
    rows: list[Row]


@dataclass(frozen=True)
class TodayPage:
    groups: list[Group]
    closing: list[Deal]

    @property
    def count(self) -> int:
        return sum(len(group.rows) for group in self.groups)


def read(user: User, now: datetime) -> TodayPage:
    """The own deals of a person; days are those of her calendar."""
    midnight = datetime.combine(now.astimezone(user.zone).date(), time(), user.zone)
    horizon = midnight + AHEAD + timedelta(days=1)
    mine = (
        Deal.objects.reachable_by(user).in_funnel().filter(owner=user).select_related("company", "stage", "next_step")
    )
    due = mine.exclude(next_step_today_from__gte=horizon).by_urgency(now)[:MOST]
    rows: dict[str, list[Row]] = {state: [] for state, _label in _GROUPS}
    for deal in due:
        rows[deal.next_step_state].append(_row(deal))  # type: ignore[attr-defined]
    closing = mine.filter(expected_close_date__range=(midnight.date(), (midnight + AHEAD).date()))
    return TodayPage(
        groups=[Group(state, label, rows[state]) for state, label in _GROUPS if rows[state]],
        closing=list(closing.order_by("expected_close_date", "pk")[:10]),
    )


def _row(deal: Deal) -> Row:
    if deal.next_step_id is None:
        return Row(deal, "calendar-plus", _("Plan the next step"), "", "", address("activity-add"))
    return Row(
        deal,
        icon_of(deal.next_step_kind),
        deal.next_step_subject,
        address("activity-done", deal.next_step_id),
        address("activity-snooze", deal.next_step_id),
        "",
    )
