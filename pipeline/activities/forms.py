"""Forms for activities and notes."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.lib.forms import SENSIBLE_DAY, DayInput
from crm.lib.periods import local_instant
from crm.lib.text import MultiLine, SingleLine
from pipeline.activities.defaults import REMINDERS, USUAL, reminder_choice, results_of, usual_offsets
from pipeline.activities.models import Activity, Note
from teams.access import Permission, reach
from teams.models import User


def _subject_field() -> Any:
    """A plain form takes over the length of a column, not its validators."""
    return Activity._meta.get_field("subject").formfield(validators=[SingleLine()])


def _text_field() -> Any:
    return Activity._meta.get_field("text").formfield(validators=[MultiLine()])


class VersionForm(forms.Form):
    """A form about an activity as it was when the person read it."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class DueForm(VersionForm):
    """A day, or a day with a time in the zone of the person who enters it."""

    due_on = forms.DateField(
        label=_("Due date"),
        validators=SENSIBLE_DAY,
        widget=DayInput,
    )
    due_time = forms.TimeField(
        label=_("Due time"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    def due(self, by: User) -> dict[str, Any]:
        """`due_on` or `due_at`, as the actions take them."""
        day, clock = self.cleaned_data["due_on"], self.cleaned_data["due_time"]
        due_at: datetime | None = local_instant(day, clock, by.zone) if clock else None
        return {"due_on": None if clock else day, "due_at": due_at}


def due_initial(activity: Activity, by: User) -> dict[str, Any]:
    """The due date or time of an activity as the form shows it to this person."""
    if activity.due_at is None:
        return {"due_on": activity.due_on}
    local = timezone.localtime(activity.due_at, by.zone)
    return {"due_on": local.date(), "due_time": local.time()}


def _reminder_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Reminder"),
        choices=[(key, label) for key, (label, _minutes) in REMINDERS.items()],
        initial=USUAL,
        required=False,
        help_text=_(
            "Usual are 15 minutes before, an hour before a meeting, and 09:00 on the day if no time is set; "
            "a deadline also reminds a day before."
        ),
    )


class EditForm(VersionForm):
    """What an activity says. Reminders that no choice stands for stay while the choice does."""

    kind: Any = Activity._meta.get_field("kind").formfield()
    subject: Any = _subject_field()
    reminder = _reminder_field()
    text: Any = _text_field()

    def __init__(self, data: Any = None, *, activity: Activity) -> None:
        self.is_timed = activity.due_at is not None
        chosen = reminder_choice(activity.reminder_offsets, activity.kind, is_timed=self.is_timed)
        facts = {name: getattr(activity, name) for name in ("version", "kind", "subject", "text")}
        super().__init__(data, initial={**facts, "reminder": chosen})

    @property
    def changes(self) -> dict[str, Any]:
        """What `edit_activity` takes: only what was changed."""
        said = [name for name in ("kind", "subject", "text") if name in self.changed_data]
        wanted: dict[str, Any] = {name: self.cleaned_data[name] for name in said}
        if "reminder" in self.changed_data:
            offsets = REMINDERS[self.cleaned_data["reminder"] or USUAL][1]
            usual = usual_offsets(self.cleaned_data["kind"], is_timed=self.is_timed)
            wanted["reminder_offsets"] = usual if offsets is None else offsets
        return wanted


class PlanForm(DueForm):
    kind: Any = Activity._meta.get_field("kind").formfield()
    subject: Any = _subject_field()
    reminder = _reminder_field()
    assignee = forms.ModelChoiceField(User.objects.none(), label=_("For"), required=False, empty_label=None)
    text: Any = _text_field()
    field_order = ("kind", "subject", "due_on", "due_time", "reminder", "assignee", "text")

    def __init__(self, data: Any = None, *, by: User, **options: Any) -> None:
        super().__init__(data, **options)
        people = User.objects.active().by_name()
        scope = reach(by, Permission.ACTIVITY_EDIT)
        if not scope.everything:
            people = people.filter(pk__in=scope.people_ids)
        self.fields["assignee"].queryset = people  # type: ignore[attr-defined]
        self.initial.setdefault("assignee", by.pk)
        if not scope.everything and len(scope.people_ids) == 1:
            del self.fields["assignee"]

    @property
    def facts(self) -> dict[str, Any]:
        """What `plan` takes, without the due date."""
        chosen = {name: self.cleaned_data[name] for name in ("kind", "subject", "text")}
        offsets = REMINDERS[self.cleaned_data["reminder"] or USUAL][1]
        return {**chosen, "reminder_offsets": offsets, "assignee": self.cleaned_data.get("assignee")}


class DoneForm(VersionForm):
    outcome = forms.ChoiceField(label=_("Result"), required=False, widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=20000,
        validators=[MultiLine()],
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: Any = None, *, activity: Activity) -> None:
        super().__init__(data, initial={"version": activity.version, "text": activity.text})
        results = results_of(activity.kind)
        self.fields["outcome"].choices = results  # type: ignore[attr-defined]
        if not results:
            del self.fields["outcome"]

    @property
    def facts(self) -> dict[str, Any]:
        """What `complete` takes; a note that was not part of the form stays as it is."""
        text = self.cleaned_data["text"] if "text" in self.data else None
        return {
            "version": self.cleaned_data["version"],
            "outcome": self.cleaned_data.get("outcome", ""),
            "text": text,
        }


class SnoozeForm(VersionForm):
    until = forms.ChoiceField(
        label=_("Remind me again"),
        choices=[
            ("hour", _("In an hour")),
            ("tomorrow", _("Tomorrow at 09:00")),
            ("week", _("Next Monday at 09:00")),
            ("date", _("On a day")),
        ],
        initial="tomorrow",
        widget=forms.RadioSelect,
    )
    on = forms.DateField(label=_("Day"), required=False, validators=SENSIBLE_DAY, widget=DayInput)

    def __init__(self, data: Any = None, *, today: date, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.today = today

    def clean(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().clean() or {}
        day = fields.get("on")
        if fields.get("until") == "date" and "on" not in self.errors and (day is None or day <= self.today):
            self.add_error("on", _("Choose a day after today."))
        return fields


class NoteForm(forms.ModelForm):
    class Meta:
        model = Note
        fields = ("body", "is_private")


class NoteEditForm(VersionForm):
    body: Any = Note._meta.get_field("body").formfield(
        validators=[MultiLine()], widget=forms.Textarea(attrs={"rows": 6})
    )
