"""What the pages of companies read: deals by outcome, the territory with its reason, sums of lists."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum

from pipeline.contacts.models import Company
from pipeline.coverage.models import TerritoryAssignment
from pipeline.coverage.why import Why, why
from pipeline.deals.models import Deal
from pipeline.deals.states import DealStatus
from pipeline.deals.totals import MONEY, Totals, converted_value, totals
from teams.models import Territory, User
from teams.territories.visible import visible_territories

MOST_DEALS = 50
NOTHING = Decimal(0)


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


@dataclass(frozen=True)
class Row:
    """A company in the list with its open deals within reach."""

    company: Company
    open_deals: int
    value: Decimal


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


def rows(companies: Iterable[Company], user: User, now: datetime) -> list[Row]:
    """The companies of a page with what is open there."""
    companies = list(companies)
    deals = Deal.objects.open().reachable_by(user).filter(company__in=companies).order_by()
    sums = (
        deals.annotate(converted=converted_value(now))
        .values_list("company_id")
        .annotate(number=Count("pk"), amount=Sum("converted", default=NOTHING, output_field=MONEY))
    )
    found = {company_id: (number, amount) for company_id, number, amount in sums}
    return [Row(company, *found.get(company.pk, (0, NOTHING))) for company in companies]


def open_totals(companies: Any, user: User, now: datetime) -> Totals:
    """The open deals within reach of all companies of a list."""
    deals = Deal.objects.open().reachable_by(user)
    return totals(deals.filter(company__in=companies.order_by().values("pk")), now)


def _outcome(deals: Any, status: DealStatus, now: datetime) -> Outcome:
    latest = deals.select_related("stage", "owner").order_by("-closed_at", "-changed_at", "-pk")[:MOST_DEALS]
    return Outcome(status, totals(deals, now), list(latest))
