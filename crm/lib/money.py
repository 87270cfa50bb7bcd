"""Limits and rounding of money."""

from decimal import ROUND_HALF_UP, Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

MAX_AMOUNT = Decimal("999999999999.99")
CENT = Decimal("0.01")


def to_cents(amount: Decimal) -> Decimal:
    """The amount with two decimals, rounded half up."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def validate_amount(amount: Decimal) -> None:
    """Money is finite, not negative and at most 999,999,999,999.99."""
    if not amount.is_finite() or amount < 0 or amount > MAX_AMOUNT:
        raise ValidationError(_("Enter an amount from 0 to 999,999,999,999.99."), code="amount")
