"""Everything the page of one deal shows, read with a fixed number of queries."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, F, FilteredRelation, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.lib.addresses import address
from crm.templatetags.formats import day_year, money, percentage, time_of_day
from pipeline.activities.lines import icon_of, state_of, when_words
from pipeline.activities.models import Activity
from pipeline.activities.offers import Offer, offer_for
from pipeline.coverage.why import Why, why_at
from pipeline.deals.actions.closing import closed_in_ended_month
from pipeline.deals.actions.editing import FROZEN_AT_CLOSING
from pipeline.deals.actions.lifecycle import deletable, with_rights_to_delete
from pipeline.deals.forms import ADD, LABELS
from pipeline.deals.history import encode
from pipeline.deals.models import Deal, DealEvent
from pipeline.deals.states import EventKind
from pipeline.stages.models import Stage
from pipeline.work import deal_parts, timeline
from pipeline.work.history_words import OF_A_DEAL, names_of_deal, printed
from teams.access import Permission, holds
from teams.models import User

SLOW_FACTOR = 1.5
_BY_NAME = frozenset({"source", "competitor"})
DAY = timedelta(days=1)
_RIGHTS = {
    "can_edit": Permission.DEAL_EDIT,
    "can_reassign": Permission.DEAL_REASSIGN,
    "can_reopen_past": Permission.DEAL_REOPEN_CLOSED_PERIOD,
}


@dataclass(frozen=True)
class Segment:
    """A stage on the track: whole days spent there so far and how long won deals usually take."""

    stage: Stage
    state: str
    days: int | None
    visits: int
    median: int | None
    is_slow: bool


@dataclass(frozen=True)
class Value:
    """A line of the details; without `edit_url` it can only be read."""

    id: str
    label: Any
    value: str
    edit_url: str = ""
    empty_text: Any = ""
    note: Any = ""


@dataclass(frozen=True)
class Step:
    """An open activity of the deal; `state` as in the next-step line."""

    activity: Activity
    state: str
    icon: str
    when: str
    done_url: str
    snooze_url: str
    reschedule_url: str
    edit_url: str


@dataclass(frozen=True)
class Action:
    """Something that can be done with the whole deal now."""

    label: Any
    url: str
    icon: str


@dataclass(frozen=True)
class DealPage:
    deal: Deal
    track: list[Segment]
    steps: list[Step]
    parts: deal_parts.Parts
    history: timeline.Timeline
    offer: Offer | None
    territory_why: Why | None
    moved: int
    may_plan: bool
    may_delete: bool
    may_reopen: bool

    @property
    def can_edit(self) -> bool:
        return bool(self.deal.can_edit) and self.deal.deleted_at is None  # type: ignore[attr-defined]

    @cached_property
    def details(self) -> list[Value]:
        names = [name for name in LABELS if name not in {"name", "value"}]
        return [self._value, *(detail(self.deal, name, editable=self.can_edit) for name in names)]

    @property
    def _value(self) -> Value:
        note = gettext("from products") if self.is_value_of_lines else ""
        return replace(detail(self.deal, "value", editable=self.can_edit), note=note)

    @property
    def name(self) -> Value:
        return detail(self.deal, "name", editable=self.can_edit)

    @property
    def position(self) -> int:
        """The place of the deal's stage on the track, from 1; 0 if that stage is archived."""
        return next((place for place, segment in enumerate(self.track, 1) if segment.stage == self.deal.stage), 0)

    @property
    def current(self) -> Segment | None:
        return self.track[self.position - 1] if self.position else None

    @property
    def list_url(self) -> str:
        return address("deal-list")

    @property
    def company_url(self) -> str:
        return address("company", self.deal.company_id)

    @property
    def win_url(self) -> str:
        return address("deal-win", self.deal.pk) if self.can_edit and self.deal.is_open else ""

    @property
    def lose_url(self) -> str:
        return address("deal-lose", self.deal.pk) if self.can_edit and self.deal.is_open else ""

    @property
    def move_url(self) -> str:
        return address("deal-move", self.deal.pk) if self.can_edit and self.deal.is_open else ""

    @property
    def plan_url(self) -> str:
        if self.deal.deleted_at is not None or not self.deal.is_open or not self.may_plan:
            return ""
        return f"{address('activity-add')}?deal={self.deal.pk}"

    @property
    def note_url(self) -> str:
        if self.deal.deleted_at is not None or not self.may_plan:
            return ""
        return f"{address('note-add')}?deal={self.deal.pk}"

    @property
    def log_url(self) -> str:
        return address("deal-log", self.deal.pk) if self.deal.deleted_at is None and self.may_plan else ""

    @property
    def restore(self) -> Action | None:
        """The way back out of the bin, for who may take it."""
        deal: Any = self.deal
        if deal.deleted_at is None or not deal.can_edit:
            return None
        return _action(_("Restore"), "deal-restore", deal, "arrow-back-up")

    @property
    def unarchive(self) -> Action | None:
        """The way back onto the board."""
        return _archiving(self.deal) if self.can_edit and self.deal.archived_at else None

    @property
    def reopen(self) -> Action | None:
        return _action(_("Reopen"), "deal-reopen", self.deal, "lock-open") if self.may_reopen else None

    @property
    def is_value_of_lines(self) -> bool:
        """Whether the value is what the products add up to."""
        return bool(self.parts.lines) and self.parts.total == self.deal.value

    @property
    def actions(self) -> list[Action]:
        """The verbs of the menu that fit the deal's state; the actions themselves check the rights again."""
        deal: Any = self.deal
        if deal.deleted_at is not None:
            return [action] if (action := self.restore) else []
        found = []
        if self.can_edit and deal.is_open:
            found.append(_action(_("Change pipeline"), "deal-change-pipeline", deal, "arrows-shuffle"))
        if self.may_reopen:
            found.append(_action(_("Reopen"), "deal-reopen", deal, "lock-open"))
        if deal.can_reassign and deal.is_open:
            found.append(_action(_("Change owner"), "deal-reassign", deal, "user-check"))
        if self.can_edit:
            found.append(_archiving(deal))
        if self.may_delete:
            found.append(_action(_("Delete"), "deal-delete", deal, "trash"))
        return [action for action in found if action.url]


def _archiving(deal: Deal) -> Action:
    if deal.archived_at is None:
        return _action(_("Archive"), "deal-archive", deal, "folder")
    return _action(_("Unarchive"), "deal-unarchive", deal, "folder")


def _action(label: Any, name: str, deal: Deal, icon: str) -> Action:
    return Action(label, address(name, deal.pk), icon)


def find(pk: int, *, reader: User, now: datetime) -> Deal:
    """The deal with what `reader` may do to it. Raises Deal.DoesNotExist, also when out of reach."""
    deals = Deal.objects.reachable_by(reader).filter(merged_into__isnull=True).select_related(*OF_A_DEAL)
    moved = DealEvent.objects.effective().filter(deal=OuterRef("pk"), kind=EventKind.EXPECTED_CLOSE_CHANGED)
    count = Subquery(moved.order_by().values("deal").annotate(number=Count("pk")).values("number"))
    asked = deals.with_stalled(now).with_rights(reader, **_RIGHTS)
    asked = asked.annotate(moved=Coalesce(count, 0), has_people_elsewhere=deal_parts.people_elsewhere())
    found: Deal = with_rights_to_delete(asked, reader).get(pk=pk)
    return found


def read(pk: int, *, reader: User, now: datetime, chosen: str = "", shown: int = timeline.PAGE) -> DealPage:
    """The page as `reader` may see it. Raises Deal.DoesNotExist."""
    deal: Any = find(pk, reader=reader, now=now)
    can_edit = deal.can_edit and deal.deleted_at is None
    may_plan = holds(reader, Permission.ACTIVITY_EDIT)
    planned, done = timeline.activities_of(deal, reader, shown)
    steps = [step_of(activity, now) for activity in planned]
    has_offer = may_plan and not steps and deal.is_open and deal.deleted_at is None
    track = _track(deal, now)
    known = names_of_deal(deal) | {("stage", segment.stage.pk): segment.stage.label for segment in track}
    return DealPage(
        deal=deal,
        track=track,
        steps=steps,
        offer=offer_for(deal, reader.zone, now) if has_offer else None,
        territory_why=why_at(deal.company_id, deal.territory_id, deal.closed_at or now),
        moved=deal.moved,
        may_plan=may_plan,
        parts=deal_parts.read(deal, reader=reader, can_edit=can_edit),
        history=timeline.read(deal, done, known, reader=reader, chosen=chosen, shown=shown),
        may_delete=deal.deleted_at is None and deletable(deal, at=now),
        may_reopen=can_edit and not deal.is_open and (deal.can_reopen_past or not closed_in_ended_month(deal, now)),
    )


def _track(deal: Deal, now: datetime) -> list[Segment]:
    stays = FilteredRelation("spells", condition=Q(spells__deal=deal, spells__entry_known=True))
    lasted = Greatest(Coalesce("stays__left_at", now) - F("stays__entered_at"), timedelta())
    stages = deal.pipeline.stages.filter(archived_at__isnull=True).select_related("benchmark")
    stages = stages.annotate(stays=stays).annotate(spent=Sum(lasted), visits=Count("stays"))
    return [_segment(stage, deal) for stage in stages.order_by("position", "pk")]


def _segment(stage: Any, deal: Deal) -> Segment:
    benchmark = getattr(stage, "benchmark", None)
    median = benchmark.median_days if benchmark else None
    is_current = stage.pk == deal.stage_id and deal.is_open
    state = "current" if is_current else "done" if stage.position <= deal.stage.position else "ahead"
    days = None if not stage.visits else stage.spent / DAY
    return Segment(
        stage=stage,
        state=state,
        days=None if days is None else int(days),
        visits=stage.visits,
        median=None if median is None else round(median),
        is_slow=is_current and median is not None and (days or 0) > SLOW_FACTOR * median,
    )


def step_of(activity: Activity, now: datetime) -> Step:
    """An open activity with its state at `now` and where to act on it."""
    state = state_of(activity, now)
    return Step(
        activity,
        state,
        icon_of(activity.kind),
        when_words(state, activity.due_on, activity.due_at, timezone.localdate(now)),
        address("activity-done", activity.pk),
        address("activity-snooze", activity.pk),
        address("activity-reschedule", activity.pk),
        address("activity-edit", activity.pk),
    )


def detail(deal: Deal, name: str, *, editable: bool) -> Value:
    """A line of the details as it is read."""
    is_frozen = name in FROZEN_AT_CLOSING and not deal.is_open
    url = address("deal-edit", deal.pk, name) if editable and not is_frozen else ""
    note = (
        gettext("stage default") if name == "probability" and deal.is_open and not deal.probability_overridden else ""
    )
    return Value(name, LABELS[name], words(deal, name), url, ADD.get(name, ""), note)


def words(deal: Deal, name: str) -> str:
    """A field as people read it, empty when there is nothing."""
    value = getattr(deal, name)
    if value in (None, ""):
        return ""
    if name == "value":
        return money(value, deal.currency)
    if name == "expected_close_date":
        return day_year(value)
    if name == "probability":
        return percentage(value)
    if name == "forecast_category":
        return deal.get_forecast_category_display()
    return str(value)


def typed_words(name: str, value: Any, deal: Deal) -> str:
    """What a person typed, printed like the value beside it."""
    if value in (None, "") or name in _BY_NAME:
        return str(value or "")
    return printed(name, encode(value), deal.currency)


def clock(instant: str) -> str:
    """The time of day of a stored instant, in the reader's zone."""
    return time_of_day(datetime.fromisoformat(instant))
