"""Keeping the credit of a deal: it follows the owner until winning, and is frozen then."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from crm.lib.money import to_cents
from pipeline.credit.models import CreditKind, CreditSplit


def follow_owner(*, deal_id: int, owner_id: int) -> None:
    """Without agreed splits, the whole credit is the owner's."""
    rows = CreditSplit.objects.filter(deal_id=deal_id, kind=CreditKind.REVENUE)
    if rows.count() > 1:
        return
    if not rows.update(user_id=owner_id):
        CreditSplit.objects.create(deal_id=deal_id, user_id=owner_id)


def follow_owner_in_bulk(*, deal_ids: Sequence[int], owner_id: int) -> None:
    """Like `follow_owner` for many deals that have been handed over to one person."""
    revenue = CreditSplit.objects.filter(deal_id__in=deal_ids, kind=CreditKind.REVENUE)
    holders = Counter(revenue.values_list("deal_id", flat=True))
    revenue.filter(deal_id__in=[pk for pk, count in holders.items() if count == 1]).update(user_id=owner_id)
    CreditSplit.objects.bulk_create(CreditSplit(deal_id=pk, user_id=owner_id) for pk in deal_ids if pk not in holders)


def freeze(
    *, deal_id: int, at: datetime, amount: Decimal | None, territory_id: int | None, team_by_user: dict[int, int]
) -> None:
    """At winning: each share of the amount (workspace currency; None when unknown), to the cent.

    Revenue shares add up to the amount exactly; the last one takes the remainder.
    """
    for kind in CreditKind.values:
        splits = list(CreditSplit.objects.filter(deal_id=deal_id, kind=kind).order_by("pk"))
        rest = amount
        for split in splits:
            split.credited_at = at
            split.territory_id = territory_id
            split.team_id = team_by_user.get(split.user_id)
            split.amount = None if amount is None else to_cents(amount * split.share / 100)
            if rest is not None and split.amount is not None:
                if kind == CreditKind.REVENUE and split is splits[-1]:
                    split.amount = rest
                rest -= split.amount
        CreditSplit.objects.bulk_update(splits, ["credited_at", "territory", "team", "amount"])


def withdraw(*, deal_id: int) -> None:
    """At reopening: the credit leaves its period; winning again credits anew."""
    CreditSplit.objects.filter(deal_id=deal_id).update(credited_at=None, amount=None, team=None, territory=None)


def holders(*, deal_id: int) -> list[int]:
    """The people credited for a deal."""
    return list(CreditSplit.objects.filter(deal_id=deal_id).order_by("pk").values_list("user_id", flat=True))
