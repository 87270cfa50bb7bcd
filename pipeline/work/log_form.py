"""What was just done with a customer, and what comes next, in one breath."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from crm.lib.forms import DayInput
from crm.lib.periods import local_date
from crm.lib.text import MultiLine, SingleLine
from crm.templatetags.formats import weekday_date
from pipeline.activities import actions
from pipeline.activities.defaults import results_of
from pipeline.activities.models import ActivityKind
from pipeline.activities.quick import DAY, next_working_day
from pipeline.contacts.models import Contact
from pipeline.deals.models import Deal
from pipeline.work.forms import VerbForm
from teams.access import Permission
from teams.models import User

TITLES = {
    ActivityKind.CALL: _("Log call"),
    ActivityKind.EMAIL: _("Log e-mail"),
    ActivityKind.MEETING: _("Log meeting"),
    ActivityKind.VIDEO: _("Log video call"),
}
SUBJECTS = {
    ActivityKind.CALL: _("Call with %(name)s"),
    ActivityKind.EMAIL: _("E-mail to %(name)s"),
    ActivityKind.MEETING: _("Meeting with %(name)s"),
    ActivityKind.VIDEO: _("Video call with %(name)s"),
}


class LogForm(VerbForm):
    """Without a subject it names whom it was with; without a next step none is planned."""

    title, submit, done = _("Log call"), _("Save"), _("Logged")
    needs = Permission.ACTIVITY_EDIT
    kind = forms.ChoiceField(choices=list(TITLES.items()), widget=forms.HiddenInput)
    contact = forms.ModelChoiceField(Contact.objects.none(), label=_("With"), required=False, empty_label="–")
    outcome = forms.ChoiceField(label=_("Result"), required=False, widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=20000,
        validators=[MultiLine()],
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    next = forms.ChoiceField(label=_("Next step"), required=False, widget=forms.RadioSelect)
    next_on = forms.DateField(label=_("On"), required=False, widget=DayInput)
    next_subject = forms.CharField(label=_("What next"), required=False, max_length=200, validators=[SingleLine()])
    subject = forms.CharField(required=False, max_length=200, validators=[SingleLine()], widget=forms.HiddenInput)
    field_order = ("version", "kind", "contact", "outcome", "text", "next", "next_on", "next_subject", "subject")

    def prepare(self, deal: Deal, by: User, now: datetime) -> None:
        kind = str(self.data.get("kind") or self.wanted_kind or ActivityKind.CALL)
        self.sort = kind if kind in TITLES else ActivityKind.CALL
        self.initial["kind"] = self.sort
        self.title = TITLES[ActivityKind(self.sort)]
        results = results_of(self.sort)
        self.fields["outcome"].choices = results  # type: ignore[attr-defined]
        if not results:
            del self.fields["outcome"]
        self._offer_people(deal, by)
        self._offer_days(deal, local_date(now, by.zone))

    def _offer_people(self, deal: Deal, by: User) -> None:
        people = Contact.objects.live().reachable_by(by).filter(deal_roles__deal=deal)
        known = list(people.filter(deal_roles__deal=deal).values_list("pk", "deal_roles__is_primary"))
        if not known:
            del self.fields["contact"]
            return
        field: Any = self.fields["contact"]
        field.queryset = people.by_name()
        likely = [pk for pk, is_primary in known if is_primary or len(known) == 1]
        self.initial["contact"] = likely[0] if likely else None

    def _offer_days(self, deal: Deal, today: date) -> None:
        second = next_working_day(next_working_day(today))
        monday = today + timedelta(days=7 - today.weekday())
        self.days = {"tomorrow": today + DAY, "soon": second, "monday": monday}
        labels = [("tomorrow", _now("Tomorrow")), *((key, weekday_date(self.days[key])) for key in ("soon", "monday"))]
        if second == monday:
            del labels[1]
        field: Any = self.fields["next"]
        field.choices = [*labels, ("date", _now("Pick date")), ("none", _now("None"))]
        self.initial["next"] = "none"

    def clean(self) -> dict[str, Any]:
        facts: dict[str, Any] = super().clean() or {}
        if facts.get("next") == "date" and not facts.get("next_on") and "next_on" not in self.errors:
            self.add_error("next_on", _("Choose the day of the next step."))
        return facts

    def carry_out(self, *, deal: Deal, by: User, at: datetime) -> None:
        facts = self.cleaned_data
        contact = facts.get("contact")
        name = contact.name if contact else deal.company.name if deal.company else deal.name
        actions.log(
            by=by,
            at=at,
            deal=deal,
            kind=self.sort,
            subject=facts["subject"] or SUBJECTS[ActivityKind(self.sort)] % {"name": name},
            contact=contact,
            outcome=facts.get("outcome", ""),
            text=facts["text"],
            next_step=self._next_step(name),
        )

    def _next_step(self, name: str) -> dict[str, Any] | None:
        facts = self.cleaned_data
        chosen = facts["next"] or "none"
        if chosen == "none":
            return None
        due_on = facts["next_on"] if chosen == "date" else self.days[chosen]
        subject = facts["next_subject"] or _now("Follow up with %(name)s") % {"name": name}
        return {"kind": ActivityKind.FOLLOW_UP, "subject": subject, "due_on": due_on, "contact": facts.get("contact")}
