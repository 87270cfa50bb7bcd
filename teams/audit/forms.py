"""What narrows the audit log. Every value is a part of the address."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.lib.forms import DayInput
from crm.lib.periods import midnight
from crm.templatetags.formats import day_year
from teams.audit.querysets import AuditQuerySet
from teams.audit.sentences import ACTS, SUBJECTS
from teams.people.models import User
from teams.people.querysets import UserQuerySet

ANY = ("", _("Any"))


class PersonField(forms.ModelChoiceField):
    def label_from_instance(self, user: Any) -> str:
        return str(user.name)


class AuditFilter(forms.Form):
    person = PersonField(label=_("Person"), queryset=User.objects.none(), required=False, empty_label=_("Everybody"))
    action = forms.ChoiceField(label=_("Action"), choices=[ANY, *ACTS.items()], required=False)
    subject = forms.ChoiceField(label=_("Subject"), choices=[ANY, *SUBJECTS.items()], required=False)
    name = forms.CharField(label=_("Name of the subject"), max_length=80, required=False)
    since = forms.DateField(label=_("From"), required=False, widget=DayInput)
    until = forms.DateField(label=_("To"), required=False, widget=DayInput)

    def __init__(self, data: Any, *, people: UserQuerySet) -> None:
        super().__init__(data, auto_id="filter-%s")
        self.fields["person"].queryset = people  # type: ignore[attr-defined]

    def narrow(self, entries: AuditQuerySet, zone: ZoneInfo) -> AuditQuerySet:
        """The entries that fit what was understood; days are those of `zone`, both included."""
        self.is_valid()
        values = self.cleaned_data
        if person := values.get("person"):
            entries = entries.filter(actor=person)
        if action := values.get("action"):
            entries = entries.filter(Q(action=action) | Q(action__endswith=f".{action}"))
        if subject := values.get("subject"):
            entries = entries.filter(subject_type=subject)
        if name := values.get("name"):
            entries = entries.filter(subject_label__icontains=name)
        if since := values.get("since"):
            entries = entries.filter(at__gte=midnight(since, zone))
        if until := values.get("until"):
            entries = entries.filter(at__lt=midnight(until + timedelta(days=1), zone))
        return entries

    @property
    def active(self) -> list[tuple[str, str, str]]:
        """Name, label and value in words of each filter that is set."""
        found = [(name, self.cleaned_data.get(name)) for name in self.fields]
        return [(name, str(self.fields[name].label), self._in_words(name, value)) for name, value in found if value]

    def _in_words(self, name: str, value: Any) -> str:
        if name in {"since", "until"}:
            return day_year(value)
        choices = {"action": ACTS, "subject": SUBJECTS}.get(name, {})
        return str(choices.get(value, value))
