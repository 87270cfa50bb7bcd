"""The history of a deal: events, conversations and notes in one list, newest first.

A fixed number of queries, however long the history is: one per source, one for all names.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pipeline.activities.lines import icon_of
from pipeline.activities.models import Activity, Note
from pipeline.deals.models import Deal, DealEvent
from pipeline.deals.states import EventKind
from pipeline.work.history_words import names_in, sentence
from pipeline.work.links import address
from teams.access import Permission, Reach, reach
from teams.models import User

PAGE = 25
MOST = 1000
LONG_TEXT = 400
CONVERSATION = "conversation"
CHANGE = "change"
FILTERS = {"": _("All"), "conversations": _("Conversations"), "changes": _("Changes")}

EVENT_ICONS = {
    EventKind.STAGE_CHANGED: "arrow-right",
    EventKind.WON: "trophy",
    EventKind.LOST: "circle-x",
    EventKind.OWNER_CHANGED: "user",
    EventKind.CREATED: "circle-plus",
    EventKind.DELETED: "trash",
}


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
    pin_url: str = ""
    delete_url: str = ""
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
        entries += _changes(deal, reader, shown + 1)
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
        icon_of(activity.kind),
        title=activity.subject,
        note=" · ".join(parts),
        text=activity.text,
        order=activity.pk,
    )


def _notes(deal: Deal, reader: User, count: int) -> list[Entry]:
    notes = _readable_notes(deal, reader).filter(pinned_at__isnull=True)
    scope = reach(reader, Permission.ACTIVITY_EDIT)
    return [_note(note, reader, scope) for note in notes.order_by("-created_at", "-pk")[:count]]


def _pinned(deal: Deal, reader: User) -> Entry | None:
    note = _readable_notes(deal, reader).filter(pinned_at__isnull=False).first()
    return _note(note, reader, reach(reader, Permission.ACTIVITY_EDIT)) if note else None


def _readable_notes(deal: Deal, reader: User) -> Any:
    return Note.objects.reachable_by(reader).live().filter(deal=deal).select_related("author")


def _note(note: Note, reader: User, scope: Reach) -> Entry:
    return Entry(
        CONVERSATION,
        note.created_at,
        "lock" if note.is_private else "note",
        title=note.author.name,
        note=gettext("Only for me") if note.is_private else "",
        text=note.body,
        is_pinned=note.pinned_at is not None,
        edit_url=address("note-edit", note.pk) if scope and note.author_id == reader.pk else "",
        pin_url=address("note-pin", note.pk) if scope else "",
        delete_url=address("note-delete", note.pk) if scope.covers_person(note.author_id) else "",
        order=note.pk,
    )


# --- Changes -----------------------------------------------------------------------------------------


def _changes(deal: Deal, reader: User, count: int) -> list[Entry]:
    events = list(
        DealEvent.objects.filter(deal=deal)
        .select_related("actor")
        .order_by("-occurred_at", "-recorded_at", "-pk")[:count]
    )
    names = names_in(events, deal, reader)
    return [
        Entry(
            CHANGE,
            event.occurred_at,
            EVENT_ICONS.get(EventKind(event.kind), "history"),
            change_html=sentence(event, deal, names),
            order=event.pk,
        )
        for event in events
    ]
