"""Shapes of the API: out, and in without what they do not know."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
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


class Shown(serializers.ModelSerializer):
    """A row as it goes out, whoever reads it: it has no context.

    How each field comes from a row to JSON is found once in a class, instead of once in each row and request:
    a page of deals has two thousand fields.
    """

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {name: printed(instance) for name, printed in _printers(type(self))}


# What these read from a row is of a type that JSON has.
_PLAIN = (serializers.BooleanField, serializers.CharField, serializers.ChoiceField, serializers.IntegerField)


@cache
def _printers(shape: type[Shown]) -> list[tuple[str, Callable[[Any], Any]]]:
    return [(name, _printer(field)) for name, field in shape().fields.items()]


def _printer(field: Any) -> Callable[[Any], Any]:
    if field.source == "*":
        return field.to_representation  # type: ignore[no-any-return]
    if isinstance(field, serializers.PrimaryKeyRelatedField):
        return attrgetter(f"{field.source}_id")
    read = attrgetter(field.source)
    if isinstance(field, _PLAIN):
        return read
    text = instant if isinstance(field, serializers.DateTimeField) else field.to_representation

    def printed(row: Any) -> Any:
        value = read(row)
        return None if value is None else text(value)

    return printed


def instant(value: datetime) -> str:
    """An instant in UTC by ISO 8601, as `serializers.DateTimeField` prints it where UTC is the zone."""
    return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


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
