"""What was won in each month of a period."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from crm.lib.periods import Period
from reporting.metrics.population import WON, Scope, Window, closings
from teams.models import Workspace

NOTHING = Decimal(0)


def won_by_month(scope: Scope, window: Window, months: Sequence[Period]) -> dict[date, Decimal]:
    """The value in workspace currency of the deals won in each of these adjoining months, by its first day."""
    whole = Window(Period(months[0].start, months[-1].end), window.as_of, window.now)
    month = TruncMonth("closed_at", tzinfo=Workspace.get().zone)
    rows = closings(scope, whole).filter(WON).annotate(month=month).order_by().values("month")
    found = {row["month"].date(): row["value"] for row in rows.annotate(value=Sum("amount", default=NOTHING))}
    return {month.start: found.get(month.start, NOTHING) for month in months}
