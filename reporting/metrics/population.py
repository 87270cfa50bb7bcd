"""Which deals a figure is about: what the reader reaches, narrowed by a scope, at an instant or over a period."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, DecimalField, ExpressionWrapper, F, FloatField, Func, Q, QuerySet, Value, When

from crm.lib.periods import Period
from pipeline.models import Deal, DealStateInterval, DealStatus
from teams.access import Permission
from teams.access.reach import subtree
from teams.currencies.rates import rates_on
from teams.models import Territory, User, Workspace

MONEY = DecimalField(max_digits=30, decimal_places=8)


@dataclass(frozen=True)
class Scope:
    """Who reads, and what she narrows the figures to. Teams and territories include those below them."""

    reader: User | AnonymousUser
    owner: int | None = None
    team: int | None = None
    territory: int | None = None
    pipeline: int | None = None

    def deals(self) -> QuerySet[Deal]:
        """Every deal the reader may count; deleted and merged ones count nowhere."""
        return Deal.objects.live().reachable_by(self.reader, Permission.METRICS_VIEW)

    def narrowing(self) -> Q:
        """The filters, for the columns that deals and their intervals have in common."""
        condition = Q()
        if self.owner is not None:
            condition &= Q(owner_id=self.owner)
        if self.team is not None:
            condition &= Q(team_id__in=subtree({self.team}))
        if self.territory is not None:
            condition &= Q(territory_id__in=_territories_from(self.territory))
        if self.pipeline is not None:
            condition &= Q(pipeline_id=self.pipeline)
        return condition


@dataclass(frozen=True)
class Window:
    """A period of days in the workspace zone, as known at `as_of`. `now` tells whether that is the present."""

    period: Period
    as_of: datetime
    now: datetime

    @property
    def start(self) -> datetime:
        return self.period.instants(Workspace.get().zone)[0]

    @property
    def end(self) -> datetime:
        """Where the period ends, or knowledge does: the instant of stock figures."""
        return min(self.period.instants(Workspace.get().zone)[1], self.as_of)


def in_funnel(scope: Scope, window: Window) -> QuerySet[DealStateInterval]:
    """The open deals at the end of the window as they were then, with `amount` in workspace currency."""
    states = DealStateInterval.objects.at(window.end).in_funnel()
    mine = states.filter(scope.narrowing(), deal__in=scope.deals())
    return mine.annotate(amount=_at_rates_before(window.end))


def closings(scope: Scope, window: Window) -> QuerySet[Any]:
    """The deals effectively closed in the window, with `amount` in workspace currency and `elapsed` days.

    Rows are deals, or their states where `as_of` lies in the past: a deal reopened since then counts in a
    restated past, and one that closed since does not.
    """
    within = Q(closed_at__gte=window.start, closed_at__lt=window.end)
    within &= Q(status__in=[DealStatus.WON, DealStatus.LOST])
    if window.as_of >= window.now:
        deals = scope.deals().filter(within, scope.narrowing())
        return deals.annotate(amount=_at_frozen_rate(), elapsed=_days("created_at"))
    states = DealStateInterval.objects.at(window.as_of).filter(within, scope.narrowing(), is_deleted=False)
    amount = Case(
        When(deal__closed_at=F("closed_at"), then=_at_frozen_rate("deal__")),
        default=_at_rates_before(window.end),
        output_field=MONEY,
    )
    return states.filter(deal__in=scope.deals()).annotate(amount=amount, elapsed=_days("deal__created_at"))


def _territories_from(top: int) -> set[int]:
    children: dict[int | None, list[int]] = {}
    for pk, parent_id in Territory.objects.values_list("pk", "parent_id").order_by("pk"):
        children.setdefault(parent_id, []).append(pk)
    found: set[int] = set()
    waiting = [top]
    while waiting:
        pk = waiting.pop()
        if pk not in found:
            found.add(pk)
            waiting.extend(children.get(pk, ()))
    return found


def _at_frozen_rate(deal: str = "") -> Case:
    """The value at the rate kept since closing; empty without a value or without a rate."""
    product = ExpressionWrapper(F("value") * F(f"{deal}fx_rate"), output_field=MONEY)
    return Case(
        When(currency=Workspace.get().currency, then=F("value")),
        When(**{f"{deal}fx_rate__isnull": False}, then=product),
        output_field=MONEY,
    )


def _at_rates_before(instant: datetime) -> Case:
    """The value at the rates of the day that ends at (or holds) the instant; empty without a rate."""
    day = Workspace.get().today(instant - timedelta(microseconds=1))
    products = [
        When(currency=currency, then=ExpressionWrapper(F("value") * Value(rate), output_field=MONEY))
        for currency, rate in rates_on(day).items()
    ]
    return Case(*products, output_field=MONEY)


def _days(created: str) -> Func:
    """Elapsed physical time in days."""
    return Func(
        F("closed_at"),
        F(created),
        template="(extract(epoch from (%(expressions)s)) / 86400.0)::double precision",
        arg_joiner=" - ",
        output_field=FloatField(),
    )
