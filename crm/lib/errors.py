"""Anticipated failures that a person can do something about."""

from collections.abc import Collection
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

    `newest` is the version to base the next one on, known where `left` is complete: the fields that others changed
    and the person left as she had read them, which would go back to that if they were sent again.
    """

    def __init__(
        self,
        message: str | Promise,
        conflicts: list[FieldConflict],
        *,
        newest: int | None = None,
        left: Collection[str] = (),
    ) -> None:
        super().__init__(message, code="conflict", field=conflicts[0].field if conflicts else "")
        self.conflicts = conflicts
        self.newest = newest
        self.left = frozenset(left)

    def put_into(self, form: BaseForm) -> None:
        """Stand above what was typed, and what others wrote beside it. Sent again, the form means to replace that."""
        form.add_error(None, str(self))
        for conflict in self.conflicts:
            if isinstance(conflict.theirs, str) and isinstance(form.fields.get(conflict.field), CharField):
                words = _("By now it says “%(theirs)s”. Save again to replace that.")
                form.add_error(conflict.field, words % {"theirs": conflict.theirs})
        form.data = self.brought_up_to_date(form)

    def brought_up_to_date(self, form: BaseForm) -> Any:
        """What was posted, based on the newest version; fields that were left alone say what others wrote.

        Unchanged, and so outdated, where the form does not begin with the present values.
        """
        if self.newest is None or form.initial.get("version") != self.newest or not self.left <= set(form.fields):
            return form.data
        posted: Any = form.data
        posted = posted.copy()
        posted["version"] = str(self.newest)
        for name in self.left:
            field = form.fields[name]
            now = field.prepare_value(form.get_initial_for_field(field, name))
            if isinstance(now, list | tuple):
                posted.setlist(name, [str(each) for each in now])
            elif now is None or now is False:
                posted.pop(name, None)
            else:
                posted[name] = "on" if now is True else str(now)
        return posted


class Forbidden(Exception):
    """Within reach, but not this person's to do; the sentence says who may. Answered with 403."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)
