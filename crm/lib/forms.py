"""Inputs that forms of all packages use."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from crm.lib.periods import FIRST_DAY, LAST_DAY

# Near the ends of the calendar a day has no day before or after it.
SENSIBLE_DAY = [
    MinValueValidator(FIRST_DAY, _("Enter a date between 1970 and 2199.")),
    MaxValueValidator(LAST_DAY, _("Enter a date between 1970 and 2199.")),
]


class DayInput(forms.DateInput):
    """The browser's own picker of days, which understands ISO dates in every language."""

    input_type = "date"

    def format_value(self, value: Any) -> Any:
        return value.isoformat() if hasattr(value, "isoformat") else value


def shows_what_it_was(form: forms.BaseForm) -> None:
    """Send the values that a form shows along with it: see `entered`."""
    for field in form.fields.values():
        field.show_hidden_initial = True


def entered(form: forms.BaseForm) -> dict[str, Any]:
    """What was really entered, as far as it is valid. What was only shown stays as others have written it since."""
    shown = {name for name in form.fields if form[name].html_initial_name in form.data}
    only_shown = shown.difference(form.changed_data)
    return {name: value for name, value in form.cleaned_data.items() if name not in only_shown}
