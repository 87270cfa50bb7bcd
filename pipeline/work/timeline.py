"""The history of a deal: events, conversations and notes in one list, newest first.

A fixed number of queries, however long the history is: one per source, one for all names.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby

from django.db.models import F
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from crm.lib.addresses import address
from pipeline.activities.lines import icon_of
from pipeline.activities.models import Activity, Note
from pipeline.deals.models import Deal, DealEvent
from pipeline.deals.states import EventKind
from pipeline.work.history_words import Names, names_in, sentence
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
    version: int = 0
    change_html: SafeString = field(default_factory=SafeString)
    order: int = 0

    @property
    def is_long(self) -> bool:
        return len(self.text) > LONG_TEXT

    @property
    def pin_words(self) -> str:
        return gettext("Unpin") if self.is_pinned else pgettext("note", "Pin")


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


def activities_of(deal: Deal, reader: User, shown: int = PAGE) -> tuple[list[Activity], list[Activity]]:
    """The planned ones, soonest first, and as many of the last done ones as `read` needs. One query.

    The deal is one that the reader may see.
    """
    mine = Activity.objects.of_reached_deal(deal, reader).select_related("assignee", "contact", "done_by")
    done = mine.done().order_by("-done_at", "-pk")[: _sensible(shown) + 1]
    found = list(mine.open().union(done, all=True))
    planned = [activity for activity in found if activity.done_at is None]
    planned.sort(key=lambda activity: (activity.late_at is None, activity.late_at, activity.pk))
    return planned, [activity for activity in found if activity.done_at is not None]


def _sensible(shown: int) -> int:
    return min(max(shown, PAGE), MOST)


def read(
    deal: Deal, done: Iterable[Activity], known: Names, *, reader: User, chosen: str = "", shown: int = PAGE
) -> Timeline:
    """The newest `shown` entries of a deal that `reader` may see.

    `done` are its activities, `known` the names that need not be asked for.
    """
    chosen = chosen if chosen in FILTERS else ""
    shown = _sensible(shown)
    entries: list[Entry] = []
    pinned = None
    if chosen != "changes":
        pinned, notes = _notes(deal, reader, shown + 1)
        entries += [*map(_conversation, done), *notes]
    if chosen != "conversations":
        entries += _changes(deal, reader, shown + 1, known)
    entries.sort(key=lambda entry: (entry.at, entry.order), reverse=True)
    more = len(entries) > shown and shown < MOST
    return Timeline(pinned, list(_by_day(entries[:shown])), chosen, shown + PAGE if more else 0)


def _by_day(entries: Iterable[Entry]) -> Iterator[Day]:
    for on, group in groupby(entries, lambda entry: timezone.localtime(entry.at).date()):
        yield Day(on, list(group))


# --- Conversations -----------------------------------------------------------------------------------


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


def _notes(deal: Deal, reader: User, count: int) -> tuple[Entry | None, list[Entry]]:
    """The pinned one, and the newest others."""
    readable = Note.objects.of_reached_deal(deal, reader).live().select_related("author")
    first = readable.order_by(F("pinned_at").asc(nulls_last=True), "-created_at", "-pk")
    scope = reach(reader, Permission.ACTIVITY_EDIT)
    entries = [_note(note, reader, scope) for note in first[: count + 1]]
    pinned = next((entry for entry in entries if entry.is_pinned), None)
    return pinned, [entry for entry in entries if not entry.is_pinned]


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
        version=note.version,
        order=note.pk,
    )


# --- Changes -----------------------------------------------------------------------------------------


def _changes(deal: Deal, reader: User, count: int, known: Names) -> list[Entry]:
    events = list(
        DealEvent.objects.filter(deal=deal)
        .select_related("actor")
        .order_by("-occurred_at", "-recorded_at", "-pk")[:count]
    )
    names = names_in(events, known, reader)
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
