"""Setting quotas. Each change is a new version of its cell; the versions are the history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.lib.errors import Conflict, FieldConflict, Forbidden, Refused
from crm.lib.money import to_cents, validate_amount
from teams.access import Permission, Reach, reach, who_may
from teams.audit.record import record
from teams.people.models import Team, User
from teams.quotas.models import Quota, QuotaMetric
from teams.workspace.models import Workspace

FIRST_YEAR, LAST_YEAR = 2000, 2099
MOST_CHANGES = 5000
BATCH = 500

Subject = User | Team


@dataclass(frozen=True)
class QuotaChange:
    """What the quota of a person or team in a month shall be, in workspace currency; None takes it away.

    `version` is that of the quota the caller read, 0 where there was none; None overwrites whatever is there.
    """

    subject: Subject
    month: date
    amount: Decimal | None
    version: int | None = None

    @property
    def cell(self) -> tuple[str, int, date]:
        """Sorts teams before people, each by id and month: the order in which cells are locked and written."""
        return ("user" if isinstance(self.subject, User) else "team", self.subject.pk, self.month)


@transaction.atomic
def set_quotas(*, by: User, at: datetime, changes: Sequence[QuotaChange], note: str = "") -> int:
    """Set quotas, all or none, and tell how many were changed; amounts that stand already write nothing.

    Raises the subject's `DoesNotExist` out of reach, `Forbidden` without the right, `Refused` for an impossible
    amount or month, `Conflict` where somebody else changed a cell to another amount since the version given.
    """
    wanted = _by_cell(changes)
    subjects = {change.subject for change in wanted.values()}
    _check_rights(by, subjects)
    _lock(subjects)
    current = _current(wanted.values())
    pending = [
        (change, current.get(cell))
        for cell, change in sorted(wanted.items())
        if change.amount != _amount(current.get(cell))
    ]
    _refuse_outdated(pending)
    _write(pending, by=by, at=at, note=note)
    _keep_record(pending, by=by)
    return len(pending)


def _by_cell(changes: Sequence[QuotaChange]) -> dict[tuple[str, int, date], QuotaChange]:
    if len(changes) > MOST_CHANGES:
        raise Refused(_("These are too many quotas at once. Save fewer rows at a time."), code="too_many")
    found: dict[tuple[str, int, date], QuotaChange] = {}
    for change in map(_checked, changes):
        if found.setdefault(change.cell, change).amount != change.amount:
            message = _("%(name)s is named twice with different amounts.") % {"name": change.subject}
            raise Refused(message, code="twice")
    return found


def _checked(change: QuotaChange) -> QuotaChange:
    if change.month.day != 1:
        message = "Quotas belong to the first day of their month."
        raise ValueError(message)
    if not FIRST_YEAR <= change.month.year <= LAST_YEAR:
        raise Refused(_("Quotas can be set for the years 2000 to 2099."), code="month", field="month")
    if change.amount is None:
        return change
    try:
        validate_amount(change.amount)
    except ValidationError as error:
        raise Refused(error.message, code="amount", field="amount") from error
    return QuotaChange(change.subject, change.month, to_cents(change.amount), change.version)


def _check_rights(by: User, subjects: Iterable[Subject]) -> None:
    may_see, may_set = reach(by, Permission.QUOTA_VIEW), reach(by, Permission.QUOTA_SET)
    for subject in subjects:
        if not _covers(may_see, subject):
            raise type(subject).DoesNotExist
        if not _covers(may_set, subject):
            raise Forbidden(who_may(Permission.QUOTA_SET))


def _covers(scope: Reach, subject: Subject) -> bool:
    if isinstance(subject, User):
        return scope.covers_person(subject.pk)
    return scope.everything or subject.pk in scope.team_ids


def _lock(subjects: Iterable[Subject]) -> None:
    """Whoever sets quotas of the same people waits here: cells without a row cannot be locked themselves."""
    for model in (Team, User):
        keys = [subject.pk for subject in subjects if isinstance(subject, model)]
        if keys:
            list(model.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk"))


def _current(changes: Iterable[QuotaChange]) -> dict[tuple[str, int, date], Quota]:
    cells = [change.cell for change in changes]
    rows = Quota.objects.current().of_won_value().filter(month__in={month for _kind, _pk, month in cells})
    found: dict[tuple[str, int, date], Quota] = {}
    for kind in ("team", "user"):
        keys = {pk for of, pk, _month in cells if of == kind}
        for row in rows.filter(**{f"{kind}__in": keys}).select_related("set_by") if keys else ():
            found[kind, getattr(row, f"{kind}_id"), row.month] = row
    return found


def _amount(row: Quota | None) -> Decimal | None:
    return row.amount if row else None


def _version(row: Quota | None) -> int:
    return row.version if row else 0


def _refuse_outdated(pending: list[tuple[QuotaChange, Quota | None]]) -> None:
    conflicts = [
        _conflict(change, row)
        for change, row in pending
        if row is not None and change.version is not None and change.version != row.version
    ]
    if conflicts:
        raise Conflict(_("Somebody else changed this quota meanwhile. Nothing was saved."), conflicts)


def _conflict(change: QuotaChange, row: Quota) -> FieldConflict:
    return FieldConflict(
        field="{}-{}-{:%Y-%m}".format(*change.cell),
        yours=None if change.amount is None else str(change.amount),
        theirs=None if row.amount is None else str(row.amount),
        by=row.set_by.name if row.set_by else "",
        at=row.set_at.isoformat(),
    )


def _write(pending: list[tuple[QuotaChange, Quota | None]], *, by: User, at: datetime, note: str) -> None:
    Quota.objects.filter(pk__in=[row.pk for _change, row in pending if row]).update(is_current=False)
    currency = Workspace.get().currency
    rows = [
        Quota(
            **{change.cell[0]: change.subject},
            metric=QuotaMetric.WON_VALUE,
            month=change.month,
            amount=change.amount,
            currency=currency,
            version=_version(row) + 1,
            set_by=by,
            set_at=at,
            note=note[:300],
        )
        for change, row in pending
    ]
    Quota.objects.bulk_create(rows, batch_size=BATCH)


def _keep_record(pending: list[tuple[QuotaChange, Quota | None]], *, by: User) -> None:
    """One entry for each person or team, with the months that changed."""
    by_subject: dict[Subject, dict[str, list[Any]]] = {}
    for change, row in pending:
        before = _amount(row)
        pair = [None if amount is None else str(amount) for amount in (before, change.amount)]
        by_subject.setdefault(change.subject, {})[f"{change.month:%Y-%m}"] = pair
    for subject, changes in by_subject.items():
        record("quota.set", by=by, subject=subject, changes=changes)
