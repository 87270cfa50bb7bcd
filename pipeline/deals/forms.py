"""Editors for one value of a deal; they read what people type in English and German habits."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import number_format
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from crm.lib.localised import NotUnderstood, parse_amount, parse_date
from crm.lib.money import validate_amount
from crm.lib.text import SingleLine
from crm.templatetags.formats import day_year
from pipeline.deals.models import Competitor, Deal, LeadSource
from pipeline.deals.states import ForecastCategory


class AmountField(forms.CharField):
    """An amount of money as people type it; empty means unknown."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            amount = parse_amount(text, language=get_language() or "en")
        except NotUnderstood as error:
            raise ValidationError(_("Enter an amount such as 71,500 or 71.5k."), code="invalid") from error
        validate_amount(amount)  # before rounding, which fails beyond all measure
        return amount.quantize(Decimal("0.01"))

    def run_validators(self, value: Any) -> None:
        if value is not None:
            validate_amount(value)

    def prepare_value(self, value: Any) -> Any:
        """An amount as the reader's language writes it; what was typed stays as it is."""
        if not isinstance(value, Decimal):
            return value
        return number_format(int(value) if value == value.to_integral_value() else value, force_grouping=True)


class DayField(forms.CharField):
    """A calendar day as people type it; `today` of the workspace decides what "tomorrow" is."""

    def __init__(self, *, today: date, **options: Any) -> None:
        self.today = today
        super().__init__(**options)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return parse_date(text, language=get_language() or "en", today=self.today)
        except NotUnderstood as error:
            raise ValidationError(_("Enter a date such as 27 Nov or +2w."), code="invalid") from error

    def run_validators(self, value: Any) -> None:
        """A day needs none of the checks of a text."""

    def prepare_value(self, value: Any) -> Any:
        """A day as the reader's language writes it; what was typed stays as it is."""
        return day_year(value) if isinstance(value, date) else value


LABELS = {
    "name": _("Name"),
    "value": _("Value"),
    "expected_close_date": _("Close date"),
    "probability": pgettext_lazy("narrow", "Probability"),
    "forecast_category": _("Forecast"),
    "source": _("Source"),
    "competitor": _("Competitor"),
    "need": _("Customer need"),
}
ADD = {
    "value": _("Add value"),
    "expected_close_date": _("Add close date"),
    "source": _("Add source"),
    "competitor": _("Add competitor"),
    "need": _("Add need"),
}


class FieldForm(forms.Form):
    """The editor of one field, named like the field."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, name: str, *, today: date, data: Any = None, deal: Deal) -> None:
        super().__init__(data, auto_id="edit-%s", initial={name: _typed(deal, name), "version": deal.version})
        self.name = name
        field = _field(name, today)
        field.label = LABELS[name]
        field.widget.attrs.setdefault("class", "input")
        self.fields[name] = field

    @property
    def field(self) -> forms.BoundField:
        return self[self.name]

    @property
    def wanted(self) -> Any:
        """The value as `edit_deal` takes it."""
        value = self.cleaned_data[self.name]
        return value if value is not None or self.name not in {"name", "need"} else ""


def _typed(deal: Deal, name: str) -> Any:
    """A value as it stands in its editor before anybody types."""
    value = getattr(deal, name)
    if name == "probability" and not deal.probability_overridden:
        return None
    return value


def _field(name: str, today: date) -> forms.Field:
    return _EDITORS[name](today)


def _choice(model: Any) -> forms.ModelChoiceField:
    rows = model.objects.filter(archived_at__isnull=True)
    return forms.ModelChoiceField(rows.order_by("name", "pk"), required=False, empty_label="–")


_EDITORS: dict[str, Callable[[date], forms.Field]] = {
    "name": lambda _today: forms.CharField(max_length=200, validators=[SingleLine()]),
    "value": lambda _today: AmountField(
        required=False, widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "input num"})
    ),
    "expected_close_date": lambda today: DayField(today=today, required=False),
    "probability": lambda _today: forms.IntegerField(required=False, min_value=1, max_value=99),
    "forecast_category": lambda _today: forms.ChoiceField(choices=ForecastCategory.choices),
    "source": lambda _today: _choice(LeadSource),
    "competitor": lambda _today: _choice(Competitor),
    "need": lambda _today: forms.CharField(required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 4})),
}
