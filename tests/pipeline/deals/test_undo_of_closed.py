"""Taking back does not reach behind a closing, nor past the right to change."""

import pytest
from django.utils import timezone

from crm.lib.errors import Forbidden, Refused
from pipeline.deals import actions, people_actions
from pipeline.deals.actions import edit_deal, move_to_stage, reassign, undo, win
from pipeline.models import DealEvent, Stage
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(rep, pipeline):
    return factories.make_deal(rep, at=timezone.now())


def last_event(deal):
    return DealEvent.objects.filter(deal=deal).latest("pk").pk


def change_value(deal, by, at):
    edit_deal(deal_id=deal.pk, by=by, at=at, version=None, changes={"value": 5000})


def change_probability(deal, by, at):
    edit_deal(deal_id=deal.pk, by=by, at=at, version=None, changes={"probability": 55})


def move(deal, by, at):
    move_to_stage(deal_id=deal.pk, stage_id=Stage.objects.last().pk, by=by, at=at, version=None)


@pytest.mark.parametrize("change", [change_value, change_probability, move])
def test_what_a_deal_was_closed_with_stays(rep, deal, change):
    now = timezone.now()
    change(deal, rep, now)
    event = last_event(deal)
    won = win(deal_id=deal.pk, by=rep, at=now, version=None)
    with pytest.raises(Refused):
        undo(deal_id=deal.pk, event_id=event, by=rep, at=now)
    deal.refresh_from_db()
    assert (deal.value, deal.probability, deal.stage_id) == (won.value, 100, won.stage_id)


def test_the_owner_of_a_closed_deal_stays(manager, rep, team, deal):
    now = timezone.now()
    colleague = factories.make_user(team=team)
    reassign(deal_id=deal.pk, owner=colleague, by=manager, at=now, version=None)
    event = last_event(deal)
    win(deal_id=deal.pk, by=colleague, at=now, version=None)
    with pytest.raises(Refused):
        undo(deal_id=deal.pk, event_id=event, by=manager, at=now)


def test_who_may_no_longer_change_may_not_take_back(rep, other_rep, deal):
    now = timezone.now()
    people_actions.add_collaborator(deal_id=deal.pk, by=rep, at=now, version=None, user=other_rep, can_edit=True)
    change_value(deal, other_rep, now)
    event = last_event(deal)
    deal.collaborations.update(can_edit=False)
    with pytest.raises(Forbidden):
        undo(deal_id=deal.pk, event_id=event, by=other_rep, at=now)


def test_a_probability_taken_back_follows_the_stage_again(rep, deal):
    now = timezone.now()
    change_probability(deal, rep, now)
    undo(deal_id=deal.pk, event_id=last_event(deal), by=rep, at=now)
    moved = move_to_stage(deal_id=deal.pk, stage_id=Stage.objects.last().pk, by=rep, at=now, version=None)
    assert moved.probability == Stage.objects.last().probability


def test_a_closing_is_taken_back(rep, deal):
    now = timezone.now()
    actions.win(deal_id=deal.pk, by=rep, at=now, version=None)
    assert undo(deal_id=deal.pk, event_id=last_event(deal), by=rep, at=now).status == "open"
