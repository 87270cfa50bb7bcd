"""The dashboard shows each reader the figures of what she may see, and says when there are none."""

from datetime import timedelta

import pytest
import time_machine

from pipeline.deals import actions
from tests.factories import NOW, make_deal, make_reason

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        yield


def tile(answer, name):
    return next(tile for tile in answer.context["tiles"] if tile.id == name)


def test_without_deals_figures_are_undefined_not_zero(client, rep, pipeline):
    client.force_login(rep)
    answer = client.get("/dashboard/")
    assert tile(answer, "win-rate").value == "–"
    assert tile(answer, "average-deal-size").undefined_reason


def test_each_reader_gets_the_figures_of_her_own_deals(client, rep, manager, other_rep, pipeline):
    reason = make_reason("lost")
    for owner in (rep, other_rep):
        deals = [make_deal(owner) for _number in range(3)]
        actions.win(deal_id=deals[0].pk, by=owner, at=NOW, version=1)
        actions.lose(deal_id=deals[1].pk, by=owner, at=NOW, version=1, reason=reason)
    for reader in (rep, manager):
        client.force_login(reader)
        answer = client.get("/dashboard/")
        assert tile(answer, "deals-in-funnel").value == "1"
        assert tile(answer, "win-rate").value == "1 of 2"


def test_strange_parameters_narrow_nothing(client, manager, rep, pipeline):
    make_deal(rep)
    client.force_login(manager)
    answer = client.get("/dashboard/?team=99999999999999999999&period=never&pipeline=x%00")
    assert answer.status_code == 200


def test_the_rows_behind_the_win_rate_are_its_closings(client, rep, pipeline):
    deals = [make_deal(rep) for _number in range(3)]
    actions.win(deal_id=deals[0].pk, by=rep, at=NOW, version=1)
    actions.lose(deal_id=deals[1].pk, by=rep, at=NOW, version=1, reason=make_reason("lost"))
    client.force_login(rep)
    rows = client.get(tile(client.get("/dashboard/"), "win-rate").url).content.decode()
    assert deals[0].name in rows
    assert deals[1].name in rows
    assert deals[2].name not in rows
