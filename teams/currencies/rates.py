"""Converting money: rates of a day to the workspace currency. A missing rate is never 1."""

from datetime import date
from decimal import Decimal

from django.core.cache import cache
from django.db import connection

from teams.currencies.models import ExchangeRate
from teams.workspace.models import Workspace

_EURO = "EUR"
# The newest day that was asked for; a minute at most, should a process forget to tell the others.
_KEPT, _KEPT_SECONDS = "rates", 60
# Jumps from currency to currency and takes the newest rate of each: a few index lookups, however long the history.
_NEWEST_RATES = """
    WITH RECURSIVE known (currency) AS (
        (SELECT currency FROM teams_exchangerate ORDER BY currency LIMIT 1)
        UNION ALL
        SELECT (SELECT currency FROM teams_exchangerate WHERE currency > known.currency ORDER BY currency LIMIT 1)
        FROM known WHERE known.currency IS NOT NULL
    )
    SELECT known.currency, newest.rate
    FROM known CROSS JOIN LATERAL (
        SELECT rate FROM teams_exchangerate AS dated
        WHERE dated.currency = known.currency AND dated.valid_from <= %s
        ORDER BY dated.valid_from DESC LIMIT 1
    ) AS newest
"""


def rates_on(day: date) -> dict[str, Decimal]:
    """Workspace currency for one unit of each currency on a day; a currency without a rate is absent."""
    own = Workspace.get().currency
    per_euro = _per_euro(day) | {_EURO: Decimal(1)}
    factors = {own: Decimal(1)}
    if own in per_euro:
        factors |= {
            currency: (per_euro[own] / rate).quantize(Decimal("1e-8"))
            for currency, rate in per_euro.items()
            if currency != own
        }
    return factors


def can_convert(currency: str) -> bool:
    """Whether amounts in this currency can be told in the workspace's, by rates of whichever day."""
    own = Workspace.get().currency
    needed = {own, currency} - {_EURO}
    known = ExchangeRate.objects.filter(currency__in=needed).values("currency").distinct()
    return currency == own or known.count() == len(needed)


def forget_rates() -> None:
    """After new rates came."""
    cache.delete(_KEPT)


def _per_euro(day: date) -> dict[str, Decimal]:
    """The same for everybody, asked by every list of deals and changed once a day."""
    kept = cache.get(_KEPT)
    if kept is None or kept[0] != day:
        with connection.cursor() as cursor:
            cursor.execute(_NEWEST_RATES, [day])
            kept = day, dict(cursor.fetchall())
        cache.set(_KEPT, kept, _KEPT_SECONDS)
    return kept[1]  # type: ignore[no-any-return]
