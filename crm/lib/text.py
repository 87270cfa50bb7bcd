"""Text as people type it: cleaned, sorted and compared the same everywhere."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _

# What the columns of ids and of versions hold for certain.
ID_DIGITS, VERSION_DIGITS = 18, 9
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp", "Mn"}


def sort_key(text: str) -> str:
    """Lower-case, unaccented form of a text, stored beside it for sorting and searching.

    `ß` becomes `ss`; `ä` becomes `a`; NUL, which no database looks for, falls away. The embedded database server
    has no ICU collations.
    """
    folded = unicodedata.normalize("NFKD", text.casefold().replace("\x00", ""))
    return "".join(c for c in folded if not unicodedata.combining(c)).strip()


def whole_number(text: str, *, digits: int = ID_DIGITS) -> int | None:
    """The number that an address or an input says in at most so many digits; None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= digits else None


def is_control(char: str, *, multiline: bool) -> bool:
    if multiline and char in "\n\t":
        return False
    return unicodedata.category(char) in {"Cc", "Cs"}


def has_something_to_see(text: str) -> bool:
    return any(unicodedata.category(char) not in _INVISIBLE for char in text)


@deconstructible
class SingleLine:
    """Refuses control characters, line breaks and names without a visible character."""

    message = _("Enter text on one line, with at least one visible character.")
    code = "single_line"

    def __call__(self, value: str) -> None:
        if any(is_control(c, multiline=False) for c in value):
            raise ValidationError(self.message, code=self.code)
        if value and not has_something_to_see(value):
            raise ValidationError(self.message, code=self.code)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SingleLine)

    def __hash__(self) -> int:
        return hash(SingleLine)


@deconstructible
class MultiLine:
    """Refuses control characters other than line breaks and tabs."""

    message = _("This text holds characters that cannot be stored.")
    code = "multi_line"

    def __call__(self, value: str) -> None:
        if any(is_control(c, multiline=True) for c in value.replace("\r\n", "\n")):
            raise ValidationError(self.message, code=self.code)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MultiLine)

    def __hash__(self) -> int:
        return hash(MultiLine)
