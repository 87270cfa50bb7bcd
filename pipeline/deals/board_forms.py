"""What the board asks: where a deal goes, how it ended, what a new one is."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.lib.periods import local_instant
from crm.lib.text import SingleLine
from pipeline.contacts.models import Company
from pipeline.deals.actions.moving import WHY_BACK, falls_far_back
from pipeline.deals.forms import AmountField, DayField
from pipeline.deals.models import Competitor, Deal
from pipeline.stages.models import CloseReason, Outcome, Stage
from teams.access import Permission, holds
from teams.access.reach import backdate_limit
from teams.models import User, Workspace

LAST_MINUTE = time(23, 59)
# Ten years, with as many leap days as they may have.
FARTHEST_TRY = timedelta(days=3653)


class DealForm(forms.Form):
    """A form about one deal as it was when the person read it."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, data: Any = None, *, deal: Deal, today: date) -> None:
        super().__init__(data, auto_id="deal-form-%s", initial={"version": deal.version})
        self.deal = deal
        self.today = today
        self.set_up()

    def set_up(self) -> None:
        """Choices and fields that depend on the deal."""


class DatedForm(DealForm):
    """About something that may have happened on an earlier day, as far back as the person may date it."""

    def __init__(self, data: Any = None, *, deal: Deal, today: date, by: User) -> None:
        self.limit = backdate_limit(by)
        super().__init__(data, deal=deal, today=today)
        if self.limit is None or self.limit:
            self.fields["at"] = DayField(
                today=today, label=_("Happened on"), required=False, help_text=self._how_far_back()
            )

    def _how_far_back(self) -> str:
        if self.limit is None:
            return str(_("Leave this empty for now."))
        words = ngettext("Now, or up to %(days)s day back.", "Now, or up to %(days)s days back.", self.limit.days)
        return words % {"days": self.limit.days}

    @property
    def happened_at(self) -> datetime | None:
        """The end of the earlier day that was entered, so that it comes after what happened on that day."""
        day: date | None = self.cleaned_data.get("at")
        return None if day is None or day == self.today else local_instant(day, LAST_MINUTE, Workspace.get().zone)

    @property
    def facts(self) -> dict[str, Any]:
        """What the closing actions take."""
        typed = {name: value for name, value in self.cleaned_data.items() if name != "at"}
        return {**typed, "closed_at": self.happened_at}


class MoveForm(DatedForm):
    """The stage, what it requires to know as far as the form can ask for it, and why a deal falls far back."""

    stage = forms.TypedChoiceField(label=_("Stage"), coerce=int)

    def set_up(self) -> None:
        stages = Stage.objects.in_use().filter(pipeline=self.deal.pipeline_id).in_order()
        self.stages = {str(stage.pk): stage for stage in stages}
        self.fields["stage"].choices = [(key, stage.label) for key, stage in self.stages.items()]  # type: ignore[attr-defined]
        self.initial["stage"] = self.deal.stage_id
        for name in self._missing():
            self.fields[name] = self._asked(name)
        if self.chosen is not None and falls_far_back(self.deal, self.chosen):
            self.fields["note"] = forms.CharField(
                label=_("Why does it go back?"),
                max_length=300,
                validators=[SingleLine()],
                error_messages={"required": WHY_BACK},
            )

    @cached_property
    def chosen(self) -> Stage | None:
        """The stage that was asked for, before the form is valid."""
        return self.stages.get(str(self.data.get("stage", "")))

    def _missing(self) -> list[str]:
        required = self.chosen.required_fields if self.chosen else []
        return [name for name in required if name in ASKED and getattr(self.deal, name) in (None, "")]

    def _asked(self, name: str) -> forms.Field:
        # Not required here: the action says what the stage needs, in one place for pages and API.
        options: dict[str, Any] = {"label": Deal._meta.get_field(name).verbose_name, "required": False}  # type: ignore[union-attr]
        if name == "expected_close_date":
            return DayField(today=self.today, **options)
        return AmountField(**options) if name == "value" else forms.CharField(max_length=5000, **options)

    @property
    def filled(self) -> dict[str, Any]:
        """The required fields that were typed."""
        return {name: value for name, value in self.cleaned_data.items() if name in ASKED and value not in (None, "")}


ASKED = ("value", "expected_close_date", "need")


class WinForm(DatedForm):
    value = AmountField(label=_("Signed value"), required=False)
    reason = forms.ModelChoiceField(
        CloseReason.objects.none(), label=_("Main reason"), required=False, widget=forms.RadioSelect, empty_label=None
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=300, validators=[SingleLine()])

    def set_up(self) -> None:
        self.fields["reason"].queryset = CloseReason.objects.offered(Outcome.WON)  # type: ignore[attr-defined]
        self.initial["value"] = self.deal.value


class LoseForm(DatedForm):
    reason = forms.ModelChoiceField(
        CloseReason.objects.none(),
        label=_("Main reason"),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": _("Choose why the deal was lost.")},
    )
    competitor = forms.ModelChoiceField(
        Competitor.objects.none(), label=_("Competitor"), required=False, empty_label="–"
    )
    note = forms.CharField(label=_("What would have won it"), required=False, max_length=300, validators=[SingleLine()])

    def set_up(self) -> None:
        self.fields["reason"].queryset = CloseReason.objects.offered(Outcome.LOST)  # type: ignore[attr-defined]
        competitors = Competitor.objects.filter(archived_at__isnull=True).order_by("name", "pk")
        self.fields["competitor"].queryset = competitors  # type: ignore[attr-defined]
        self.fields["try_again_on"] = DayField(today=self.today, label=_("Try again on"), required=False)

    def clean_try_again_on(self) -> date | None:
        """A day that somebody who works here now can still keep."""
        day: date | None = self.cleaned_data["try_again_on"]
        if day is not None and not self.today <= day <= self.today + FARTHEST_TRY:
            raise forms.ValidationError(_("Choose a day within ten years from today."), code="range")
        return day


class AddForm(forms.Form):
    """A new deal. A company is named: one within reach is meant, any other is new."""

    company = forms.CharField(label=_("Company"), max_length=160, required=False, validators=[SingleLine()])
    name = forms.CharField(
        label=_("Deal name"),
        max_length=200,
        validators=[SingleLine()],
        error_messages={"required": _("Enter a name for the deal.")},
    )
    stage = forms.ModelChoiceField(Stage.objects.none(), label=_("Stage"), empty_label=None)
    value = AmountField(label=_("Value"), required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        by: User,
        today: date,
        initial: dict[str, Any] | None = None,
        name_space: str = "add",
    ) -> None:
        super().__init__(data, auto_id=f"{name_space}-%s", initial=initial)
        self.by = by
        stages = Stage.objects.in_use().filter(pipeline__archived_at__isnull=True).in_order()
        self.fields["stage"].queryset = stages.select_related("pipeline")  # type: ignore[attr-defined]
        self.fields["expected_close_date"] = DayField(today=today, label=_("Close date"), required=False)
        self.fields["company"].widget.attrs |= {"list": f"{name_space}-companies", "autocomplete": "off"}
        self.fields["value"].widget.attrs |= {"inputmode": "decimal"}

    def focus(self) -> None:
        """Let typing begin at the first mistake, else in the first field."""
        wrong = [name for name in self.fields if name in self.errors] if self.is_bound else []
        self.fields[next(iter(wrong), "company")].widget.attrs["autofocus"] = True

    @property
    def list_id(self) -> str:
        return str(self.fields["company"].widget.attrs["list"])

    @property
    def is_new_company(self) -> bool:
        return isinstance(self.cleaned_data["company"], str) and bool(self.cleaned_data["company"])

    def clean_company(self) -> Company | str:
        """The company within reach that has this name, else the name."""
        name: str = self.cleaned_data["company"]
        reached = (
            Company.objects.live().reachable_by(self.by).filter(name__iexact=name) if name else Company.objects.none()
        )
        company: Company | None = reached.order_by("pk").first()
        if company is None and name and not holds(self.by, Permission.COMPANY_EDIT):
            raise forms.ValidationError(_("There is no company of this name within your reach."))
        return company or name
