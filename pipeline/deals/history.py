"""The history of a deal: events in, stage spells and state intervals out.

There is one algorithm. Every action appends events and replays the deal's history; the command
`rebuild_history` replays all of them. What is derived is therefore never edited by hand, and going back in
time, correcting and importing need no rules of their own.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models

from crm.lib.memo import remembered
from pipeline.deals.models import Deal, DealEvent, DealStateInterval, StageSpell
from pipeline.deals.states import DealStatus, EntryKind, EventKind, ExitKind

# Fields of a deal that an interval repeats.
STATE_FIELDS = (
    "status",
    "pipeline",
    "stage",
    "owner",
    "team",
    "territory",
    "value",
    "currency",
    "probability",
    "forecast_category",
    "expected_close_date",
    "close_reason",
    "closed_at",
)
_RELATIONS = ("pipeline", "stage", "owner", "team", "territory", "close_reason")


def encode(value: Any) -> Any:
    """A field value as an event stores it: ids, decimal strings, ISO dates and instants."""
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value.quantize(Decimal("0.01")))
    return value


@dataclass(frozen=True)
class StageOrder:
    """How stages follow each other today and did before.

    `now` holds the pipeline and position of each; `before` its earlier positions, each with the instant until which
    it stood there, the oldest first.
    """

    now: Mapping[int, tuple[int, int]]
    before: Mapping[int, Sequence[tuple[datetime, int]]]

    def rank(self, stage: int, at: datetime) -> tuple[int, int]:
        """Pipeline and position of a stage as people knew them at an instant."""
        pipeline, position = self.now[stage]
        former = (earlier for until, earlier in self.before.get(stage, ()) if at < until)
        return pipeline, next(former, position)


@dataclass
class Derived:
    """What the events of one deal amount to, and how often it came into each stage on the way."""

    spells: list[StageSpell] = field(default_factory=list)
    intervals: list[DealStateInterval] = field(default_factory=list)
    visits: dict[int, int] = field(default_factory=dict)


def effective(events: Iterable[DealEvent]) -> list[DealEvent]:
    """The events that count, as things happened: without corrections and what they correct."""
    rows = list(events)
    corrected = {event.corrects_id for event in rows if event.corrects_id}
    counting = [event for event in rows if event.corrects_id is None and event.pk not in corrected]
    return sorted(counting, key=lambda event: (event.occurred_at, event.recorded_at, event.pk or 0))


def replay(events: Iterable[DealEvent], ranks: StageOrder) -> Derived:
    """Spells and intervals of one deal. Forward is what was forward when it was recorded: `ranks` may change later."""
    derived = Derived()
    state: dict[str, Any] = {"is_archived": False, "is_deleted": False}
    for event in effective(events):
        before = dict(state)
        state.update({name: pair[1] for name, pair in event.changes.items()})
        state.update(_flags(event.kind))
        _add_interval(derived, event, state)
        _follow_stage(derived, event, before, state, ranks)
    return derived


def rebuild(deal_id: int) -> None:
    """Replace what is derived from the events of a deal by a fresh replay."""
    derived = derive(deal_id)
    StageSpell.objects.filter(deal_id=deal_id).delete()
    DealStateInterval.objects.filter(deal_id=deal_id).delete()
    StageSpell.objects.bulk_create(derived.spells)
    DealStateInterval.objects.bulk_create(derived.intervals)


def extend(deal_id: int) -> None:
    """What `rebuild` does, after new events: where they only continue the history, rows are added and none removed."""
    extend_many([deal_id])


def extend_many(deal_ids: Iterable[int]) -> None:
    """What `extend` does, for many deals with as many queries as for one."""
    by_deal: dict[int, list[DealEvent]] = defaultdict(list)
    for event in DealEvent.objects.filter(deal_id__in=list(deal_ids)).order_by("pk"):
        by_deal[event.deal_id].append(event)
    ranks = stage_ranks()
    spells: list[StageSpell] = []
    intervals: list[DealStateInterval] = []
    for deal_id, events in by_deal.items():
        if not _only_continues(events):
            rebuild(deal_id)
            continue
        derived, since = replay(events, ranks), max(event.occurred_at for event in events)
        spells += [row for row in derived.spells if row.left_at is None or row.left_at >= since]
        intervals += [row for row in derived.intervals if row.valid_to is None or row.valid_to >= since]
    _put(StageSpell, spells, unique=("deal", "stage", "visit_no"))
    _put(DealStateInterval, intervals, unique=("deal", "valid_from"))


def derive(deal_id: int) -> Derived:
    """A fresh replay of the stored events of a deal, not stored."""
    events = list(DealEvent.objects.filter(deal_id=deal_id))
    return replay(events, stage_ranks())


def _only_continues(events: list[DealEvent]) -> bool:
    """Whether the newest events correct nothing and happened after all that was known."""
    newest = max(event.version for event in events)
    fresh = [event for event in events if event.version == newest]
    known = [event.occurred_at for event in events if event.version < newest]
    return all(event.corrects_id is None and all(event.occurred_at >= earlier for earlier in known) for event in fresh)


def _put(model: type[models.Model], rows: list[Any], *, unique: tuple[str, ...]) -> None:
    """Insert the rows; one that is there already by its `unique` fields takes the new facts."""
    facts = [f.name for f in model._meta.concrete_fields if not f.primary_key and f.name not in unique]
    model._default_manager.bulk_create(rows, update_conflicts=True, unique_fields=unique, update_fields=facts)


def stage_ranks() -> StageOrder:
    """Where the stages stand, and where they stood before; one query a request."""
    return remembered("stage-ranks", _stage_ranks)


def _stage_ranks() -> StageOrder:
    stages: Any = Deal._meta.get_field("stage").related_model
    now: dict[int, tuple[int, int]] = {}
    before: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    rows = stages.objects.order_by("pk", "former_positions__until", "former_positions__pk").values_list(
        "pk", "pipeline_id", "position", "former_positions__until", "former_positions__position"
    )
    for pk, pipeline, position, until, former in rows:
        now[pk] = (pipeline, position)
        if until is not None:
            before[pk].append((until, former))
    return StageOrder(now, before)


def differences(deal_id: int) -> list[str]:
    """Where the stored derived rows of a deal differ from a replay; empty when all is well."""
    derived = derive(deal_id)
    found = []
    pairs = ((StageSpell, derived.spells), (DealStateInterval, derived.intervals))
    for model, expected in pairs:
        stored = sorted(_facts(row) for row in model.objects.filter(deal_id=deal_id))  # type: ignore[attr-defined]
        if stored != sorted(_facts(row) for row in expected):
            found.append(f"deal {deal_id}: {model.__name__} differs from its events")
    return found


def _facts(row: models.Model) -> tuple[str, ...]:
    return tuple(str(encode(getattr(row, f.attname))) for f in row._meta.concrete_fields if f.name != "id")


def _flags(kind: str) -> dict[str, bool]:
    return {
        EventKind.ARCHIVED: {"is_archived": True},
        EventKind.UNARCHIVED: {"is_archived": False},
        EventKind.DELETED: {"is_deleted": True},
        EventKind.RESTORED: {"is_deleted": False},
        EventKind.MERGED: {"is_deleted": True},
    }.get(EventKind(kind), {})


def _add_interval(derived: Derived, event: DealEvent, state: Mapping[str, Any]) -> None:
    row = DealStateInterval(
        deal_id=event.deal_id,
        valid_from=event.occurred_at,
        is_archived=state["is_archived"],
        is_deleted=state["is_deleted"],
        **{_attribute(name): _decode(name, state.get(name)) for name in STATE_FIELDS},
    )
    last = derived.intervals[-1] if derived.intervals else None
    if last is not None and last.valid_from == row.valid_from:
        derived.intervals[-1] = row
        return
    if last is not None:
        last.valid_to = row.valid_from
    derived.intervals.append(row)


def _follow_stage(
    derived: Derived,
    event: DealEvent,
    before: Mapping[str, Any],
    state: Mapping[str, Any],
    ranks: StageOrder,
) -> None:
    old, new = _stage_held(before), _stage_held(state)
    if old == new:
        return
    if old is not None:
        spell = derived.spells[-1]
        spell.left_at = event.occurred_at
        spell.exit_kind = _exit_kind(event, old, new, ranks)
    if new is not None:
        derived.visits[new] = derived.visits.get(new, 0) + 1
        derived.spells.append(
            StageSpell(
                deal_id=event.deal_id,
                stage_id=new,
                entered_at=event.occurred_at,
                entry_kind=_entry_kind(event, old, new, ranks),
                visit_no=derived.visits[new],
                entry_known=event.changes.get("entry_known", [None, True])[1],
            )
        )


def _stage_held(state: Mapping[str, Any]) -> int | None:
    """The stage a deal is in; closed and deleted deals are in none."""
    if state.get("status") != DealStatus.OPEN or state["is_deleted"]:
        return None
    stage: int | None = state.get("stage")
    return stage


def _entry_kind(event: DealEvent, old: int | None, new: int, ranks: StageOrder) -> str:
    if event.kind == EventKind.REOPENED:
        return EntryKind.REOPENED
    if event.kind == EventKind.RESTORED:
        return EntryKind.RESTORED
    if old is None:
        return EntryKind.CREATED
    before, after = ranks.rank(old, event.recorded_at), ranks.rank(new, event.recorded_at)
    if before[0] != after[0]:
        return EntryKind.TRANSFERRED
    return EntryKind.FORWARD if after > before else EntryKind.BACKWARD


def _exit_kind(event: DealEvent, old: int, new: int | None, ranks: StageOrder) -> str:
    if new is None:
        return {EventKind.WON: ExitKind.WON, EventKind.LOST: ExitKind.LOST}.get(EventKind(event.kind), ExitKind.DELETED)
    before, after = ranks.rank(old, event.recorded_at), ranks.rank(new, event.recorded_at)
    if before[0] != after[0]:
        return ExitKind.TRANSFERRED
    return ExitKind.FORWARD if after > before else ExitKind.BACKWARD


def _attribute(name: str) -> str:
    return f"{name}_id" if name in _RELATIONS else name


def _decode(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "value":
        return Decimal(value)
    if name == "expected_close_date":
        return date.fromisoformat(value)
    if name == "closed_at":
        return datetime.fromisoformat(value)
    return value
