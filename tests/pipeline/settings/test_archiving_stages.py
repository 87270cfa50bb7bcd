"""Archiving a stage that still holds open deals: another one takes them."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from playwright.sync_api import expect

from crm.lib.errors import Forbidden, Refused
from crm.lib.memo import remembering
from pipeline.deals.actions import archive, edit_deal, lose
from pipeline.deals.stage_changes import archive_stage
from pipeline.models import Deal, DealEvent, EventKind, ScheduledReminder, StageSpell
from pipeline.rebuilding import differences
from tests.factories import NOW, make_deal, make_pipeline, make_reason

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=3)


@pytest.fixture
def first(pipeline):
    return pipeline.stages.get(position=1)


@pytest.fixture
def last(pipeline):
    return pipeline.stages.get(position=3)


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def path_of(stage):
    return reverse("stage-archive", args=[stage.pk])


def test_its_deals_move_as_in_every_move(admin, rep, first, last):
    deal, own, archived, lost = (make_deal(rep, name=name) for name in ("Fleet", "Own", "Archived", "Lost"))
    edit_deal(deal_id=own.pk, by=rep, at=NOW, version=1, changes={"probability": 77})
    archive(deal_id=archived.pk, by=rep, at=NOW, version=1)
    lose(deal_id=lost.pk, by=rep, at=NOW, version=1, reason=make_reason())
    archive_stage(stage_id=first.pk, by=admin, at=LATER, to=last)
    first.refresh_from_db()
    for row in (deal, own, archived, lost):
        row.refresh_from_db()
        assert differences(row.pk) == []
    assert first.archived_at == LATER
    assert [row.stage for row in (deal, own, archived, lost)] == [last, last, last, first]
    assert [row.probability for row in (deal, own, archived)] == [last.probability, 77, last.probability]
    assert (deal.stage_entered_at, deal.stalled_from) == (LATER, LATER + timedelta(days=last.stalled_after_days))
    assert (deal.version, deal.changed_at) == (2, LATER)
    event = deal.events.get(kind=EventKind.STAGE_CHANGED)
    assert (event.actor, event.version, event.occurred_at) == (admin, 2, LATER)
    assert event.changes == {"stage": [first.pk, last.pk], "probability": [first.probability, last.probability]}
    assert event.note == "The stage “Qualify” was archived."
    spells = StageSpell.objects.filter(deal=deal).order_by("entered_at")
    assert [(spell.stage, spell.left_at) for spell in spells] == [(first, LATER), (last, None)]


def test_deals_fall_back_to_an_earlier_stage(admin, rep, first, last):
    deal = make_deal(rep, stage=last)
    archive_stage(stage_id=last.pk, by=admin, at=LATER, to=first)
    spell = StageSpell.objects.get(deal=deal, left_at__isnull=True)
    assert (spell.stage, spell.entry_kind) == (first, "backward")


def test_reminders_stay_as_they_are(admin, rep, first, last):
    make_deal(rep, expected_close_date=(NOW + timedelta(days=30)).date())
    before = list(ScheduledReminder.objects.order_by("pk").values())
    archive_stage(stage_id=first.pk, by=admin, at=LATER, to=last)
    assert before
    assert list(ScheduledReminder.objects.order_by("pk").values()) == before


def test_nothing_moves_where_one_deal_lacks_what_the_stage_requires(admin, rep, first, last):
    last.required_fields = ["value"]
    last.save()
    make_deal(rep)
    make_deal(rep, value=None)
    with pytest.raises(Refused, match="1 deal has no “Value”, which “Negotiation” needs"):
        archive_stage(stage_id=first.pk, by=admin, at=LATER, to=last)
    first.refresh_from_db()
    assert first.archived_at is None
    assert not DealEvent.objects.filter(kind=EventKind.STAGE_CHANGED).exists()


def test_only_a_stage_of_the_same_pipeline_in_use_takes_them(admin, rep, pipeline, first, last):
    make_deal(rep, stage=first)
    foreign = make_pipeline(name="Partners").stages.first()
    archive_stage(stage_id=last.pk, by=admin, at=NOW)
    for stage in (first, foreign, last):
        with pytest.raises(Refused, match="cannot take the deals"):
            archive_stage(stage_id=first.pk, by=admin, at=LATER, to=stage)


def test_only_admins_move_and_archive(manager, rep, first, last):
    deal = make_deal(rep)
    with pytest.raises(Forbidden):
        archive_stage(stage_id=first.pk, by=manager, at=LATER, to=last)
    deal.refresh_from_db()
    assert deal.stage == first


def test_three_hundred_deals_cost_as_many_queries_as_three(admin, rep, pipeline, first, last):
    def cost(number, stage, to):
        for _ in range(number - Deal.objects.filter(stage=stage).count()):
            make_deal(rep, stage=stage)
        with remembering(), CaptureQueriesContext(connection) as queries:
            archive_stage(stage_id=stage.pk, by=admin, at=LATER, to=to)
        return len(queries)

    few = cost(3, first, pipeline.stages.get(position=2))
    many = cost(300, pipeline.stages.get(position=2), last)
    assert Deal.objects.filter(stage=last).count() == 300
    assert many == few


def test_the_dialog_asks_which_stage_takes_them(client, admin, rep, first, last):
    deal = make_deal(rep)
    client.force_login(admin)
    page = client.get(path_of(first))
    assert "Move its 1 deal to" in text_of(page)
    assert f'<option value="{first.pk}"' not in page.content.decode()
    unanswered = client.post(path_of(first))
    assert unanswered.status_code == 422
    assert "Choose the stage that takes these deals." in text_of(unanswered)
    assert client.post(path_of(first), {"to": first.pk}).status_code == 422
    done = client.post(path_of(first), {"to": last.pk}, follow=True)
    assert "Deals moved, stage archived" in text_of(done)
    deal.refresh_from_db()
    assert deal.stage == last


def test_what_is_lacking_stands_beside_the_choice(client, admin, rep, first, last):
    last.required_fields = ["need"]
    last.save()
    make_deal(rep)
    client.force_login(admin)
    answer = client.post(path_of(first), {"to": last.pk})
    assert answer.status_code == 409
    assert "1 deal has no “Customer need”, which “Negotiation” needs." in text_of(answer)


def test_the_only_stage_points_at_its_deals(client, admin, rep, pipeline, first):
    pipeline.stages.exclude(pk=first.pk).delete()
    make_deal(rep, stage=first)
    client.force_login(admin)
    text = text_of(client.get(path_of(first)))
    assert "1 open deal is in it. Move or close it first." in text
    assert "Move its" not in text


def test_an_empty_stage_asks_nothing(client, admin, first):
    client.force_login(admin)
    assert "Move its" not in text_of(client.get(path_of(first)))
    client.post(path_of(first))
    first.refresh_from_db()
    assert first.archived_at is not None


@pytest.mark.browser
def test_deals_move_from_the_dialog(live_app, open_as, admin, rep, first, last):
    deal = make_deal(rep)
    page = open_as(admin)
    page.goto("/stages/")
    page.locator(f"a[href='{path_of(first)}']").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Move its 1 deal to").select_option(label="Negotiation")
    dialog.get_by_role("button", name="Move deals and archive").click()
    expect(page.locator("[data-toast-text]")).to_have_text("Deals moved, stage archived")
    deal.refresh_from_db()
    assert deal.stage == last
