"""What the board asks: where a deal goes, how it ended, what a new one is."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.lib.text import SingleLine
from pipeline.contacts.models import Company
from pipeline.deals.forms import AmountField, DayField
from pipeline.deals.models import Competitor, Deal
from pipeline.stages.models import CloseReason, Outcome, Stage
from teams.access import Permission, holds
from teams.models import User


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


class MoveForm(DealForm):
    """The stage, and what it requires to know as far as the form can ask for it."""

    stage = forms.ModelChoiceField(Stage.objects.none(), label=_("Stage"), empty_label=None)

    def set_up(self) -> None:
        stages = Stage.objects.in_use().filter(pipeline=self.deal.pipeline_id).in_order()
        self.fields["stage"].queryset = stages  # type: ignore[attr-defined]
        self.initial["stage"] = self.deal.stage_id
        for name in self._missing():
            self.fields[name] = self._asked(name)

    def _missing(self) -> list[str]:
        chosen = str(self.data.get("stage", ""))
        stage = self.fields["stage"].queryset.filter(pk=chosen).first() if chosen.isdecimal() else None  # type: ignore[attr-defined]
        required = stage.required_fields if stage else []
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


class WinForm(DealForm):
    value = AmountField(label=_("Signed value"), required=False)
    reason = forms.ModelChoiceField(
        CloseReason.objects.none(), label=_("Main reason"), required=False, widget=forms.RadioSelect, empty_label=None
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=300, validators=[SingleLine()])

    def set_up(self) -> None:
        self.fields["reason"].queryset = CloseReason.objects.offered(Outcome.WON)  # type: ignore[attr-defined]
        self.initial["value"] = None if self.deal.value is None else f"{self.deal.value:f}".removesuffix(".00")


class LoseForm(DealForm):
    reason = forms.ModelChoiceField(
        CloseReason.objects.none(),
        label=_("Main reason"),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": _("Choose why the deal was lost.")},
    )
    competitor = forms.ModelChoiceField(Competitor.objects.none(), label=_("Competitor"), required=False)
    note = forms.CharField(label=_("What would have won it"), required=False, max_length=300, validators=[SingleLine()])

    def set_up(self) -> None:
        self.fields["reason"].queryset = CloseReason.objects.offered(Outcome.LOST)  # type: ignore[attr-defined]
        competitors = Competitor.objects.filter(archived_at__isnull=True).order_by("name", "pk")
        self.fields["competitor"].queryset = competitors  # type: ignore[attr-defined]
        self.fields["try_again_on"] = DayField(today=self.today, label=_("Try again on"), required=False)


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
