"""Amounts as people type and paste them into the grid."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from crm.lib.localised import NotUnderstood, parse_amount
from crm.lib.money import to_cents, validate_amount

LONGEST = 40


def read_amount(text: str) -> Decimal | None:
    """The amount in cents, None for no quota. Raises ValidationError with a sentence for what is no amount."""
    typed = text.strip()
    if not typed:
        return None
    try:
        amount = parse_amount(typed[: LONGEST + 1], language=get_language() or "en")
    except NotUnderstood as error:
        raise ValidationError(_("Enter an amount such as 71,500 or 71.5k.")) from error
    validate_amount(amount)
    return to_cents(amount)
