"""Going back, dating back and handing over, on the pages of a deal."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.notifications.models import Notification
from pipeline.deals.actions import reassign
from pipeline.models import Deal, StageBenchmark
from pipeline.work import deal_page
from tests.factories import NOW, make_deal, make_reason, make_user

HTMX = {"HX-Request": "true"}


@pytest.fixture
def stages(pipeline):
    return list(pipeline.stages.order_by("position"))


@pytest.fixture
def as_rep(client, rep):
    client.force_login(rep)
    return client


def post(client, deal, verb, **data):
    version = Deal.objects.get(pk=deal.pk).version
    return client.post(f"/deals/{deal.pk}/{verb}/", {"version": version, **data})


def stage_of(deal):
    return Deal.objects.get(pk=deal.pk).stage


def test_falling_back_more_than_one_stage_needs_a_reason(as_rep, rep, stages):
    deal = make_deal(rep, stage=stages[2])
    answer = post(as_rep, deal, "move", stage=stages[0].pk)
    assert answer.status_code == 422
    assert "Say why it goes back" in answer.content.decode()
    assert stage_of(deal) == stages[2]
    assert post(as_rep, deal, "move", stage=stages[0].pk, note="Budget was cut").status_code == 302
    assert stage_of(deal) == stages[0]
    assert deal.events.get(kind="stage_changed").note == "Budget was cut"


def test_one_stage_back_and_any_way_forward_needs_none(as_rep, rep, stages):
    deal = make_deal(rep, stage=stages[1])
    for stage in (stages[0], stages[2], stages[1]):
        assert post(as_rep, deal, "move", stage=stage.pk).status_code == 302
        assert stage_of(deal) == stage


@pytest.mark.parametrize(("days", "status"), [(2, 302), (5, 422)])
def test_a_rep_dates_a_closing_back_by_three_days(as_rep, rep, stages, days, status):
    now = timezone.now()
    deal = make_deal(rep, at=now - timedelta(days=30))
    day = (now - timedelta(days=days)).date()
    answer = post(as_rep, deal, "lose", reason=make_reason().pk, at=day.isoformat())
    assert answer.status_code == status
    closed = Deal.objects.get(pk=deal.pk).closed_at
    assert (closed.date() if closed else None) == (day if status == 302 else None)


def test_a_manager_dates_back_by_a_month(client, rep, manager, stages):
    now = timezone.now()
    deal = make_deal(rep, at=now - timedelta(days=40))
    client.force_login(manager)
    post(client, deal, "win", at=(now - timedelta(days=25)).date().isoformat())
    assert Deal.objects.get(pk=deal.pk).closed_at.date() == (now - timedelta(days=25)).date()


def test_the_page_of_a_deal_is_loaded_anew_after_a_closing(as_rep, rep, stages):
    deal = make_deal(rep, at=timezone.now() - timedelta(days=1))
    headers = {**HTMX, "HX-Current-URL": f"http://testserver/deals/{deal.pk}/"}
    answer = as_rep.post(f"/deals/{deal.pk}/win/", {"version": 1}, headers=headers)
    assert answer["HX-Refresh"] == "true"


def test_a_deleted_deal_is_brought_back_by_its_notice(as_rep, rep, stages):
    deal = make_deal(rep, at=timezone.now())
    post(as_rep, deal, "delete")
    event = deal.events.get(kind="deleted")
    assert as_rep.post(f"/deals/{deal.pk}/undo/{event.pk}/", headers=HTMX).status_code == 204
    assert Deal.objects.get(pk=deal.pk).deleted_at is None


def test_the_new_owner_is_told_once_in_her_language(client, team, rep, manager, stages):
    heir = make_user(team=team, language="de")
    deal = make_deal(rep, name="Line 4")
    client.force_login(manager)
    post(client, deal, "reassign", owner=heir.pk, note="You know them")
    told = Notification.objects.get()
    assert (told.recipient, told.url) == (heir, f"/deals/{deal.pk}/")
    assert "Line 4" in told.title
    assert told.body.endswith("You know them")
    assert deal.events.get(kind="owner_changed").note == "You know them"


def test_who_takes_a_deal_herself_is_not_told(rep, manager, stages):
    reassign(deal_id=make_deal(rep).pk, owner=manager, by=manager, at=NOW, version=None)
    assert not Notification.objects.exists()


def test_only_people_in_reach_are_offered(client, rep, manager, other_rep, stages):
    deal = make_deal(rep)
    client.force_login(manager)
    page = client.get(f"/deals/{deal.pk}/reassign/").content.decode()
    assert manager.name in page
    assert other_rep.name not in page


@pytest.mark.parametrize(("days", "is_slow"), [(13, False), (14, True)])
def test_the_track_compares_the_stay_with_won_deals(rep, stages, days, is_slow):
    StageBenchmark.objects.create(stage=stages[0], deals=20, median_days=9, refreshed_at=NOW)
    StageBenchmark.objects.create(stage=stages[1], deals=20, median_days=7.6, refreshed_at=NOW)
    deal = make_deal(rep, at=NOW - timedelta(days=days))
    track = deal_page.read(deal.pk, reader=rep, now=NOW).track
    assert (track[0].days, track[0].median, track[0].is_slow) == (days, 9, is_slow)
    assert (track[1].days, track[1].median) == (None, 8)
