"""A deal ends, or begins again."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from crm.lib.errors import Forbidden, Refused
from crm.lib.money import to_cents
from pipeline.credit import actions as credit
from pipeline.deals.actions.opening import validate
from pipeline.deals.actions.recording import apply, check_instant, check_version, live_deal, record, workspace_day
from pipeline.deals.actions.returning import hold_place, take_up
from pipeline.deals.models import Competitor, Deal
from pipeline.deals.states import CLOSED, DealStatus, EventKind
from pipeline.reminders import actions as reminders
from pipeline.stages.models import CloseReason, Outcome
from teams.access import Permission, who_may
from teams.currencies.rates import rates_on
from teams.models import User
from teams.people.lines import teams_of

UNCHANGED: Any = object()


@transaction.atomic
def win(
    *,
    deal_id: int,
    by: User,
    at: datetime,
    version: int | None,
    reason: CloseReason | None = None,
    value: Decimal | None = UNCHANGED,
    closed_at: datetime | None = None,
    note: str = "",
    event_source: str = "ui",
) -> Deal:
    """Win an open deal, for `value` if it differs, and freeze rate, team, territory and credit."""
    deal = live_deal(deal_id, by=by)
    reason = reason or CloseReason.objects.get(outcome=Outcome.WON, code="not_recorded")
    wanted: dict[str, Any] = {"status": DealStatus.WON, "close_reason": reason, "probability": 100}
    if value is not UNCHANGED:
        wanted["value"] = value
    changes = _close(deal, wanted, by=by, at=at, version=version, closed_at=closed_at, note=note)
    deal.first_won_at = deal.first_won_at or deal.closed_at
    record(deal, [(EventKind.WON, changes)], by=by, at=at, occurred_at=deal.closed_at, note=note, source=event_source)
    _credit(deal, deal.closed_at or at)
    return deal


@transaction.atomic
def lose(
    *,
    deal_id: int,
    by: User,
    at: datetime,
    version: int | None,
    reason: CloseReason | None,
    competitor: Competitor | None = None,
    note: str = "",
    closed_at: datetime | None = None,
    try_again_on: date | None = None,
    event_source: str = "ui",
) -> Deal:
    """Lose an open deal for a reason, which is required everywhere alike."""
    deal = live_deal(deal_id, by=by)
    if reason is None:
        raise Refused(_("Choose why the deal was lost."), code="reason_required", field="reason")
    if reason.needs_competitor and competitor is None and deal.competitor is None:
        raise Refused(_("Name the competitor for this reason."), code="competitor_required", field="competitor")
    wanted: dict[str, Any] = {"status": DealStatus.LOST, "close_reason": reason, "probability": 0}
    if competitor is not None:
        wanted["competitor"] = competitor
    deal.try_again_on = try_again_on
    changes = _close(deal, wanted, by=by, at=at, version=version, closed_at=closed_at, note=note)
    record(deal, [(EventKind.LOST, changes)], by=by, at=at, occurred_at=deal.closed_at, note=note, source=event_source)
    return deal


@transaction.atomic
def reopen(*, deal_id: int, by: User, at: datetime, version: int | None, reason: str = "") -> Deal:
    """Continue a closed deal in the stage where it ended; its credit is withdrawn until it is won again.

    See `take_up` for whose it is then.

    A deal closed in a month that has ended needs the right to reopen closed periods, and a reason.
    """
    hold_place(deal_id, by)
    deal = live_deal(deal_id, by=by)
    check_version(deal, version, {"status": DealStatus.OPEN})
    if deal.status == DealStatus.OPEN or deal.closed_at is None:
        return deal
    if closed_in_ended_month(deal, at):
        permission = Permission.DEAL_REOPEN_CLOSED_PERIOD
        if not Deal.objects.reachable_by(by, permission).filter(pk=deal.pk).exists():
            raise Forbidden(who_may(permission))
        if not reason.strip():
            raise Refused(_("Say why: the month of this closing has ended."), code="reason_required", field="reason")
    was_won = deal.status == DealStatus.WON
    reopened = {
        "status": DealStatus.OPEN,
        "closed_at": None,
        "close_reason": None,
    }
    deal.probability_overridden = False
    changes = apply(deal, reopened) | take_up(deal, by=by, at=at)
    deal.fx_rate, deal.close_note, deal.try_again_on = None, "", None
    record(deal, [(EventKind.REOPENED, changes)], by=by, at=at, note=reason)
    if was_won:
        credit.withdraw(deal_id=deal.pk)
    if "owner" in changes:
        credit.follow_owner(deal_id=deal.pk, owner_id=deal.owner_id)
    reminders.plan_for_deal(deal, at=at)
    return deal


def closed_in_ended_month(deal: Deal, at: datetime) -> bool:
    """Whether reopening this deal would change the figures of a month that has ended."""
    closed_at = deal.closed_at
    return closed_at is not None and workspace_day(closed_at).replace(day=1) < workspace_day(at).replace(day=1)


def _close(
    deal: Deal,
    wanted: dict[str, Any],
    *,
    by: User,
    at: datetime,
    version: int | None,
    closed_at: datetime | None,
    note: str,
) -> dict[str, list[Any]]:
    """What winning and losing share: the checks, the instant, and what freezes."""
    check_version(deal, version, {name: wanted[name] for name in ("status", "value") if name in wanted})
    if deal.status in CLOSED:
        raise Refused(_("This deal is closed already."), code="closed")
    reason = wanted["close_reason"]
    if reason.outcome != wanted["status"] or reason.archived_at is not None:
        raise Refused(_("Choose a reason that fits."), code="reason", field="reason")
    wanted["closed_at"] = check_instant(deal, closed_at, by=by, at=at)
    changes = apply(deal, wanted)
    deal.fx_rate = rates_on(workspace_day(wanted["closed_at"])).get(deal.currency)
    deal.close_note = note
    deal.stalled_from = None
    validate(deal)
    reminders.cancel_for_deal(deal, at=at)
    return changes


def _credit(deal: Deal, closed_at: datetime) -> None:
    users = credit.holders(deal_id=deal.pk)
    team_by_user = teams_of(users, workspace_day(closed_at))
    if deal.team_id is not None:
        team_by_user[deal.owner_id] = deal.team_id
    convertible = deal.value is not None and deal.fx_rate is not None
    credit.freeze(
        deal_id=deal.pk,
        at=closed_at,
        amount=to_cents(deal.value * deal.fx_rate) if convertible else None,  # type: ignore[operator]
        territory_id=deal.territory_id,
        team_by_user=team_by_user,
    )
