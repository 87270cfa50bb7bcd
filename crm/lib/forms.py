"""Inputs that forms of all packages use."""

from typing import Any

from django import forms


class DayInput(forms.DateInput):
    """The browser's own picker of days, which understands ISO dates in every language."""

    input_type = "date"

    def format_value(self, value: Any) -> Any:
        return value.isoformat() if hasattr(value, "isoformat") else value
