"""Changing the reasons for which deals are won and lost. Closed deals keep theirs, archived or not."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from crm.lib.errors import Refused
from crm.lib.fields import only_known
from pipeline.stages.actions import exchange, must_edit_stages, next_position
from pipeline.stages.models import CloseReason, Outcome
from teams.audit.merging import change, validate
from teams.audit.record import record
from teams.models import User

REASON_FIELDS = ("name", "name_de", "counts_in_win_rate", "needs_competitor")


@transaction.atomic
def add_reason(*, by: User, outcome: str, **fields: Any) -> CloseReason:
    """A new reason at the end of those with its outcome."""
    must_edit_stages(by)
    only_known(fields, REASON_FIELDS)
    position = next_position(CloseReason.objects.filter(outcome=outcome))
    reason = CloseReason(outcome=outcome, position=position, **fields)
    validate(reason, {**fields, "outcome": outcome})
    with _once_per_outcome():
        reason.save()
    record("closereason.added", by=by, subject=reason, changes={"outcome": [None, outcome]})
    return reason


@transaction.atomic
def edit_reason(*, by: User, reason_id: int, version: int | None, changes: Mapping[str, Any]) -> CloseReason:
    """Change fields of `REASON_FIELDS`. The outcome stays: deals were closed with it."""
    only_known(changes, REASON_FIELDS)
    reason = _locked(reason_id, by)
    with _once_per_outcome():
        change(reason, changes, action="closereason.edited", by=by, version=version)
    return reason


@transaction.atomic
def move_reason(*, by: User, reason_id: int, by_places: int) -> CloseReason:
    """Move a reason up (-1) or down (1) among those offered with it."""
    reason = _locked(reason_id, by)
    if exchange(CloseReason.objects.offered(reason.outcome).select_for_update(), reason, by_places):
        record("closereason.moved", by=by, subject=reason)
    return reason


@transaction.atomic
def archive_reason(*, by: User, at: datetime, reason_id: int) -> CloseReason:
    """Offer a reason no longer. Refused for the last reason to lose a deal, without which none could be lost."""
    reason = _locked(reason_id, by)
    if reason.code:
        raise Refused(_("Imports need this reason. It is not offered to people."), code="seeded")
    others = CloseReason.objects.offered(reason.outcome).exclude(pk=reason.pk)
    if reason.outcome == Outcome.LOST and not others.exists():
        raise Refused(_("This is the only reason for lost deals. Add another one first."), code="last_reason")
    change(reason, {"archived_at": reason.archived_at or at}, action="closereason.archived", by=by)
    return reason


@transaction.atomic
def unarchive_reason(*, by: User, reason_id: int) -> CloseReason:
    reason = _locked(reason_id, by)
    change(reason, {"archived_at": None}, action="closereason.unarchived", by=by)
    return reason


@contextmanager
def _once_per_outcome() -> Iterator[None]:
    """Turns a name that the outcome has already into a sentence."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "close_reason_name_once" not in str(error):
            raise
        raise Refused(_("There is a reason of this name already."), code="duplicate", field="name") from error


def _locked(reason_id: int, by: User) -> CloseReason:
    """The reason; those of its outcome are locked in one order, because moving writes them all."""
    must_edit_stages(by)
    outcome = CloseReason.objects.only("outcome").get(pk=reason_id).outcome
    rows = CloseReason.objects.filter(outcome=outcome).order_by("pk").select_for_update(no_key=True)
    found: CloseReason = next(row for row in rows if row.pk == reason_id)
    return found
