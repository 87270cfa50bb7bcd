"""What a person has to do: each open deal once, in its most urgent group, and what is due besides deals."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.lib.addresses import address
from pipeline.activities.lines import ActivityLine, icon_of, lines, when_words
from pipeline.activities.models import Activity, ActivityKind
from pipeline.activities.quick import QuickPlan, quick_plans
from pipeline.deals.models import Deal
from pipeline.deals.states import NextStepState
from pipeline.deals.totals import Totals, totals
from teams.access import Permission, reach
from teams.models import User

AHEAD = timedelta(days=7)
DAY = timedelta(days=1)
MOST = 200
MOST_ASIDE = 10
STALLED = "stalled"
GROUPS: dict[str, tuple[Any, Any]] = {
    NextStepState.OVERDUE: (_("Overdue"), ""),
    NextStepState.TODAY: (_("Due today"), ""),
    NextStepState.MISSING: (_("No next step"), _("Open deals with nothing planned")),
    STALLED: (_("Stalled"), _("Untouched for longer than the stage allows")),
    NextStepState.PLANNED: (_("Next 7 days"), ""),
}
APPOINTMENTS = (ActivityKind.MEETING, ActivityKind.VIDEO)


@dataclass(frozen=True)
class Row:
    """Something to do, about a deal or about something else; addresses are empty where there is nothing to do."""

    id: str
    title: Any
    url: str
    about: str
    state: str
    when: str
    icon: str
    owner: str
    version: int
    deal: Deal | None
    done_url: str
    snooze_url: str
    plan_url: str
    plans: list[QuickPlan]


@dataclass(frozen=True)
class Group:
    """`count` is how many there are, also where not all have a row."""

    state: str
    label: Any
    hint: Any
    count: int
    rows: list[Row]


@dataclass(frozen=True)
class Tab:
    label: Any
    show: str
    count: int
    active: bool
    hot: bool


@dataclass(frozen=True)
class TodayPage:
    """`groups` have rows only for the chosen tab; `is_cut` says that there is more than fits."""

    groups: list[Group]
    chosen: str
    is_cut: bool
    meetings: list[ActivityLine]
    closing: list[Deal]
    closing_totals: Totals

    @property
    def count(self) -> int:
        return sum(group.count for group in self.groups)

    @property
    def shown(self) -> list[Group]:
        return [group for group in self.groups if group.rows]

    @property
    def tabs(self) -> list[Tab]:
        """All, and each group that has something in it or is chosen."""
        sizes = {group.state: group.count for group in self.groups}
        found = [Tab(_("All"), "", self.count, not self.chosen, hot=False)]
        for state, (label, _hint) in GROUPS.items():
            if sizes.get(state) or state == self.chosen:
                hot = state == NextStepState.OVERDUE
                found.append(Tab(label, state, sizes.get(state, 0), state == self.chosen, hot))
        return found


def has_team(user: User) -> bool:
    """Whether the person sees the deals of others at all."""
    scope = reach(user, Permission.DEAL_VIEW)
    return scope.everything or len(scope.people_ids) > 1


def to_do(user: User, now: datetime) -> tuple[Subquery, Subquery]:
    """Expressions for the frame around every page: what her own page counts, of her deals and besides them.

    Each is `{"count": 13, "late": 2}`, or nothing where there is nothing to do.
    """
    own = Deal.objects.reachable_by(user).in_funnel().filter(owner=user)
    waiting = _waiting(own, _midnight(user, now) + AHEAD + DAY, now)
    overdue = Q(next_step_state=NextStepState.OVERDUE)
    return _counted(waiting, "owner", overdue), _counted(_besides(user, now), "assignee", Q(late_at__lte=now))


def _counted(rows: Any, whose: str, late: Q) -> Subquery:
    counts = JSONObject(count=Count("pk"), late=Count("pk", filter=late))
    return Subquery(rows.order_by().values(whose).annotate(counts=counts).values("counts"))


def _midnight(user: User, now: datetime) -> datetime:
    return datetime.combine(now.astimezone(user.zone).date(), time(), user.zone)


def read(user: User, now: datetime, *, team: bool = False, show: str = "") -> TodayPage:
    """The own work of a person, or that of everybody she reaches; days are those of her calendar."""
    midnight = _midnight(user, now)
    deals = Deal.objects.reachable_by(user).in_funnel()
    deals = deals if team else deals.filter(owner=user)
    show = show if show in GROUPS else ""
    waiting = _waiting(deals, midnight + AHEAD + DAY, now)
    besides = _rows_besides(user, now)
    counts = _sizes(waiting) + Counter(row.state for row in besides)
    due = list(_in_group(waiting, show).by_urgency(now)[: MOST + 1])
    rows: dict[str, list[Row]] = {state: [] for state in GROUPS}
    for deal in due[:MOST]:
        rows[_group_of(deal.next_step_state, is_stalled=deal.is_stalled)].append(_deal_row(deal, user, now))
    for row in besides:
        if show in {"", row.state}:
            rows[row.state].append(row)
    closing = deals.filter(expected_close_date__range=(midnight.date(), (midnight + AHEAD).date()))
    return TodayPage(
        groups=[Group(state, *words, counts[state], rows[state]) for state, words in GROUPS.items() if counts[state]],
        chosen=show,
        is_cut=len(due) > MOST,
        meetings=_meetings(user, midnight, now),
        closing=list(closing.select_related("company").order_by("expected_close_date", "pk")[:MOST_ASIDE]),
        closing_totals=totals(closing, now),
    )


def _waiting(deals: Any, horizon: datetime, now: datetime) -> Any:
    """The deals of all groups."""
    wanted = Q(next_step_today_from__isnull=True) | Q(next_step_today_from__lt=horizon) | Q(is_stalled=True)
    related = deals.with_stalled(now).with_next_step_state(now).filter(wanted)
    return related.select_related("company", "stage", "next_step", "owner")


def _sizes(waiting: Any) -> Counter[str]:
    sizes: Counter[str] = Counter()
    found = waiting.order_by().values("next_step_state", "is_stalled").annotate(size=Count("pk"))
    for state, is_stalled, size in found.values_list("next_step_state", "is_stalled", "size"):
        sizes[_group_of(state, is_stalled=is_stalled)] += size
    return sizes


def _in_group(waiting: Any, group: str) -> Any:
    if group == STALLED:
        return waiting.filter(next_step_state=NextStepState.PLANNED, is_stalled=True)
    if group == NextStepState.PLANNED:
        return waiting.filter(next_step_state=group, is_stalled=False)
    return waiting.filter(next_step_state=group) if group else waiting


def _group_of(state: str, *, is_stalled: bool) -> str:
    return STALLED if state == NextStepState.PLANNED and is_stalled else state


def _deal_row(deal: Any, user: User, now: datetime) -> Row:
    today = timezone.localtime(now, user.zone).date()
    step = deal.next_step_id
    names = [deal.company.name if deal.company else "", deal.name, deal.stage.label]
    return Row(
        id=f"deal-{deal.pk}",
        title=deal.next_step_subject if step else _("Plan the next step"),
        url=address("deal", deal.pk),
        about=" · ".join(filter(None, names)),
        state=deal.next_step_state,
        when=when_words(deal.next_step_state, deal.next_step_due_on, deal.next_step_due_at, today) if step else "",
        icon=icon_of(deal.next_step_kind) if step else "calendar-plus",
        owner="" if deal.owner_id == user.pk else deal.owner.name,
        version=deal.next_step.version if step else 0,
        deal=deal,
        done_url=address("activity-done", step) if step else "",
        snooze_url=address("activity-snooze", step) if step else "",
        plan_url="" if step else f"{address('activity-add')}?deal={deal.pk}",
        plans=[] if step else quick_plans(deal, today),
    )


def _besides(user: User, now: datetime) -> Any:
    due = Activity.objects.reachable_by(user).open().filter(assignee=user, today_from__lte=now)
    own = Deal.objects.in_funnel().filter(owner=user)
    return due.exclude(deal__in=own.values("pk"))


def _rows_besides(user: User, now: datetime) -> list[Row]:
    """What is due for the person herself and not the next step of one of her own deals."""
    besides = _besides(user, now).select_related("deal__company", "company", "contact", "assignee")
    return [
        Row(
            id=f"activity-{line.activity.pk}",
            title=line.activity.subject,
            url=line.url,
            about=line.about,
            state=line.state,
            when=line.when,
            icon=line.icon,
            owner="",
            version=line.activity.version,
            deal=None,
            done_url=address("activity-done", line.activity.pk) if line.can_edit else "",
            snooze_url=address("activity-snooze", line.activity.pk) if line.can_edit else "",
            plan_url="",
            plans=[],
        )
        for line in lines(list(besides.soonest_first()[:MOST]), reader=user, now=now)
    ]


def _meetings(user: User, midnight: datetime, now: datetime) -> list[ActivityLine]:
    """The appointments of the day at their times, done ones too."""
    today = Activity.objects.reachable_by(user).filter(assignee=user, cancelled_at__isnull=True, kind__in=APPOINTMENTS)
    at_time = today.filter(due_at__gte=midnight, due_at__lt=midnight + DAY)
    related = at_time.select_related("deal", "company", "contact", "assignee")
    return lines(list(related.order_by("due_at", "pk")[:MOST_ASIDE]), reader=user, now=now)
