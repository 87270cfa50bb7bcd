"""A board of 1,500 deals: figures over all of them, the work of fifty, pages that lose and repeat nothing."""

from collections import defaultdict
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pipeline.models import Deal
from tests.factories import NOW, make_company, make_pipeline, make_team, make_user, make_workspace

pytestmark = pytest.mark.django_db
MANY, FEW = 1500, 50
CENT = Decimal("0.01")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def pipeline():
    make_workspace()
    return make_pipeline(("Qualify", "Discovery", "Proposal", "Negotiation"))


@pytest.fixture
def rep(pipeline):
    return make_user(team=make_team("North"))


@pytest.fixture
def client_of(rep):
    client = Client()
    client.force_login(rep)
    return client


def make_open_deals(number, owner, pipeline, **fields):
    """Rows as the actions would leave them: odd cents, own probabilities, unknown values, steps late and planned."""
    random = Random(number)
    stages = list(pipeline.stages.in_order())
    company = make_company("Voss Maschinenbau", owner=owner)
    rows = []
    for index in range(number):
        stage = random.choice(stages)
        overridden = random.random() < 0.3
        late = random.choice([None, NOW - timedelta(days=2), NOW + timedelta(days=index % 9)])
        rows.append(
            Deal(
                name=f"Deal {index}",
                company=company,
                pipeline=pipeline,
                stage=stage,
                owner=owner,
                value=None if random.random() < 0.1 else Decimal(random.randrange(1, 9_999_999)) / 100,
                currency="EUR",
                probability=random.randrange(1, 100) if overridden else stage.probability,
                probability_overridden=overridden,
                next_step_late_at=late,
                next_step_today_from=late and late - timedelta(days=1),
                created_at=NOW,
                changed_at=NOW,
                stage_entered_at=NOW - timedelta(days=index % 30),
                **fields,
            )
        )
    return Deal.objects.bulk_create(rows)


def open_board(client, pipeline, **query):
    return client.get(reverse("board-pipeline", args=[pipeline.pk]), query).context["board"]


def all_cards(client, column, **query):
    """The ids of the cards of a column, page after page."""
    ids = [card.deal.pk for card in column.cards]
    url = reverse("board-more", args=[column.stage.pk])
    while True:
        context = client.get(url, {**query, "after": ids[-1]}, headers=HTMX).context
        ids += [card.deal.pk for card in context["cards"]]
        if not context["remaining"]:
            return ids


def cents(amount):
    return amount.quantize(CENT, ROUND_HALF_UP)


def test_the_figures_are_right_to_the_cent(client_of, rep, pipeline):
    expected = defaultdict(lambda: [0, Decimal(0), Decimal(0), 0])
    for deal in make_open_deals(MANY, rep, pipeline):
        figures = expected[deal.stage_id]
        figures[0] += 1
        figures[1] += deal.value or 0
        figures[2] += (deal.value or Decimal(0)) * deal.probability / 100
        figures[3] += deal.value is None
    make_open_deals(20, make_user(team=make_team("South")), pipeline)
    board = open_board(client_of, pipeline)
    shown = {
        column.stage.pk: [
            column.totals.count,
            cents(column.totals.value),
            cents(column.totals.weighted),
            column.totals.without_value,
        ]
        for column in board.columns
    }
    assert shown == {key: [n, cents(value), cents(part), empty] for key, (n, value, part, empty) in expected.items()}
    assert board.totals.count == MANY
    assert cents(board.totals.value) == cents(sum(figures[1] for figures in expected.values()))


def test_it_asks_as_often_as_for_fifty(client_of, rep, pipeline):
    make_open_deals(FEW, rep, pipeline)
    open_board(client_of, pipeline)
    with CaptureQueriesContext(connection) as few:
        open_board(client_of, pipeline)
    make_open_deals(MANY, rep, pipeline)
    with CaptureQueriesContext(connection) as many:
        open_board(client_of, pipeline)
    assert len(many) == len(few)


@pytest.mark.parametrize("query", [{}, {"ordering": "-value"}, {"has_value": "true"}], ids=str)
def test_pages_neither_lose_nor_repeat_a_card(client_of, rep, pipeline, query):
    make_open_deals(MANY // 3, rep, pipeline)
    for column in open_board(client_of, pipeline, **query).columns:
        ids = all_cards(client_of, column, **query)
        assert len(ids) == len(set(ids)) == column.totals.count


def test_a_card_that_left_the_column_meanwhile_costs_none_of_the_others(client_of, rep, pipeline):
    make_open_deals(MANY // 3, rep, pipeline)
    source, target = open_board(client_of, pipeline).columns[:2]
    gone = [source.cards[3].deal.pk, source.cards[-1].deal.pk]
    Deal.objects.filter(pk__in=gone).update(stage=target.stage)
    ids = all_cards(client_of, source)
    assert len(ids) == len(set(ids)) == source.totals.count


def test_the_board_is_ordered_as_asked(client_of, rep, pipeline):
    make_open_deals(FEW, rep, pipeline)
    values = [card.deal.value for card in open_board(client_of, pipeline, ordering="-value").columns[0].cards]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=True)
    assert values[: len(known)] == known
