"""Forms for activities and notes."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.activities.models import Activity, CallOutcome, Note


class DueForm(forms.Form):
    """A day, or a day with a time in the zone of the person who enters it."""

    due_on = forms.DateField(label=_("Due date"), widget=forms.DateInput(attrs={"type": "date"}))
    due_time = forms.TimeField(label=_("Due time"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))


class PlanForm(DueForm):
    kind = Activity._meta.get_field("kind").formfield()
    subject = Activity._meta.get_field("subject").formfield()
    text = Activity._meta.get_field("text").formfield()
    field_order = ("kind", "subject", "due_on", "due_time", "text")


class DoneForm(forms.Form):
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    outcome = forms.ChoiceField(label=_("Outcome"), required=False, choices=[("", "–"), *CallOutcome.choices])


class SnoozeForm(forms.Form):
    until: Any = forms.ChoiceField(
        label=_("Remind me again"),
        choices=[("hour", _("In an hour")), ("tomorrow", _("Tomorrow at 09:00"))],
    )


class NoteForm(forms.ModelForm):
    class Meta:
        model = Note
        fields = ("body", "is_private")
