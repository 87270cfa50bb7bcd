"""Opening, moving, closing, reopening, handing over, undoing: the rules, and what the history says of them."""

import itertools
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from crm.lib.errors import Conflict, Forbidden, Refused
from pipeline.deals import actions, history
from pipeline.models import CreditSplit, Deal, DealEvent, DealStatus
from teams.models import TeamMembership
from tests.factories import (
    NOW,
    make_company,
    make_deal,
    make_pipeline,
    make_reason,
    make_stage,
    make_team,
    make_territory,
)

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=3)


def stage(deal, position):
    return deal.pipeline.stages.get(position=position)


def assert_history_holds(deal):
    """The derived rows equal a replay, spells do not overlap, and the last interval is the row."""
    deal.refresh_from_db()
    assert history.differences(deal.pk) == []
    spells = list(deal.spells.in_order())
    for before, after in itertools.pairwise(spells):
        assert before.left_at is not None
        assert before.left_at <= after.entered_at
    current = deal.intervals.get(valid_to__isnull=True)
    for name in history.STATE_FIELDS:
        assert history.encode(getattr(current, name)) == history.encode(getattr(deal, name)), name


def test_a_new_deal_starts_in_the_first_stage_with_its_owners_team(rep, team, pipeline):
    deal = make_deal(rep)
    assert (deal.stage.position, deal.team, deal.version) == (1, team, 1)
    assert deal.probability == deal.stage.probability
    assert CreditSplit.objects.get(deal=deal).user == rep
    assert_history_holds(deal)


def test_a_new_deal_takes_the_territory_of_its_company(rep, pipeline):
    territory = make_territory()
    assert make_deal(rep, company=make_company(territory=territory)).territory == territory


def test_moves_forward_back_and_skipping_leave_spells(rep, pipeline):
    deal = make_deal(rep)
    for days, position in ((1, 3), (2, 1), (4, 2)):
        moved_at = NOW + timedelta(days=days)
        deal = actions.move_to_stage(
            deal_id=deal.pk,
            stage_id=stage(deal, position).pk,
            by=rep,
            at=moved_at,
            version=deal.version,
            note="They paused.",
        )
    spells = list(deal.spells.in_order().values_list("stage__position", "entry_kind", "exit_kind", "visit_no"))
    assert spells == [
        (1, "created", "forward", 1),
        (3, "forward", "backward", 1),
        (1, "backward", "forward", 2),
        (2, "forward", "", 1),
    ]
    assert_history_holds(deal)


def test_going_back_more_than_one_stage_needs_a_reason(rep, pipeline):
    deal = make_deal(rep, stage=pipeline.stages.get(position=3))
    back = {"deal_id": deal.pk, "by": rep, "at": LATER, "version": 1}
    for note in ("", "  "):
        with pytest.raises(Refused, match="Say why") as refusal:
            actions.move_to_stage(stage_id=stage(deal, 1).pk, note=note, **back)
        assert (refusal.value.code, refusal.value.field) == ("note_required", "note")
    deal.refresh_from_db()
    assert (deal.stage.position, deal.version) == (3, 1)
    moved = actions.move_to_stage(stage_id=stage(deal, 1).pk, note="They asked for a new offer.", **back)
    assert moved.events.get(kind="stage_changed").note == "They asked for a new offer."


def test_going_back_one_stage_needs_none_and_archived_stages_do_not_count(rep, pipeline):
    deal = make_deal(rep, stage=pipeline.stages.get(position=3))
    deal = actions.move_to_stage(deal_id=deal.pk, stage_id=stage(deal, 2).pk, by=rep, at=LATER, version=1)
    deal = actions.move_to_stage(deal_id=deal.pk, stage_id=stage(deal, 3).pk, by=rep, at=LATER, version=2)
    pipeline.stages.filter(position=2).update(archived_at=NOW)
    deal = actions.move_to_stage(deal_id=deal.pk, stage_id=stage(deal, 1).pk, by=rep, at=LATER, version=3)
    assert deal.stage.position == 1


def test_a_repeated_move_is_one_move(rep, pipeline):
    deal = make_deal(rep)
    for _attempt in range(2):
        actions.move_to_stage(deal_id=deal.pk, stage_id=stage(deal, 2).pk, by=rep, at=LATER, version=1)
    assert deal.events.filter(kind="stage_changed").count() == 1


def test_the_later_of_two_movers_is_told_who_was_first(rep, manager, pipeline):
    deal = make_deal(rep)
    actions.move_to_stage(deal_id=deal.pk, stage_id=stage(deal, 2).pk, by=manager, at=LATER, version=1)
    with pytest.raises(Conflict) as refusal:
        actions.move_to_stage(deal_id=deal.pk, stage_id=stage(deal, 3).pk, by=rep, at=LATER, version=1)
    assert refusal.value.conflicts[0].by == manager.name
    deal.refresh_from_db()
    assert deal.stage.position == 2


def test_different_fields_merge_and_the_same_field_conflicts(rep, manager, pipeline):
    deal = make_deal(rep)
    actions.edit_deal(deal_id=deal.pk, by=manager, at=LATER, version=1, changes={"value": Decimal(69000)})
    actions.edit_deal(deal_id=deal.pk, by=rep, at=LATER, version=1, changes={"name": "Renamed"})
    with pytest.raises(Conflict) as refusal:
        actions.edit_deal(deal_id=deal.pk, by=rep, at=LATER, version=1, changes={"value": Decimal(72500)})
    assert (refusal.value.conflicts[0].yours, refusal.value.conflicts[0].theirs) == ("72500.00", "69000.00")
    deal.refresh_from_db()
    assert (deal.name, deal.value) == ("Renamed", Decimal(69000))
    assert_history_holds(deal)


def test_a_stage_asks_for_what_it_requires(rep, pipeline):
    demanding = make_stage(pipeline, "Demanding", 9, required_fields=["expected_close_date"])
    deal = make_deal(rep)
    with pytest.raises(Refused) as refusal:
        actions.move_to_stage(deal_id=deal.pk, stage_id=demanding.pk, by=rep, at=LATER, version=1)
    assert (refusal.value.code, refusal.value.field) == ("fields_required", "expected_close_date")
    fields = {"expected_close_date": LATER.date()}
    moved = actions.move_to_stage(deal_id=deal.pk, stage_id=demanding.pk, by=rep, at=LATER, version=1, fields=fields)
    assert moved.stage == demanding


def test_winning_freezes_the_credit_once(rep, team, pipeline):
    deal = make_deal(rep, value=1000)
    won = actions.win(deal_id=deal.pk, by=rep, at=LATER, version=1, value=Decimal("1234.56"))
    credit = CreditSplit.objects.get(deal=deal)
    assert (won.status, won.probability, won.closed_at) == (DealStatus.WON, 100, LATER)
    assert (credit.amount, credit.credited_at, credit.team) == (Decimal("1234.56"), LATER, team)
    with pytest.raises(Refused):
        actions.win(deal_id=deal.pk, by=rep, at=LATER, version=won.version)
    assert deal.events.filter(kind="won").count() == 1
    assert_history_holds(deal)


def test_losing_needs_a_reason(rep, pipeline):
    deal = make_deal(rep)
    with pytest.raises(Refused):
        actions.lose(deal_id=deal.pk, by=rep, at=LATER, version=1, reason=None)
    deal.refresh_from_db()
    assert (deal.status, deal.version) == (DealStatus.OPEN, 1)
    with pytest.raises(Refused):
        actions.lose(deal_id=deal.pk, by=rep, at=LATER, version=1, reason=make_reason("won"))


def test_a_reopened_deal_loses_its_credit_and_continues(rep, pipeline):
    deal = make_deal(rep)
    actions.win(deal_id=deal.pk, by=rep, at=LATER, version=1)
    reopened = actions.reopen(deal_id=deal.pk, by=rep, at=LATER + timedelta(hours=1), version=2)
    assert (reopened.status, reopened.closed_at) == (DealStatus.OPEN, None)
    assert CreditSplit.objects.get(deal=deal).credited_at is None
    assert_history_holds(deal)


def test_a_closed_period_is_reopened_by_managers_with_a_reason(rep, manager, pipeline):
    deal = make_deal(rep)
    actions.win(deal_id=deal.pk, by=rep, at=LATER, version=1)
    next_month = NOW + timedelta(days=20)
    with pytest.raises(Forbidden):
        actions.reopen(deal_id=deal.pk, by=rep, at=next_month, version=2)
    with pytest.raises(Refused):
        actions.reopen(deal_id=deal.pk, by=manager, at=next_month, version=2)
    actions.reopen(deal_id=deal.pk, by=manager, at=next_month, version=2, reason="Contract was not signed")
    assert_history_holds(deal)


@pytest.mark.parametrize(("who", "days", "allowed"), [("rep", 3, True), ("rep", 4, False), ("manager", 31, True)])
def test_dating_back_has_limits_by_role(request, rep, pipeline, who, days, allowed):
    by = request.getfixturevalue(who)
    deal = make_deal(rep, at=NOW - timedelta(days=90))
    moved_at = NOW - timedelta(days=days)
    arguments = {"deal_id": deal.pk, "stage_id": stage(deal, 2).pk, "by": by, "at": NOW, "version": 1}
    if not allowed:
        with pytest.raises(Refused):
            actions.move_to_stage(**arguments, occurred_at=moved_at)
        return
    actions.move_to_stage(**arguments, occurred_at=moved_at)
    assert deal.spells.get(left_at__isnull=True).entered_at == moved_at
    assert_history_holds(deal)


def test_nothing_happens_in_the_future_or_before_the_last_milestone(rep, pipeline):
    deal = make_deal(rep)
    for wrong in (LATER + timedelta(minutes=1), NOW - timedelta(minutes=1)):
        with pytest.raises(Refused):
            actions.win(deal_id=deal.pk, by=rep, at=LATER, version=1, closed_at=wrong)


def test_a_manager_hands_over_within_her_teams_and_the_team_follows(
    rep, manager, other_rep, admin, other_team, pipeline
):
    deal = make_deal(rep)
    with pytest.raises(Forbidden):
        actions.reassign(deal_id=deal.pk, owner=other_rep, by=rep, at=LATER, version=1)
    with pytest.raises(Forbidden):
        actions.reassign(deal_id=deal.pk, owner=other_rep, by=manager, at=LATER, version=1)
    moved = actions.reassign(deal_id=deal.pk, owner=other_rep, by=admin, at=LATER, version=1)
    assert (moved.team, CreditSplit.objects.get(deal=deal).user) == (other_team, other_rep)
    with pytest.raises(Deal.DoesNotExist):
        actions.edit_deal(deal_id=deal.pk, by=rep, at=LATER, version=2, changes={"name": "Still mine"})
    assert_history_holds(deal)


def test_a_closed_deal_keeps_its_owner_and_team(rep, admin, other_rep, other_team, team, pipeline):
    deal = make_deal(rep)
    actions.win(deal_id=deal.pk, by=rep, at=LATER, version=1)
    with pytest.raises(Refused):
        actions.reassign(deal_id=deal.pk, owner=other_rep, by=admin, at=LATER, version=2)
    TeamMembership.objects.filter(user=rep).update(team=other_team)
    deal.refresh_from_db()
    assert deal.team == team


def test_changing_the_pipeline_is_neither_won_nor_lost(rep, pipeline):
    other = make_pipeline(("First", "Second"), name="Partners")
    deal = make_deal(rep)
    actions.change_pipeline(deal_id=deal.pk, stage=other.stages.get(position=2), by=rep, at=LATER, version=1)
    kinds = list(deal.spells.in_order().values_list("entry_kind", "exit_kind"))
    assert kinds == [("created", "transferred"), ("transferred", "")]
    assert_history_holds(deal)


def test_undo_restores_and_stays_in_the_history(rep, pipeline):
    deal = make_deal(rep)
    actions.move_to_stage(deal_id=deal.pk, stage_id=stage(deal, 3).pk, by=rep, at=LATER, version=1)
    event = deal.events.get(kind="stage_changed")
    actions.undo(deal_id=deal.pk, event_id=event.pk, by=rep, at=LATER + timedelta(minutes=9))
    deal.refresh_from_db()
    assert (deal.stage.position, deal.stage_entered_at) == (1, NOW)
    assert deal.spells.count() == 1
    assert deal.events.count() == 3
    assert_history_holds(deal)


def test_undo_of_a_win_takes_the_credit_back(rep, pipeline):
    deal = make_deal(rep)
    actions.win(deal_id=deal.pk, by=rep, at=LATER, version=1)
    actions.undo(deal_id=deal.pk, event_id=deal.events.get(kind="won").pk, by=rep, at=LATER)
    deal.refresh_from_db()
    assert (deal.status, deal.closed_at, deal.fx_rate) == (DealStatus.OPEN, None, None)
    assert CreditSplit.objects.get(deal=deal).amount is None
    assert_history_holds(deal)


def test_undo_refuses_what_is_too_late_or_built_upon_or_somebody_elses(rep, manager, pipeline):
    deal = make_deal(rep)
    actions.edit_deal(deal_id=deal.pk, by=rep, at=LATER, version=1, changes={"value": Decimal(5)})
    event = deal.events.get(kind="value_changed")
    with pytest.raises(Refused):
        actions.undo(deal_id=deal.pk, event_id=event.pk, by=manager, at=LATER)
    with pytest.raises(Refused):
        actions.undo(deal_id=deal.pk, event_id=event.pk, by=rep, at=LATER + timedelta(minutes=11))
    actions.edit_deal(deal_id=deal.pk, by=manager, at=LATER, version=2, changes={"value": Decimal(6)})
    with pytest.raises(Refused):
        actions.undo(deal_id=deal.pk, event_id=event.pk, by=rep, at=LATER)
    deal.refresh_from_db()
    assert deal.value == 6


def test_deleting_is_for_owners_on_the_first_day_and_can_be_restored(rep, manager, pipeline):
    deal = make_deal(rep)
    with pytest.raises(Forbidden):
        actions.delete(deal_id=deal.pk, by=rep, at=NOW + timedelta(hours=25))
    actions.delete(deal_id=deal.pk, by=manager, at=LATER)
    assert not Deal.objects.live().filter(pk=deal.pk).exists()
    actions.restore(deal_id=deal.pk, by=rep, at=LATER + timedelta(days=1))
    assert Deal.objects.open().filter(pk=deal.pk).exists()
    assert_history_holds(deal)


@pytest.mark.parametrize("way", ["reopened", "restored"])
def test_a_deal_that_comes_back_belongs_where_it_belongs_today(rep, manager, pipeline, way):
    company = make_company(owner=rep, territory=make_territory("Old"))
    deal = make_deal(rep, company=company)
    if way == "reopened":
        actions.lose(deal_id=deal.pk, by=manager, at=NOW, version=None, reason=make_reason("lost"))
    else:
        actions.delete(deal_id=deal.pk, by=manager, at=NOW)
    elsewhere = make_team("Elsewhere", parent=deal.team)
    TeamMembership.objects.filter(user=rep).update(team=elsewhere)
    new = make_territory("New")
    type(company).objects.filter(pk=company.pk).update(territory=new)
    deal = bring_back(deal, manager, way)
    assert (deal.owner, deal.team, deal.territory) == (rep, elsewhere, new)
    assert_history_holds(deal)


@pytest.mark.parametrize("way", ["reopened", "restored"])
def test_a_deal_of_somebody_who_left_goes_to_who_brings_it_back(rep, manager, pipeline, way):
    deal = make_deal(rep)
    if way == "reopened":
        actions.win(deal_id=deal.pk, by=rep, at=NOW, version=None, reason=make_reason("won"))
    else:
        actions.delete(deal_id=deal.pk, by=manager, at=NOW)
    type(rep).objects.filter(pk=rep.pk).update(is_active=False)
    deal = bring_back(deal, manager, way)
    assert deal.owner == manager
    assert CreditSplit.objects.get(deal=deal).user == manager
    assert Deal.objects.reachable_by(manager).filter(pk=deal.pk).exists()
    assert_history_holds(deal)


def bring_back(deal, by, way):
    verb = actions.reopen if way == "reopened" else actions.restore
    return verb(deal_id=deal.pk, by=by, at=LATER, version=None)


@pytest.mark.parametrize(
    ("verb", "undoing"), [("archive", None), ("unarchive", "archive"), ("delete", None), ("restore", "delete")]
)
def test_what_concerns_the_whole_deal_is_refused_once_somebody_changed_it(rep, manager, pipeline, verb, undoing):
    deal = make_deal(rep)
    for before in filter(None, [undoing]):
        getattr(actions, before)(deal_id=deal.pk, by=manager, at=NOW, version=1)
    read = Deal.objects.get(pk=deal.pk)
    DealEvent.objects.create(
        deal=deal, kind="value_changed", occurred_at=NOW, recorded_at=LATER, actor=manager, source="ui",
        changes={"value": [1000, 2000]}, version=read.version + 1,
    )  # fmt: skip
    Deal.objects.filter(pk=deal.pk).update(value=2000, version=read.version + 1)
    with pytest.raises(Conflict) as refused:
        getattr(actions, verb)(deal_id=deal.pk, by=manager, at=LATER, version=read.version)
    [change] = refused.value.conflicts
    assert (change.field, change.yours, change.theirs, change.by) == ("value", 1000, 2000, manager.name)
    assert Deal.objects.get(pk=deal.pk).version == read.version + 1
    getattr(actions, verb)(deal_id=deal.pk, by=manager, at=LATER, version=read.version + 1)


@pytest.mark.parametrize("value", ["-1", "1000000000000", "NaN"])
def test_hostile_amounts_are_refused_and_change_nothing(rep, pipeline, value):
    deal = make_deal(rep)
    with pytest.raises(Refused):
        actions.edit_deal(deal_id=deal.pk, by=rep, at=LATER, version=1, changes={"value": Decimal(value)})
    deal.refresh_from_db()
    assert (deal.value, deal.version) == (1000, 1)


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "two\nlines", "\u200b"])
def test_hostile_names_are_refused(rep, pipeline, name):
    deal = make_deal(rep)
    with pytest.raises(Refused):
        actions.edit_deal(deal_id=deal.pk, by=rep, at=LATER, version=1, changes={"name": name})


def test_the_database_refuses_to_rewrite_events(rep, pipeline):
    make_deal(rep)
    with pytest.raises(DatabaseError), transaction.atomic():
        DealEvent.objects.update(note="rewritten")
