"""Converting money: rates of a day to the workspace currency. A missing rate is never 1."""

from datetime import date
from decimal import Decimal

from teams.currencies.models import ExchangeRate
from teams.workspace.models import Workspace

_EURO = "EUR"


def rates_on(day: date) -> dict[str, Decimal]:
    """Workspace currency for one unit of each currency on a day; a currency without a rate is absent."""
    own = Workspace.get().currency
    newest = ExchangeRate.objects.filter(valid_from__lte=day).order_by("currency", "-valid_from").distinct("currency")
    per_euro = {row.currency: row.rate for row in newest} | {_EURO: Decimal(1)}
    factors = {own: Decimal(1)}
    if own in per_euro:
        factors |= {
            currency: (per_euro[own] / rate).quantize(Decimal("1e-8"))
            for currency, rate in per_euro.items()
            if currency != own
        }
    return factors


def convert(amount: Decimal, currency: str, day: date) -> Decimal | None:
    """The amount in workspace currency at the rate of the day, None without a rate."""
    factor = rates_on(day).get(currency)
    return None if factor is None else amount * factor
