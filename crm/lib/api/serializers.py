"""Shapes that refuse what they do not know."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError


class Strict(serializers.Serializer):
    """Input whose unknown and read-only keys are errors, each named."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            if unknown := data.keys() - writable:
                message = ErrorDetail(_("This field does not exist or cannot be set."), code="unknown")
                raise ValidationError({name: [message] for name in sorted(unknown)})
        return super().to_internal_value(data)


class Money(serializers.DecimalField):
    """An amount as a decimal string with two decimals."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 14, "decimal_places": 2, "min_value": 0, **options})
