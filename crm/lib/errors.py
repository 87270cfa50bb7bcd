"""Anticipated failures that a person can do something about."""

from dataclasses import dataclass
from typing import Any

from django.forms import BaseForm, CharField
from django.utils.functional import Promise
from django.utils.translation import gettext as _


class Refused(Exception):
    """An action that is allowed to this person but impossible right now.

    The message is a whole sentence for a salesperson: what is wrong and what to do.
    Pages and the API answer it with 409.
    """

    def __init__(self, message: str | Promise, *, code: str = "refused", field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.field = field

    def __str__(self) -> str:
        return str(self.message)

    def put_into(self, form: BaseForm) -> None:
        """Stand beside the field that it is about; above the form when that has no such field."""
        form.add_error(self.field if self.field in form.fields else None, str(self))


@dataclass(frozen=True)
class FieldConflict:
    """One field that somebody else changed since the version the caller read."""

    field: str
    yours: Any
    theirs: Any
    by: str
    at: str


class Conflict(Refused):
    """A write based on an outdated version; nothing was written. `newest` is the version to base the next one on."""

    def __init__(self, message: str | Promise, conflicts: list[FieldConflict], *, newest: int | None = None) -> None:
        super().__init__(message, code="conflict", field=conflicts[0].field if conflicts else "")
        self.conflicts = conflicts
        self.newest = newest

    def put_into(self, form: BaseForm) -> None:
        """Stand above what was typed, and what others wrote beside it. Sent again, the form means to replace that."""
        form.add_error(None, str(self))
        for conflict in self.conflicts:
            field = form.fields.get(conflict.field)
            if isinstance(conflict.theirs, str) and isinstance(field, CharField):
                words = _("By now it says “%(theirs)s”. Save again to replace that.")
                form.add_error(conflict.field, words % {"theirs": conflict.theirs})
        if self.newest is not None and "version" in form.fields:
            posted: Any = form.data
            form.data = posted = posted.copy()
            posted[form.add_prefix("version")] = str(self.newest)


class Forbidden(Exception):
    """Within reach, but not this person's to do; the sentence says who may. Answered with 403."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)
