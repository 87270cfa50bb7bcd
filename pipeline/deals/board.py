"""The board of a pipeline, filled by a fixed number of queries however many deals it holds."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

from pipeline.deals.cards import ON_A_CARD, Card
from pipeline.deals.filters import DealFilter
from pipeline.deals.models import Deal
from pipeline.deals.totals import Totals, converted_value, totals_by_stage
from pipeline.stages.models import Pipeline, Stage
from teams.models import User, Workspace

CARDS_PER_COLUMN = 50
TONES = 5


@dataclass(frozen=True)
class Column:
    stage: Stage
    tone: int
    totals: Totals
    cards: list[Card] = field(default_factory=list)

    @property
    def share(self) -> Decimal:
        """The stage's probability as a share of one."""
        return Decimal(self.stage.probability) / 100

    @property
    def more(self) -> int:
        """How many deals of the filter are not among the cards."""
        return max(self.totals.count - len(self.cards), 0)


@dataclass(frozen=True)
class Board:
    pipeline: Pipeline
    columns: list[Column]
    currency: str
    reader: User | None = None

    @cached_property
    def several_owners(self) -> bool:
        """Whether the cards have to say whose they are."""
        cards = (card for column in self.columns for card in column.cards)
        return self.reader is not None and any(card.deal.owner_id != self.reader.pk for card in cards)

    @property
    def totals(self) -> Totals:
        parts = [column.totals for column in self.columns]
        return Totals(
            sum(part.count for part in parts),
            sum((part.value for part in parts), Decimal(0)),
            sum((part.weighted for part in parts), Decimal(0)),
            sum(part.without_value for part in parts),
            sum(part.not_convertible for part in parts),
        )


def board_for(deals: Any, pipeline: Pipeline, *, now: datetime, reader: User | None = None) -> Board:
    """The board of the given deals of a pipeline, in their own order or by urgency. Four queries.

    Which cards stand where is asked first: sorting all deals of a pipeline takes long if each brings what a card shows.

    `reader` is who may see cards of others among her own; None where all are of one person.
    """
    columns = headers(deals, pipeline, now=now)
    first = (
        deals.filter(pipeline=pipeline)
        .with_urgency(now)
        .annotate(place=Window(RowNumber(), partition_by=F("stage_id"), order_by=_order(deals)))
        .filter(place__lte=CARDS_PER_COLUMN)
        .order_by("stage_id", "place")
    )
    by_stage = defaultdict(list)
    for card in _cards(first.values_list("pk", flat=True), now):
        by_stage[card.deal.stage_id].append(card)
    for column in columns:
        column.cards.extend(by_stage[column.stage.pk])
    return Board(pipeline, columns, Workspace.get().currency, reader)


def headers(deals: Any, pipeline: Pipeline, *, now: datetime) -> list[Column]:
    """The columns of a pipeline with their totals over all given deals, without cards."""
    sums = totals_by_stage(deals.filter(pipeline=pipeline), now)
    stages = list(pipeline.stages.in_order())
    shown = [stage for stage in stages if stage.archived_at is None or stage.pk in sums]
    return [Column(stage, _tone(place, len(shown)), sums.get(stage.pk, Totals())) for place, stage in enumerate(shown)]


def more_cards(deals: Any, stage: Stage, *, after: int | None, now: datetime) -> tuple[list[Card], int]:
    """The cards of a column that follow the deal `after`, and how many are left behind them.

    A place in the order instead of a number: while a page is open, cards leave its column and enter it.
    """
    column = Q(pk__in=deals.filter(stage=stage).order_by().values("pk"))
    lined_up = Deal.objects.filter(column | Q(pk=after)).with_urgency(now).order_by(*_order(deals))
    ids = list(lined_up.values_list("pk", flat=True))
    begin = ids.index(after) + 1 if after in ids else 0
    wanted = ids[begin : begin + CARDS_PER_COLUMN]
    return _cards(wanted, now), max(len(ids) - begin - len(wanted), 0)


def card_for(deal: Deal, *, now: datetime) -> Card:
    return _cards([deal.pk], now)[0]


def filtered(user: User, parameters: Any, *, now: datetime) -> tuple[Any, DealFilter]:
    """The deals in the funnel that a person reaches, narrowed by the parameters of an address."""
    reached = Deal.objects.reachable_by(user).in_funnel()
    deal_filter = DealFilter(parameters, reached, user=user, now=now)
    return deal_filter.qs, deal_filter


def has_several_owners(deals: Any, deal_filter: DealFilter) -> bool:
    """Whether a board has to say whose a deal is."""
    return "owner" not in deal_filter.active and deals.order_by().exclude(owner=deal_filter.user).exists()


def _cards(keys: Iterable[int], now: datetime) -> list[Card]:
    """The cards of these deals, in this order. One query."""
    wanted = list(keys)
    shown = Deal.objects.filter(pk__in=wanted).with_next_step_state(now).with_stalled(now)
    shown = shown.annotate(converted=converted_value(now)).select_related("company", "owner").only(*ON_A_CARD)
    found = {deal.pk: deal for deal in shown}
    today = Workspace.get().today(now)
    return [Card(found[pk], now, today) for pk in wanted if pk in found]


def _order(deals: Any) -> Any:
    """The order that the filter asked for, else the most urgent first."""
    return deals.query.order_by or _urgency()


def _urgency() -> list[Any]:
    """See `DealQuerySet.by_urgency`."""
    return [
        F("urgency").asc(),
        F("next_step_late_at").asc(),
        F("value").desc(nulls_last=True),
        F("pk").asc(),
    ]


def _tone(place: int, count: int) -> int:
    """One of five shades, spread over the stages from first to last."""
    return 1 + round(place * (TONES - 1) / max(count - 1, 1))
