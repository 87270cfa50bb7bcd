"""The history of a deal: events, conversations and notes in one list, newest first.

A fixed number of queries, however long the history is: one per source, one for all names.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from itertools import groupby
from typing import Any

from django.db.models import CharField, F, Model, Value
from django.db.models.functions import Coalesce, Concat, NullIf, Trim
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from crm.templatetags.formats import day_year, money
from pipeline.activities.models import Activity, ActivityKind, Note
from pipeline.contacts.models import Company
from pipeline.deals.models import Competitor, Deal, DealEvent, LeadSource
from pipeline.deals.states import DealStatus, EventKind, ForecastCategory
from pipeline.stages.models import CloseReason, Pipeline, Stage
from pipeline.work.links import address
from teams.models import Team, Territory, User

PAGE = 25
MOST = 1000
LONG_TEXT = 400
CONVERSATION = "conversation"
CHANGE = "change"
FILTERS = {"": _("All"), "conversations": _("Conversations"), "changes": _("Changes")}

KIND_ICONS = {
    ActivityKind.CALL: "phone",
    ActivityKind.MEETING: "users",
    ActivityKind.VIDEO: "device-desktop",
    ActivityKind.EMAIL: "mail",
    ActivityKind.TASK: "checklist",
    ActivityKind.DEADLINE: "flag",
    ActivityKind.FOLLOW_UP: "repeat",
    ActivityKind.SOCIAL: "world",
}
EVENT_ICONS = {
    EventKind.STAGE_CHANGED: "arrow-right",
    EventKind.WON: "trophy",
    EventKind.LOST: "circle-x",
    EventKind.OWNER_CHANGED: "user",
    EventKind.CREATED: "circle-plus",
    EventKind.DELETED: "trash",
}
FIELD_LABELS = {
    "name": _("Name"),
    "company": _("Company"),
    "pipeline": _("Pipeline"),
    "stage": _("Stage"),
    "status": _("Status"),
    "value": _("Value"),
    "currency": _("Currency"),
    "probability": _("Probability"),
    "forecast_category": _("Forecast"),
    "source": _("Source"),
    "competitor": _("Competitor"),
    "need": _("Customer need"),
    "owner": _("Owner"),
    "team": _("Team"),
    "territory": _("Territory"),
    "expected_close_date": _("Close date"),
    "close_reason": _("Reason"),
}
_RELATIONS: dict[str, type[Model]] = {
    "company": Company,
    "pipeline": Pipeline,
    "stage": Stage,
    "source": LeadSource,
    "competitor": Competitor,
    "owner": User,
    "team": Team,
    "territory": Territory,
    "close_reason": CloseReason,
}
_TRANSLATED = frozenset({"pipeline", "stage", "source", "close_reason"})
Names = dict[tuple[str, int], str]


@dataclass(frozen=True)
class Entry:
    """One line of the history; `change_html` is the sentence of a change."""

    kind: str
    at: datetime
    icon: str
    title: str = ""
    note: str = ""
    text: str = ""
    is_pinned: bool = False
    edit_url: str = ""
    change_html: SafeString = field(default_factory=SafeString)
    order: int = 0

    @property
    def is_long(self) -> bool:
        return len(self.text) > LONG_TEXT


@dataclass(frozen=True)
class Day:
    on: date
    entries: list[Entry]


@dataclass(frozen=True)
class Timeline:
    """What a page shows of a history; `older` is how many to ask for next, 0 at the end."""

    pinned: Entry | None
    days: list[Day]
    chosen: str
    older: int


def read(deal: Deal, *, reader: User, chosen: str = "", shown: int = PAGE) -> Timeline:
    """The newest `shown` entries of a deal that `reader` may see."""
    chosen = chosen if chosen in FILTERS else ""
    shown = min(max(shown, PAGE), MOST)
    entries: list[Entry] = []
    pinned = None
    if chosen != "changes":
        pinned = _pinned(deal, reader)
        entries += _conversations(deal, reader, shown + 1) + _notes(deal, reader, shown + 1)
    if chosen != "conversations":
        entries += _changes(deal, shown + 1)
    entries.sort(key=lambda entry: (entry.at, entry.order), reverse=True)
    more = len(entries) > shown and shown < MOST
    return Timeline(pinned, list(_by_day(entries[:shown])), chosen, shown + PAGE if more else 0)


def _by_day(entries: Iterable[Entry]) -> Iterator[Day]:
    for on, group in groupby(entries, lambda entry: timezone.localtime(entry.at).date()):
        yield Day(on, list(group))


# --- Conversations -----------------------------------------------------------------------------------


def _conversations(deal: Deal, reader: User, count: int) -> list[Entry]:
    done = Activity.objects.reachable_by(reader).done().filter(deal=deal).select_related("done_by", "contact")
    return [_conversation(activity) for activity in done.order_by("-done_at", "-pk")[:count]]


def _conversation(activity: Activity) -> Entry:
    parts: list[str] = []
    if activity.done_by:
        parts.append(activity.done_by.name)
    if activity.duration_minutes:
        parts.append(gettext("%(count)s min") % {"count": activity.duration_minutes})
    if activity.outcome:
        parts.append(activity.get_outcome_display())
    return Entry(
        CONVERSATION,
        activity.done_at or activity.changed_at,
        KIND_ICONS.get(ActivityKind(activity.kind), "check"),
        title=activity.subject,
        note=" · ".join(parts),
        text=activity.text,
        order=activity.pk,
    )


def _notes(deal: Deal, reader: User, count: int) -> list[Entry]:
    notes = _readable_notes(deal, reader).filter(pinned_at__isnull=True)
    return [_note(note, reader) for note in notes.order_by("-created_at", "-pk")[:count]]


def _pinned(deal: Deal, reader: User) -> Entry | None:
    note = _readable_notes(deal, reader).filter(pinned_at__isnull=False).first()
    return _note(note, reader) if note else None


def _readable_notes(deal: Deal, reader: User) -> Any:
    return Note.objects.reachable_by(reader).live().filter(deal=deal).select_related("author")


def _note(note: Note, reader: User) -> Entry:
    return Entry(
        CONVERSATION,
        note.created_at,
        "lock" if note.is_private else "note",
        title=note.author.name,
        note=gettext("Only for me") if note.is_private else "",
        text=note.body,
        is_pinned=note.pinned_at is not None,
        edit_url=address("note-edit", note.pk) if note.author_id == reader.pk else "",
        order=note.pk,
    )


# --- Changes -----------------------------------------------------------------------------------------


def _changes(deal: Deal, count: int) -> list[Entry]:
    events = list(
        DealEvent.objects.filter(deal=deal)
        .select_related("actor")
        .order_by("-occurred_at", "-recorded_at", "-pk")[:count]
    )
    names = _names_in(events, deal)
    return [
        Entry(
            CHANGE,
            event.occurred_at,
            EVENT_ICONS.get(EventKind(event.kind), "history"),
            change_html=_sentence(event, deal, names),
            order=event.pk,
        )
        for event in events
    ]


def _names_in(events: list[DealEvent], deal: Deal) -> Names:
    """The names behind all ids in the events, in one query."""
    wanted: dict[str, set[int]] = defaultdict(set, {"stage": {deal.stage_id}})
    for event in events:
        for name, pair in event.changes.items():
            relation = name.removesuffix("_id")
            if relation in _RELATIONS and isinstance(pair, list):
                wanted[relation] |= {int(pk) for pk in pair if pk is not None}
    parts = [_names_of(relation, pks) for relation, pks in wanted.items()]
    german = (get_language() or "").startswith("de")
    rows = parts[0].union(*parts[1:], all=True)
    return {(relation, pk): ((other if german else "") or name) for relation, pk, name, other in rows}


def _names_of(relation: str, pks: set[int]) -> Any:
    model = _RELATIONS[relation]
    words: dict[str, Any] = {
        "said": F("pk") if model is User else F("name"),
        "said_de": F("name_de") if relation in _TRANSLATED else Value("", output_field=CharField()),
    }
    if model is User:
        full = NullIf(Trim(Concat("first_name", Value(" "), "last_name")), Value(""))
        words["said"] = Coalesce(full, "email", output_field=CharField())
    rows = model._default_manager.filter(pk__in=pks).order_by()
    return rows.annotate(relation=Value(relation, output_field=CharField()), **words).values_list(
        "relation", "pk", "said", "said_de"
    )


def _sentence(event: DealEvent, deal: Deal, names: Names) -> SafeString:
    """What changed, from what to what, and by whom."""
    actor = event.actor.name if event.actor else gettext("Kontor")
    shown = [name for name in FIELD_LABELS if name in event.changes and not _is_implied(name, event)]
    if event.corrects_id:
        what = format_html("{}", gettext("Undone: %(what)s") % {"what": event.get_kind_display()})
    elif event.kind == EventKind.CREATED or not shown:
        what = format_html("<b>{}</b>", event.get_kind_display())
    else:
        what = format_html_join("; ", "{}", [(_change(name, event, deal, names),) for name in shown])
    said = format_html(": {}", event.note) if event.note else ""
    return format_html("{}{} · {}", what, said, actor)


def _is_implied(name: str, event: DealEvent) -> bool:
    """Whether another word of the event already says this."""
    return (name == "probability" and event.kind != EventKind.PROBABILITY_CHANGED) or (
        name == "forecast_category" and event.kind != EventKind.FORECAST_CATEGORY_CHANGED
    )


def _change(name: str, event: DealEvent, deal: Deal, names: Names) -> SafeString:
    before, after = event.changes[name]
    label = FIELD_LABELS[name]
    old, new = (printed(name, value, deal.currency, names) for value in (before, after))
    if name == "need":
        return format_html("<b>{}</b> {}", label, gettext("changed"))
    if before in (None, ""):
        return format_html("<b>{}</b> {}", label, new)
    return format_html("<b>{}</b> <s>{}</s> {} <b>{}</b>", label, old, "→", new)


def printed(name: str, value: Any, currency: str, names: Names | None = None) -> str:
    """A stored value as people read it; a dash for nothing."""
    if value in (None, ""):
        return "–"
    if name in _RELATIONS:
        return (names or {}).get((name, int(value)), f"#{value}")
    if name == "value":
        return _amount(value, currency)
    printer = _PRINTERS.get(name, str)
    return printer(value)


_PRINTERS: dict[str, Callable[[Any], str]] = {
    "expected_close_date": lambda value: day_year(date.fromisoformat(str(value))),
    "probability": lambda value: f"{value}%",
    "status": lambda value: str(DealStatus(value).label),
    "forecast_category": lambda value: str(ForecastCategory(value).label),
}


def _amount(value: Any, currency: str) -> str:
    try:
        return money(Decimal(str(value)), currency)
    except InvalidOperation:
        return str(value)
