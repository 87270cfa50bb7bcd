"""What the pages of companies read: deals by outcome, the territory with its reason, sums of lists."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, ExpressionWrapper, Func, IntegerField, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from pipeline.contacts.models import Company
from pipeline.coverage.models import TerritoryAssignment
from pipeline.coverage.why import Why, why
from pipeline.deals.models import Deal
from pipeline.deals.states import DealStatus
from pipeline.deals.totals import MONEY, Totals, converted_value, totals
from teams.models import Territory, User
from teams.territories.visible import visible_territories

MOST_DEALS = 50


@dataclass(frozen=True)
class Outcome:
    """The deals of one status within reach: how many, their value in workspace currency, and the latest."""

    status: DealStatus
    totals: Totals
    deals: list[Deal]


@dataclass(frozen=True)
class Placement:
    """The territory of a company and why; `visible` says whether its page may be linked."""

    territory: Territory
    why: Why
    visible: bool


def outcomes(company: Company, user: User, now: datetime) -> list[Outcome]:
    """Open, won and lost, in this order, as far as there are any."""
    deals = Deal.objects.live().reachable_by(user).filter(company=company)
    found = [_outcome(deals.filter(status=status), status, now) for status in DealStatus]
    return [outcome for outcome in found if outcome.deals]


def placement(company: Company, user: User) -> Placement | None:
    current = TerritoryAssignment.objects.filter(company=company, ends_at__isnull=True)
    assignment = current.select_related("territory", "assigned_by").first()
    if assignment is None:
        return None
    visible = visible_territories(user).filter(pk=assignment.territory_id).exists()
    return Placement(assignment.territory, why(assignment), visible)


def with_open_deals(companies: Any, user: User, now: datetime) -> Any:
    """Annotated with `open_deals` and `open_value`, what is open there within reach; for the rows of one page.

    The value is None where no open deal has one.
    """
    there = Deal.objects.open().reachable_by(user).filter(company=OuterRef("pk")).order_by()
    sums = (
        there.annotate(converted=converted_value(now))
        .values("company")
        .annotate(number=Count("pk"), amount=Sum("converted", output_field=MONEY))
    )
    return companies.annotate(
        open_deals=Coalesce(Subquery(sums.values("number")), 0),
        open_value=Subquery(sums.values("amount")),
    )


@dataclass(frozen=True)
class ListTotals:
    """Under a list of companies: how many, and the open deals with them, `value` in workspace currency."""

    companies: int
    deals: int
    value: Decimal


def open_totals(companies: Any, user: User, now: datetime) -> ListTotals:
    """All companies of a list and the open deals within reach there. One query."""
    companies = companies.order_by()
    deals = Deal.objects.open().reachable_by(user).filter(company__in=companies.values("pk"))
    number = Subquery(
        companies.annotate(number=Func("pk", function="COUNT", output_field=IntegerField())).values("number")
    )
    found = deals.annotate(converted=converted_value(now)).aggregate(
        # Only a sum may stand among sums, and it is there without deals too.
        companies=ExpressionWrapper(Count("pk") * 0 + number, output_field=IntegerField()),
        deals=Count("pk"),
        value=Sum("converted", default=Decimal(0), output_field=MONEY),
    )
    return ListTotals(**found)


def _outcome(deals: Any, status: DealStatus, now: datetime) -> Outcome:
    latest = deals.select_related("stage", "owner").order_by("-closed_at", "-changed_at", "-pk")[:MOST_DEALS]
    return Outcome(status, totals(deals, now), list(latest))
