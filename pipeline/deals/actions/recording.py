"""What every action on a deal does: lock, check the right and the version, write, record, tell others."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from crm.lib.errors import Conflict, FieldConflict, Forbidden, Refused
from crm.notifications.live import publish_change
from pipeline.deals import history
from pipeline.deals.models import Deal, DealEvent
from pipeline.deals.states import EventKind, EventSource
from teams.access import Permission, who_may
from teams.access.reach import backdate_limit
from teams.models import User, Workspace

# Moving back in time beyond one of these would reorder what others already rely on.
_MILESTONES = (EventKind.CREATED, EventKind.STAGE_CHANGED, EventKind.WON, EventKind.LOST, EventKind.REOPENED)

# So many deals are written together when they follow one change.
_BATCH = 500


def locked_deal(deal_id: int, *, by: User, permission: Permission = Permission.DEAL_EDIT) -> Deal:
    """The deal, locked until the end of the transaction.

    Raises Deal.DoesNotExist when it is out of reach, Forbidden when it may be seen but not handled.
    """
    deals = Deal.objects.filter(merged_into__isnull=True)
    try:
        # Without a join: a deal that went to another stage while one waited for it would not be found with the old one.
        return deals.reachable_by(by, permission).select_for_update(of=("self",)).get(pk=deal_id)
    except Deal.DoesNotExist:
        if deals.reachable_by(by).filter(pk=deal_id).exists():
            raise Forbidden(who_may(permission)) from None
        raise


def live_deal(deal_id: int, *, by: User, permission: Permission = Permission.DEAL_EDIT) -> Deal:
    """Like `locked_deal`, and refuses deals in the bin."""
    deal = locked_deal(deal_id, by=by, permission=permission)
    if deal.deleted_at is not None:
        raise Refused(_("This deal was deleted. Restore it first."), code="deleted")
    return deal


def check_version(deal: Deal, version: int | None, wanted: dict[str, Any]) -> None:
    """Raises Conflict when one of the wanted fields changed since `version`, to something else than wanted.

    `version` None is for what follows from another change and was not read by anybody.
    """
    if version is None or version >= deal.version:
        return
    later = deal.events.filter(version__gt=version).select_related("actor").order_by("version", "pk")
    latest: dict[str, DealEvent] = {name: event for event in later for name in event.changes if name in wanted}
    conflicts = [
        FieldConflict(
            field=name,
            yours=history.encode(wanted[name]),
            theirs=event.changes[name][1],
            by=str(event.actor or ""),
            at=event.recorded_at.isoformat(),
        )
        for name, event in latest.items()
        if history.encode(getattr(deal, name)) != history.encode(wanted[name])
    ]
    if conflicts:
        name = conflicts[0].by or _("Somebody")
        raise Conflict(
            _("%(name)s changed this meanwhile. Nothing was saved yet.") % {"name": name},
            conflicts,
            newest=deal.version,
        )


def check_untouched(deal: Deal, version: int | None) -> None:
    """Raises Conflict when anything about the deal changed since `version`: for what concerns it as a whole.

    Each field that changed is named with the value that was read and the one it has now.
    """
    if version is None or version >= deal.version:
        return
    later = list(deal.events.filter(version__gt=version).select_related("actor").order_by("version", "pk"))
    read: dict[str, Any] = {}
    for event in later:
        read = {name: pair[0] for name, pair in event.changes.items()} | read
    latest = {name: event for event in later for name in event.changes}
    conflicts = [
        FieldConflict(name, read[name], event.changes[name][1], str(event.actor or ""), event.recorded_at.isoformat())
        for name, event in latest.items()
    ]
    who = later[-1].actor if later else None
    message = _("%(name)s changed this meanwhile. Look at it again first.")
    raise Conflict(message % {"name": who or _("Somebody")}, conflicts)


def check_instant(deal: Deal, occurred_at: datetime | None, *, by: User, at: datetime) -> datetime:
    """When it happened in business, within the person's right to date back."""
    if occurred_at is None or occurred_at == at:
        return at
    if occurred_at > at:
        raise Refused(_("This moment is in the future."), code="future", field="at")
    limit = backdate_limit(by)
    if limit is not None and at - occurred_at > limit:
        message = _("You can date this back by up to %(days)s days. Ask somebody with more rights.")
        raise Refused(message % {"days": limit.days}, code="backdate", field="at")
    milestones = deal.events.filter(kind__in=_MILESTONES).effective().order_by("-occurred_at", "-pk")
    last = milestones.values_list("occurred_at", flat=True).first()
    if occurred_at < deal.created_at or (last is not None and occurred_at < last):
        raise Refused(_("Something happened to this deal after that moment. Choose a later one."), code="backdate")
    return occurred_at


def apply(deal: Deal, changes: dict[str, Any]) -> dict[str, list[Any]]:
    """Set the fields; returns what really changed, as an event stores it."""
    changed = {}
    for name, value in changes.items():
        column: Any = Deal._meta.get_field(name)
        # By the column: the row that a relation leaves need not be read.
        before = history.encode(getattr(deal, column.attname))
        after = history.encode(value)
        if before != after:
            changed[name] = [before, after]
            setattr(deal, name, value)
    return changed


def record(
    deal: Deal,
    entries: Iterable[tuple[EventKind, dict[str, list[Any]]]],
    *,
    by: User | None,
    at: datetime,
    occurred_at: datetime | None = None,
    note: str = "",
    source: str = "ui",
    corrects: DealEvent | None = None,
) -> list[DealEvent]:
    """Save the deal with the next version, append its events, derive the history, tell others after commit."""
    deal.version += 1
    deal.changed_at = at
    deal.save()
    events = [
        DealEvent(
            deal=deal,
            kind=kind,
            occurred_at=occurred_at or at,
            recorded_at=at,
            actor=by,
            source=source,
            changes=changes,
            note=note,
            corrects=corrects,
            version=deal.version,
        )
        for kind, changes in entries
    ]
    DealEvent.objects.bulk_create(events)
    history.extend(deal.pk)
    publish_change("deal")
    return events


def record_many(
    rows: Sequence[tuple[Deal, dict[str, list[Any]]]], kind: EventKind, *, by: User | None, at: datetime, note: str = ""
) -> None:
    """What `record` does, for many deals that follow one change: `rows` are deals with what changed about them."""
    for start in range(0, len(rows), _BATCH):
        _record_batch(rows[start : start + _BATCH], kind, by=by, at=at, note=note)


def _record_batch(
    rows: Sequence[tuple[Deal, dict[str, list[Any]]]], kind: EventKind, *, by: User | None, at: datetime, note: str
) -> None:
    deals = [deal for deal, _changes in rows]
    alike: dict[tuple[tuple[str, Any], ...], list[Deal]] = defaultdict(list)
    for deal, changes in rows:
        deal.version += 1
        deal.changed_at = at
        alike[tuple((name, changes[name][1]) for name in sorted(changes))].append(deal)
    for values, group in alike.items():
        same = Deal.objects.filter(pk__in=[deal.pk for deal in group])
        same.update(version=F("version") + 1, changed_at=at, **dict(values))
    DealEvent.objects.bulk_create(
        DealEvent(
            deal=deal,
            kind=kind,
            occurred_at=at,
            recorded_at=at,
            actor=by,
            source=EventSource.AUTOMATION,
            changes=changes,
            note=note,
            version=deal.version,
        )
        for deal, changes in rows
    )
    history.extend_many([deal.pk for deal in deals])
    publish_change("deal")


def workspace_day(instant: datetime) -> Any:
    """The calendar day of an instant in the workspace zone."""
    return Workspace.get().today(instant)
