"""The products of a deal. Once every line has a price, the deal is worth their sum."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from crm.lib.errors import Refused
from pipeline.deals.actions import parts
from pipeline.deals.actions.opening import validate
from pipeline.deals.actions.recording import apply, live_deal, record
from pipeline.deals.models import Deal, LineItem, Product
from pipeline.deals.states import CLOSED, EventKind
from teams.models import User


@transaction.atomic
def add_line(
    *,
    deal_id: int,
    product: Product,
    by: User,
    at: datetime,
    version: int | None,
    quantity: Decimal = Decimal(1),
    unit_price: Decimal | None = None,
    discount_percent: Decimal = Decimal(0),
) -> Deal:
    """Put a product on a deal; `unit_price` is in the deal's currency, None while it is unknown.

    `version` is not compared: a new line takes nothing from what others wrote.
    """
    deal = _priced_deal(deal_id, by)
    last = deal.line_items.order_by("-position").values_list("position", flat=True).first() or 0
    row = LineItem(
        deal=deal,
        product=product,
        quantity=quantity,
        unit_price=unit_price,
        discount_percent=discount_percent,
        position=last + 1,
    )
    return _recorded(deal, parts.add(row), by=by, at=at)


@transaction.atomic
def change_line(
    *, deal_id: int, line_id: int, by: User, at: datetime, version: int | None, changes: dict[str, Any]
) -> Deal:
    """Set product, quantity, unit_price or discount_percent of a line. Raises Conflict if somebody else changed it."""
    deal = _priced_deal(deal_id, by)
    row = deal.line_items.select_for_update().get(pk=line_id)
    parts.check_rows(deal, version, [parts.field_of(row)])
    return _recorded(deal, parts.change(row, changes), by=by, at=at)


@transaction.atomic
def remove_line(*, deal_id: int, line_id: int, by: User, at: datetime, version: int | None) -> Deal:
    """Take a line off a deal. Without any line left the value stays as it was. Removed already: nothing happens."""
    deal = _priced_deal(deal_id, by)
    row = deal.line_items.select_for_update().filter(pk=line_id).first()
    if row is None:
        return deal
    parts.check_rows(deal, version, [parts.field_of(row)])
    return _recorded(deal, parts.remove(row), by=by, at=at)


def _priced_deal(deal_id: int, by: User) -> Deal:
    deal = live_deal(deal_id, by=by)
    if deal.status in CLOSED:
        raise Refused(_("This deal is closed. Reopen it to change what it was closed with."), code="closed")
    return deal


def _recorded(deal: Deal, changes: parts.Changes, *, by: User, at: datetime) -> Deal:
    """The event, together with the value that follows from the lines."""
    if not changes:
        return deal
    lines = list(deal.line_items.all())
    totals = [line.total for line in lines if line.total is not None]
    is_priced = bool(lines) and len(totals) == len(lines)
    valued = apply(deal, {"value": sum(totals, Decimal(0))} if is_priced else {})
    validate(deal)
    kind = EventKind.VALUE_CHANGED if valued else EventKind.EDITED
    record(deal, [(kind, {**changes, **valued})], by=by, at=at)
    return deal
