"""What the pages of territories show, read with a fixed number of queries."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, F, IntegerField, Q, Sum, When
from django.urls import reverse
from django.utils.translation import ngettext

from pipeline.contacts.models import Company
from pipeline.coverage.models import TerritoryAssignment
from pipeline.coverage.why import Why, why
from pipeline.deals.models import Deal
from pipeline.deals.totals import MONEY, converted_value
from teams.access import Permission, holds
from teams.models import PlanStatus, Territory, TerritoryMembership, User
from teams.territories.visible import visible_territories

COMPANIES_PER_PAGE = 25
NOTHING = Decimal(0)


@dataclass
class Node:
    """A territory on the map; `url` is empty for people who see its name only, `count` then None."""

    name: str
    level: int
    url: str = ""
    note: str = ""
    count: int | None = None
    is_current: bool = False
    warn: bool = False
    children: list["Node"] = field(default_factory=list)


@dataclass(frozen=True)
class Coverage:
    """How many companies of those that the person sees are in a territory that a rule or a person chose."""

    total: int
    unassigned: int

    @property
    def placed(self) -> int:
        return self.total - self.unassigned

    @property
    def share(self) -> float:
        return self.placed / self.total if self.total else 0.0


@dataclass(frozen=True)
class Member:
    """Somebody who works the territory, with her companies and open deals (workspace currency) in it."""

    membership: TerritoryMembership
    user: User
    runs: bool
    companies: int
    value: Decimal
    share: float


@dataclass(frozen=True)
class Placed:
    """A company in the territory and why it is there; None for one that came without a reason."""

    company: Company
    why: Why | None


@dataclass(frozen=True)
class Territories:
    """The map, and what the person may do with it."""

    nodes: list[Node]
    archived: list[Territory]
    coverage: Coverage
    can_edit: bool


def territories(user: User, *, today: date, current: Territory | None = None) -> Territories:
    """Every territory by name; those within reach with a link and a number of companies."""
    plan = list(
        Territory.objects.filter(plan__status=PlanStatus.PUBLISHED)
        .annotate(people=Count("memberships", filter=_running(today)))
        .order_by("priority", "pk")
    )
    seen = set(visible_territories(user).values_list("pk", flat=True))
    counts = _companies_by_territory(user)
    total = sum(counts.values())
    catch_all = next((one.pk for one in plan if one.is_catch_all), None)
    can_edit = holds(user, Permission.TERRITORY_EDIT)
    return Territories(
        _nodes([one for one in plan if one.archived_at is None], counts, seen, current),
        [one for one in plan if one.archived_at is not None] if can_edit else [],
        Coverage(total, counts[None] + (counts[catch_all] if catch_all else 0)),
        can_edit,
    )


def first_of(user: User) -> Territory | None:
    """The first territory with a rule that the person may open, else the first on the map."""
    in_use = visible_territories(user).filter(archived_at__isnull=True).select_related("parent", "manager")
    without_rule = Case(When(rules=[], then=1), default=0, output_field=IntegerField())
    return in_use.order_by(without_rule, F("parent").asc(nulls_first=True), "priority", "pk").first()


def members(territory: Territory, user: User, *, today: date, now: datetime) -> list[Member]:
    """Who works the territory now or will, and what of theirs in it the reader sees."""
    rows = list(
        territory.memberships.lasting_beyond(today).select_related("user").order_by("user__sort_key", "starts_on", "pk")
    )
    ids = {row.user_id for row in rows}
    companies = Company.objects.live().reachable_by(user)
    owned = _by_owner(companies.filter(territory=territory, owner_id__in=ids), Count("pk"))
    deals = Deal.objects.open().reachable_by(user).filter(territory=territory, owner_id__in=ids)
    amounts = deals.annotate(converted=converted_value(now))
    value = _by_owner(amounts, Sum("converted", default=NOTHING, output_field=MONEY))
    most = max(owned.values(), default=0)
    return [
        Member(
            row,
            row.user,
            row.starts_on is None or row.starts_on <= today,
            owned.get(row.user_id, 0),
            value.get(row.user_id, NOTHING),
            owned.get(row.user_id, 0) / most if most else 0.0,
        )
        for row in rows
    ]


def companies_in(territory: Territory, user: User, page: str | None) -> tuple[Page, list[Placed]]:
    """A page of the companies of a territory that the person sees, each with its reason."""
    companies = Company.objects.live().reachable_by(user).filter(territory=territory).select_related("owner")
    shown = Paginator(companies.by_name(), COMPANIES_PER_PAGE).get_page(page)
    reasons = reasons_of(company.pk for company in shown)
    return shown, [Placed(company, reasons.get(company.pk)) for company in shown]


def reasons_of(company_ids: Iterable[int]) -> dict[int, Why]:
    """Why each company is where it is now."""
    current = TerritoryAssignment.objects.filter(company_id__in=list(company_ids), ends_at__isnull=True)
    return {one.company_id: why(one) for one in current.select_related("territory", "assigned_by")}


def pinned_here(territory: Territory) -> int:
    here = TerritoryAssignment.objects.filter(territory=territory, ends_at__isnull=True, pinned=True)
    return int(here.filter(company__deleted_at__isnull=True).count())


def _nodes(plan: list[Territory], counts: Counter[int | None], seen: set[int], current: Territory | None) -> list[Node]:
    children: dict[int | None, list[Territory]] = defaultdict(list)
    for territory in plan:
        children[territory.parent_id].append(territory)

    def node(territory: Territory, level: int) -> tuple[Node, int]:
        below = [node(child, level + 1) for child in children[territory.pk]]
        count = counts[territory.pk] + sum(number for _node, number in below)
        people: int = territory.people  # type: ignore[attr-defined]
        is_seen = territory.pk in seen
        made = Node(
            territory.name,
            min(level, 3),
            reverse("territory", args=[territory.pk]) if is_seen else "",
            ngettext("%(number)d person", "%(number)d people", people) % {"number": people} if people else "",
            count if is_seen else None,
            is_current=current is not None and territory.pk == current.pk,
            warn=territory.is_catch_all and is_seen and count > 0,
            children=[child for child, _number in below],
        )
        return made, count

    return [node(territory, 0)[0] for territory in children[None]]


def _companies_by_territory(user: User) -> Counter[int | None]:
    rows = Company.objects.live().reachable_by(user).order_by().values_list("territory_id").annotate(number=Count("pk"))
    return Counter(dict(rows))


def _by_owner(rows: Any, figure: Any) -> dict[int, Any]:
    return dict(rows.order_by().values_list("owner_id").annotate(figure=figure))


def _running(today: date) -> Q:
    begun = Q(memberships__starts_on__isnull=True) | Q(memberships__starts_on__lte=today)
    not_over = Q(memberships__ends_on__isnull=True) | Q(memberships__ends_on__gt=today)
    return begun & not_over & Q(memberships__isnull=False)
