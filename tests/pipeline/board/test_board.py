"""The board: totals of the whole filter, a fixed number of queries, moves by form and by htmx."""

import json
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.lib.memo import remembering
from pipeline.deals.actions import edit_deal, move_to_stage, win
from pipeline.deals.board import CARDS_PER_COLUMN, board_for
from pipeline.models import Deal, DealStatus
from tests.factories import NOW, make_deal, make_pipeline, make_reason, make_team, make_user, make_workspace

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12


@pytest.fixture
def workspace():
    return make_workspace()


@pytest.fixture
def pipeline(workspace):
    return make_pipeline()


@pytest.fixture
def rep(workspace):
    return make_user(team=make_team("North"))


@pytest.fixture
def client_of(rep):
    client = Client()
    client.force_login(rep)
    return client


def open_board(client, pipeline, **query):
    return client.get(reverse("board-pipeline", args=[pipeline.pk]), query)


def stage_of(pipeline, position):
    return pipeline.stages.get(position=position)


def test_totals_cover_all_deals_of_the_filter_and_say_what_they_leave_out(client_of, rep, pipeline):
    for number in range(120):
        make_deal(rep, value=None if number % 10 == 0 else 100, stage=stage_of(pipeline, 1))
    column = open_board(client_of, pipeline).context["board"].columns[0]
    assert (column.totals.count, column.totals.value, column.totals.without_value) == (120, Decimal(10_800), 12)
    assert column.totals.weighted == Decimal(2_160)
    assert (len(column.cards), column.more) == (CARDS_PER_COLUMN, 70)


def test_a_value_without_a_rate_is_counted_and_not_summed(rep, pipeline):
    unknown = make_deal(rep, value=500, stage=stage_of(pipeline, 1))
    Deal.objects.filter(pk=unknown.pk).update(currency="XXX")
    totals = board_for(Deal.objects.all(), pipeline, now=NOW).totals
    assert (totals.count, totals.value, totals.not_convertible) == (1, 0, 1)


def test_it_asks_equally_often_for_one_deal_and_for_twenty(client_of, rep, pipeline):
    make_deal(rep, stage=stage_of(pipeline, 1))
    open_board(client_of, pipeline)
    with CaptureQueriesContext(connection) as few:
        open_board(client_of, pipeline)
    for _number in range(20):
        make_deal(rep, stage=stage_of(pipeline, 2))
    with CaptureQueriesContext(connection) as many:
        open_board(client_of, pipeline)
    assert len(few) == len(many)


def test_the_board_itself_needs_few_queries(rep, pipeline, django_assert_max_num_queries):
    for _number in range(3):
        make_deal(rep, stage=stage_of(pipeline, 1))
    with remembering(), django_assert_max_num_queries(MOST_QUERIES):
        board = board_for(Deal.objects.reachable_by(rep).in_funnel(), pipeline, now=NOW)
        assert [card.title for column in board.columns for card in column.cards]


def test_deals_of_other_teams_are_not_there(client_of, pipeline):
    make_deal(make_user(team=make_team("South")), name="Foreign", stage=stage_of(pipeline, 1))
    answer = open_board(client_of, pipeline)
    assert "Foreign" not in answer.content.decode()
    assert answer.context["board"].totals.count == 0


def test_a_filter_narrows_cards_and_totals(client_of, rep, pipeline):
    make_deal(rep, name="With", value=700, stage=stage_of(pipeline, 1))
    make_deal(rep, name="Without", value=None, stage=stage_of(pipeline, 1))
    totals = open_board(client_of, pipeline, has_value="true").context["board"].totals
    assert (totals.count, totals.value) == (1, 700)


def test_unknown_parameters_are_ignored_with_a_notice(client_of, rep, pipeline):
    make_deal(rep, stage=stage_of(pipeline, 1))
    answer = open_board(client_of, pipeline, colour="red", team="x")
    assert answer.context["board"].totals.count == 1
    assert "colour, team" in answer.content.decode()


def test_further_cards_follow_the_first_ones(client_of, rep, pipeline):
    for _number in range(CARDS_PER_COLUMN + 2):
        make_deal(rep, stage=stage_of(pipeline, 1))
    column = open_board(client_of, pipeline).context["board"].columns[0]
    url = reverse("board-more", args=[stage_of(pipeline, 1).pk])
    answer = client_of.get(url, {"after": column.cards[-1].deal.pk}, headers={"HX-Request": "true"})
    assert answer.content.decode().count('class="deal-card"') == 2


def test_a_deal_moves_by_a_plain_form(client_of, rep, pipeline):
    deal = make_deal(rep, stage=stage_of(pipeline, 1))
    target = stage_of(pipeline, 2)
    answer = client_of.post(reverse("deal-move", args=[deal.pk]), {"stage": target.pk, "version": deal.version})
    deal.refresh_from_db()
    assert answer.status_code == 302
    assert deal.stage == target


def test_a_move_on_the_board_answers_card_and_both_heads(client_of, rep, pipeline):
    deal = make_deal(rep, value=900, stage=stage_of(pipeline, 1))
    source, target = stage_of(pipeline, 1), stage_of(pipeline, 2)
    answer = client_of.post(
        reverse("deal-move", args=[deal.pk]),
        {"stage": target.pk, "version": deal.version},
        headers={"HX-Request": "true", "HX-Target": f"deal-{deal.pk}"},
    )
    page = answer.content.decode()
    assert f'id="deal-{deal.pk}"' in page
    assert f'id="column-head-{source.pk}"' in page
    assert f'id="column-head-{target.pk}"' in page
    assert "undo" in answer["HX-Trigger"]


@pytest.mark.parametrize("on_the_board", [True, False])
def test_a_move_to_where_the_deal_is_says_so_and_offers_no_undo(client_of, rep, pipeline, on_the_board):
    """Undo would take back whatever the person did with it before."""
    deal = make_deal(rep, stage=stage_of(pipeline, 1))
    edit_deal(deal_id=deal.pk, by=rep, at=NOW, version=deal.version, changes={"name": "Voss"})
    deal.refresh_from_db()
    target = f"deal-{deal.pk}" if on_the_board else "dialog"
    answer = client_of.post(
        reverse("deal-move", args=[deal.pk]),
        {"stage": deal.stage_id, "version": deal.version},
        headers={"HX-Request": "true", "HX-Target": target, "HX-Current-URL": f"http://testserver{reverse('board')}"},
    )
    toast = json.loads(answer["HX-Trigger"])["toast"]
    assert (toast["message"], toast["undo"]) == ("Voss is in Qualify already", "")


def test_a_stale_move_changes_nothing_and_says_who_moved_what_where(client_of, rep, pipeline):
    deal = make_deal(rep, stage=stage_of(pipeline, 1))
    read = deal.version
    colleague = make_user("admin", first_name="Miriam", last_name="Roth")
    move_to_stage(deal_id=deal.pk, stage_id=stage_of(pipeline, 3).pk, by=colleague, at=NOW, version=read)
    answer = client_of.post(
        reverse("deal-move", args=[deal.pk]),
        {"stage": stage_of(pipeline, 2).pk, "version": read},
        headers={"HX-Request": "true", "HX-Target": f"deal-{deal.pk}"},
    )
    deal.refresh_from_db()
    page = answer.content.decode()
    assert (answer.status_code, answer["HX-Retarget"]) == (409, "#dialog")
    assert "Miriam Roth moved this from Qualify to Negotiation at 09:00." in page
    assert "Leave it there" in page
    assert "Move to Proposal" in page
    assert deal.stage == stage_of(pipeline, 3)


def test_a_deal_that_was_closed_meanwhile_cannot_be_moved_over_it(client_of, rep, pipeline):
    deal = make_deal(rep, stage=stage_of(pipeline, 1))
    read = deal.version
    win(deal_id=deal.pk, by=rep, at=NOW, version=read)
    answer = client_of.post(reverse("deal-move", args=[deal.pk]), {"stage": stage_of(pipeline, 2).pk, "version": read})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "marked this deal as won" in page
    assert "Move to Proposal" not in page


def test_a_moved_card_says_whose_it_is_like_before(pipeline):
    admin = make_user("admin")
    deal = make_deal(make_user(first_name="Lukas", last_name="Brandt"), stage=stage_of(pipeline, 1))
    client = Client()
    client.force_login(admin)
    answer = client.post(
        reverse("deal-move", args=[deal.pk]),
        {"stage": stage_of(pipeline, 2).pk, "version": deal.version},
        headers={"HX-Request": "true", "HX-Target": f"deal-{deal.pk}"},
    )
    assert "Lukas Brandt" in answer.content.decode()


def test_a_stage_that_needs_more_asks_for_it(client_of, rep, pipeline):
    deal = make_deal(rep, value=None, stage=stage_of(pipeline, 1))
    target = stage_of(pipeline, 2)
    target.required_fields = ["value"]
    target.save()
    sent = {"stage": target.pk, "version": deal.version}
    headers = {"HX-Request": "true", "HX-Target": f"deal-{deal.pk}"}
    url = reverse("deal-move", args=[deal.pk])
    refused = client_of.post(url, sent, headers=headers)
    deal.refresh_from_db()
    assert (refused.status_code, refused["HX-Retarget"], deal.stage) == (422, "#dialog", stage_of(pipeline, 1))
    client_of.post(url, {**sent, "value": "4.200"}, headers={"HX-Request": "true", "HX-Target": "dialog"})
    deal.refresh_from_db()
    assert (deal.stage, deal.value) == (target, 4200)


def test_losing_without_a_reason_is_refused(client_of, rep, pipeline):
    deal = make_deal(rep, stage=stage_of(pipeline, 1))
    answer = client_of.post(reverse("deal-lose", args=[deal.pk]), {"version": deal.version})
    deal.refresh_from_db()
    assert answer.status_code == 422
    assert deal.status == DealStatus.OPEN


def test_a_deal_is_lost_with_a_reason_and_the_loss_can_be_undone(client_of, rep, pipeline):
    deal = make_deal(rep, stage=stage_of(pipeline, 1))
    sent = {"version": deal.version, "reason": make_reason().pk}
    client_of.post(reverse("deal-lose", args=[deal.pk]), sent)
    deal.refresh_from_db()
    assert deal.status == DealStatus.LOST
    event = deal.events.get(kind="lost")
    client_of.post(reverse("deal-undo", args=[deal.pk, event.pk]))
    deal.refresh_from_db()
    assert deal.status == DealStatus.OPEN


def test_a_deal_is_won_for_the_signed_value(client_of, rep, pipeline):
    deal = make_deal(rep, stage=stage_of(pipeline, 1))
    client_of.post(reverse("deal-win", args=[deal.pk]), {"version": deal.version, "value": "12,5k"})
    deal.refresh_from_db()
    assert (deal.status, deal.value) == (DealStatus.WON, 12_500)


@pytest.mark.parametrize("name", ["deal-move", "deal-win", "deal-lose"])
def test_a_deal_out_of_reach_does_not_exist(client_of, pipeline, name):
    foreign = make_deal(make_user(team=make_team("South")), stage=stage_of(pipeline, 1))
    assert client_of.get(reverse(name, args=[foreign.pk])).status_code == 404


def test_a_deal_is_added_to_the_stage_of_its_column(client_of, pipeline):
    stage = stage_of(pipeline, 2)
    assert client_of.get(reverse("deal-add"), {"stage": stage.pk}).status_code == 200
    client_of.post(reverse("deal-add"), {"name": "Line 4", "stage": stage.pk, "value": "28,000"})
    assert Deal.objects.get(name="Line 4").stage == stage
