"""Anticipated failures that a person can do something about."""

from collections.abc import Mapping
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
    """A write based on an outdated version; nothing was written.

    `newest` is the version to base the next one on, known where `left` is complete: the present values of the fields
    that the person left as she had read them, which would go back to that if they were sent again.
    """

    def __init__(
        self,
        message: str | Promise,
        conflicts: list[FieldConflict],
        *,
        newest: int | None = None,
        left: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, code="conflict", field=conflicts[0].field if conflicts else "")
        self.conflicts = conflicts
        self.newest = newest
        self.left = left or {}

    def put_into(self, form: BaseForm) -> None:
        """Stand above what was typed, and what others wrote beside it. Sent again, the form means to replace that."""
        form.add_error(None, str(self))
        for conflict in self.conflicts:
            if isinstance(conflict.theirs, str) and isinstance(form.fields.get(conflict.field), CharField):
                words = _("By now it says “%(theirs)s”. Save again to replace that.")
                form.add_error(conflict.field, words % {"theirs": conflict.theirs})
        if self.newest is not None and {"version", *self.left} <= set(form.fields):
            form.data = self.brought_up_to_date(form.data)

    def brought_up_to_date(self, posted: Any) -> Any:
        """What was posted, based on the newest version."""
        data = posted.copy()
        data["version"] = str(self.newest)
        for name, value in self.left.items():
            if value is None or value is False:
                data.pop(name, None)
            elif isinstance(value, list):
                data.setlist(name, [str(each) for each in value])
            else:
                data[name] = "on" if value is True else str(value)
        return data


class Forbidden(Exception):
    """Within reach, but not this person's to do; the sentence says who may. Answered with 403."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)
