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
