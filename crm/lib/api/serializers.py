"""Shapes that refuse what they do not know."""

import json
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

MOST_CUSTOM = 20_000


class Strict(serializers.Serializer):
    """Input whose unknown and read-only keys are errors, each named."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            if unknown := data.keys() - writable:
                message = ErrorDetail(_("This field does not exist or cannot be set."), code="unknown")
                raise ValidationError({name: [message] for name in sorted(unknown)})
        return super().to_internal_value(data)


class CustomFields(serializers.DictField):
    """Values of fields that a workspace made for itself."""

    def to_internal_value(self, data: Any) -> Any:
        if len(json.dumps(data)) > MOST_CUSTOM:
            raise ValidationError(_("Custom fields may hold 20,000 characters at most."), code="max_length")
        return super().to_internal_value(data)


class Money(serializers.DecimalField):
    """An amount as a decimal string with two decimals."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 14, "decimal_places": 2, "min_value": 0, **options})
