"""What is usual for a kind of activity: when it reminds, and which results it can have."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from pipeline.activities.models import ActivityKind, CallOutcome

HOUR, DAY = 60, 24 * 60
QUARTER = 15

# Minutes before the due time. Appointments need the way there; the rest only a word in time.
_TIMED = {ActivityKind.MEETING: [HOUR], ActivityKind.DEADLINE: [DAY, HOUR]}
# Whole days before 09:00 of the due day.
_ALL_DAY = {ActivityKind.DEADLINE: [DAY, 0]}

# What a form offers; the keys stand in no address and no database.
USUAL = "usual"
REMINDERS: dict[str, tuple[object, list[int] | None]] = {
    USUAL: (_("As usual for this type"), None),
    "none": (_("No reminder"), []),
    "then": (_("When it is due"), [0]),
    "quarter": (_("15 minutes before"), [QUARTER]),
    "hour": (_("1 hour before"), [HOUR]),
    "day": (_("1 day before"), [DAY]),
    "day-and-hour": (_("1 day and 1 hour before"), [DAY, HOUR]),
    "week": (_("1 week before"), [7 * DAY]),
}

_CALL_RESULTS = (CallOutcome.CONNECTED, CallOutcome.NO_ANSWER, CallOutcome.VOICEMAIL, CallOutcome.WRONG_NUMBER)
_MEETING_RESULTS = (CallOutcome.HELD, CallOutcome.NO_SHOW)
_RESULTS: dict[str, Sequence[CallOutcome]] = {
    ActivityKind.CALL: _CALL_RESULTS,
    ActivityKind.MEETING: _MEETING_RESULTS,
    ActivityKind.VIDEO: _MEETING_RESULTS,
}


def usual_offsets(kind: str, *, is_timed: bool) -> list[int]:
    """The reminders of an activity for which nobody chose any, in minutes before it."""
    known = (_TIMED if is_timed else _ALL_DAY).get(ActivityKind(kind))
    return list(known) if known is not None else [QUARTER if is_timed else 0]


def results_of(kind: str) -> list[tuple[str, str]]:
    """What can come out of an activity of this kind; empty where it is just done."""
    return [(outcome.value, str(outcome.label)) for outcome in _RESULTS.get(kind, ())]


def reminder_choice(offsets: Sequence[int], kind: str, *, is_timed: bool) -> str:
    """The choice of the form that stands for stored offsets; the usual one where none fits."""
    if list(offsets) == usual_offsets(kind, is_timed=is_timed):
        return USUAL
    return next((key for key, (_label, minutes) in REMINDERS.items() if minutes == list(offsets)), USUAL)
