"""Which deals a question is about and what they are worth, now and at an earlier instant.

Lists and figures both ask here, so that a figure and the rows behind it cannot part. A deal at an earlier instant is
its `DealStateInterval`; it repeats the columns of the deal, and a condition on these fits both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, DecimalField, Exists, ExpressionWrapper, F, OuterRef, Q, Value, When

from crm.lib.memo import remembered
from pipeline.deals.history import STATE_FIELDS
from pipeline.deals.models import Deal, DealStateInterval, StageSpell
from pipeline.deals.states import CLOSED, DealStatus
from pipeline.stages.models import Stage
from teams.access.reach import subtree
from teams.currencies.rates import rates_on
from teams.models import Workspace
from teams.territories.visible import below

MONEY = DecimalField(max_digits=24, decimal_places=8)
_SHOWN = ("pipeline", "stage", "owner", "team", "territory", "close_reason")
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Narrowing:
    """Ids that deals are narrowed to. A team or territory means everything below it as well."""

    owner: int | None = None
    team: int | None = None
    territory: int | None = None
    pipeline: int | None = None

    def condition(self) -> Q:
        """For deals and for their states alike."""
        condition = Q()
        if self.owner is not None:
            condition &= Q(owner_id=self.owner)
        if self.team is not None:
            condition &= Q(team_id__in=subtree({self.team}))
        if self.territory is not None:
            condition &= Q(territory_id__in=below(self.territory))
        if self.pipeline is not None:
            condition &= Q(pipeline_id=self.pipeline)
        return condition


def states_before(instant: datetime) -> Any:
    """All deals as they were after everything that happened before the instant, without those deleted then."""
    return DealStateInterval.objects.at(instant).filter(is_deleted=False)


def in_funnel_at(instant: datetime) -> Any:
    """The deals that were in the funnel at the instant, as they were then."""
    return DealStateInterval.objects.at(instant).in_funnel()


def as_they_were(deals: Iterable[Deal], instant: datetime | None) -> list[Deal]:
    """The same deals, showing what they were at the instant; never to be saved. One query, none without an instant.

    `converted` is their value then in workspace currency.
    """
    found = list(deals)
    if instant is None:
        return found
    states = states_before(instant).filter(deal__in=[deal.pk for deal in found])
    states = states.annotate(converted=converted_value_at(instant))
    by_deal = {state.deal_id: state for state in states.select_related(*_SHOWN)}
    for deal in found:
        state = by_deal.get(deal.pk)
        for name in (*STATE_FIELDS, "converted") if state else ():
            setattr(deal, name, getattr(state, name))
    return found


def counted_in_win_rate() -> Q:
    """Won, or lost for a reason that counts."""
    return Q(status=DealStatus.WON) | Q(status=DealStatus.LOST, close_reason__counts_in_win_rate=True)


def reached(stage: Stage, *, deal: str = "pk", before: datetime | None = None) -> Q:
    """Deals that ever came into the stage or a later one of its pipeline before an instant, or were won.

    Stages that were skipped count as passed, and going back does not undo. `deal` is the column of the deal's id.
    """
    stays = StageSpell.objects.filter(
        deal_id=OuterRef(deal), stage__pipeline_id=stage.pipeline_id, stage__position__gte=stage.position
    )
    if before is not None:
        stays = stays.filter(entered_at__lt=before)
    return Q(pipeline_id=stage.pipeline_id) & (Q(status=DealStatus.WON) | Q(Exists(stays)))


def converted_value(now: datetime) -> Case:
    """The value of a deal in workspace currency: at the rate kept since closing, at today's while it is open.

    Empty without a value or without a rate; never one to one.
    """
    workspace = Workspace.get()
    return Case(
        When(currency=workspace.currency, then=F("value")),
        When(status__in=CLOSED, fx_rate__isnull=False, then=_at(F("fx_rate"))),
        *_at_rates(_rates(workspace.today(now)), Q(status=DealStatus.OPEN)),
        output_field=MONEY,
    )


def converted_value_at(instant: datetime) -> Case:
    """The value of a state in workspace currency, of an open deal at the rates of the day that the instant ends.

    A deal that is still closed as it was then keeps its rate; one reopened since has none and takes that day's.
    """
    workspace = Workspace.get()
    kept = Q(status__in=CLOSED, deal__closed_at=F("closed_at"))
    return Case(
        When(currency=workspace.currency, then=F("value")),
        When(kept & Q(deal__fx_rate__isnull=False), then=_at(F("deal__fx_rate"))),
        When(kept, then=Value(None)),
        *_at_rates(_rates(workspace.today(instant - INSTANT))),
        output_field=MONEY,
    )


def rates_at(instant: datetime) -> dict[str, Decimal]:
    """Workspace currency for one unit of each currency, for what was open at the instant."""
    return _rates(Workspace.get().today(instant - INSTANT))


def _rates(day: date) -> dict[str, Decimal]:
    return remembered(("rates", day), lambda: rates_on(day))


def _at_rates(rates: dict[str, Decimal], condition: Q | None = None) -> list[When]:
    return [When((condition or Q()) & Q(currency=currency), then=_at(Value(rate))) for currency, rate in rates.items()]


def _at(rate: Any) -> ExpressionWrapper:
    return ExpressionWrapper(F("value") * rate, output_field=MONEY)
