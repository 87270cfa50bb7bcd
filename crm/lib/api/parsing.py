"""JSON as strangers send it: whatever cannot be stored or compared is refused by name, never a fault of ours."""

import json
import math
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from crm.lib.api.failures import TooLarge

MAX_BYTES = 1_048_576
MAX_DEPTH = 20


class StrictJSONParser(BaseParser):
    """JSON in UTF-8 without NaN, infinite numbers, NUL, lone surrogates, repeated keys and deep nesting."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        raw = stream.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise TooLarge(_("A request may hold one megabyte at most."))
        try:
            value = json.loads(
                raw.decode("utf-8"),
                object_pairs_hook=_object,
                parse_float=_finite,
                parse_constant=_no_constant,
            )
        except RecursionError:
            raise ParseError(_("This JSON is nested too deeply.")) from None
        except ValueError as error:
            raise ParseError(_("This is not valid JSON: %(error)s") % {"error": error}) from None
        _check_depth(value)
        return value


def refuse_unstorable(text: str) -> None:
    """NUL and lone surrogates are no text for a database."""
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise ParseError(_("Text may not hold NUL or broken characters."))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ParseError(_("A key stands twice in one object."))
    return result


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ParseError(_("%(number)s is too large a number.") % {"number": text[:40]})
    return number


def _no_constant(name: str) -> NoReturn:
    raise ParseError(_("%(name)s is not a number that can be stored.") % {"name": name})


def _check_depth(value: Any) -> None:
    level = [value]
    for _depth in range(MAX_DEPTH):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, str):
                refuse_unstorable(item)
            elif isinstance(item, dict):
                inner += [*item.keys(), *item.values()]
            elif isinstance(item, list):
                inner += item
        if not inner:
            return
        level = inner
    raise ParseError(_("This JSON is nested too deeply."))
