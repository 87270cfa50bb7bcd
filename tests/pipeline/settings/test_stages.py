"""Pipelines and stages: what may change, what follows, what is refused."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.lib.errors import Conflict, Forbidden, Refused
from crm.lib.memo import remembering
from pipeline.deals import history
from pipeline.deals.actions import edit_deal, lose, move_to_stage, win
from pipeline.deals.stage_changes import edit_stage
from pipeline.deals.totals import totals
from pipeline.models import Deal, EventKind, Pipeline, Stage
from pipeline.rebuilding import differences
from pipeline.stages import actions
from teams.models import AuditEntry, Role
from tests.factories import NOW, make_deal, make_pipeline, make_reason, make_user

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def first(pipeline):
    return pipeline.stages.get(position=1)


def names(pipeline):
    return [stage.name for stage in Stage.objects.in_use().filter(pipeline=pipeline).in_order()]


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.REP, 403), (Role.MANAGER, 403), (Role.ADMIN, 200), (Role.CONTENT, 403), (Role.READ_ONLY, 403)],
)
@pytest.mark.parametrize("name", ["stage-settings", "pipeline-add"])
def test_only_admins_open_them(client, pipeline, role, status, name):
    client.force_login(make_user(role))
    assert client.get(reverse(name)).status_code == status


@pytest.mark.parametrize("action", [actions.move_stage, actions.unarchive_stage])
def test_only_admins_change_stages(rep, first, action):
    extra = {"at": NOW, "by_places": 1} if action is actions.move_stage else {}
    with pytest.raises(Forbidden):
        action(by=rep, stage_id=first.pk, **extra)


def test_open_deals_take_the_probability_of_their_stage(admin, rep, first):
    following, own, won = make_deal(rep), make_deal(rep), make_deal(rep)
    edit_deal(deal_id=own.pk, by=rep, at=NOW, version=own.version, changes={"probability": 77})
    win(deal_id=won.pk, by=rep, at=NOW, version=won.version)
    at = NOW + timedelta(days=1)
    edit_stage(stage_id=first.pk, by=admin, at=at, version=1, changes={"probability": 35})
    shares = dict(Deal.objects.values_list("pk", "probability"))
    assert shares == {following.pk: 35, own.pk: 77, won.pk: 100}
    assert totals(Deal.objects.filter(pk=following.pk), at).weighted == Decimal(350)


def test_deals_that_follow_have_it_in_their_history(admin, rep, first):
    deal = make_deal(rep)
    at = NOW + timedelta(days=1)
    edit_stage(stage_id=first.pk, by=admin, at=at, version=1, changes={"probability": 35})
    event = deal.events.get(kind=EventKind.PROBABILITY_CHANGED)
    deal.refresh_from_db()
    assert (event.changes, event.actor, event.version) == ({"probability": [20, 35]}, admin, deal.version)
    assert [row.probability for row in deal.intervals.order_by("valid_from")] == [20, 35]
    assert differences(deal.pk) == []


def test_deals_stall_by_the_new_limit(admin, rep, first):
    deal = make_deal(rep)
    edit_stage(stage_id=first.pk, by=admin, at=NOW, version=1, changes={"stalled_after_days": 3})
    deal.refresh_from_db()
    assert deal.stalled_from == NOW + timedelta(days=3)
    assert Deal.objects.stalled(NOW + timedelta(days=4)).get() == deal


def test_following_asks_the_database_as_often_for_many_deals(admin, rep, first):
    counts = []
    for probability, deals in ((30, 1), (40, 20)):
        for _number in range(deals):
            make_deal(rep)
        with remembering(), CaptureQueriesContext(connection) as queries:
            edit_stage(
                stage_id=first.pk,
                by=admin,
                at=NOW + timedelta(days=probability),
                version=None,
                changes={"probability": probability, "stalled_after_days": probability},
            )
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_stages_move_up_and_down_and_stay_at_the_ends(admin, pipeline, first):
    last = pipeline.stages.get(position=3)
    actions.move_stage(by=admin, at=NOW, stage_id=last.pk, by_places=-1)
    assert names(pipeline) == ["Qualify", "Negotiation", "Proposal"]
    actions.move_stage(by=admin, at=NOW, stage_id=first.pk, by_places=-1)
    assert names(pipeline) == ["Qualify", "Negotiation", "Proposal"]
    actions.move_stage(by=admin, at=NOW, stage_id=first.pk, by_places=1)
    assert names(pipeline) == ["Negotiation", "Qualify", "Proposal"]


def test_another_order_does_not_change_what_was_forward(admin, rep, pipeline, first):
    second = pipeline.stages.get(position=2)
    deal, later = make_deal(rep), make_deal(rep)
    moved = move_to_stage(deal_id=deal.pk, stage_id=second.pk, by=rep, at=NOW + HOUR, version=1)
    for hours, places in ((2, -1), (4, 1)):
        actions.move_stage(by=admin, at=NOW + hours * HOUR, stage_id=second.pk, by_places=places)
        # What happens in between is judged by the order of then.
        later.refresh_from_db()
        target = first if later.stage_id == second.pk else second
        at = NOW + (hours + 1) * HOUR
        move_to_stage(deal_id=later.pk, stage_id=target.pk, by=rep, at=at, version=later.version)
    actions.move_stage(by=admin, at=NOW + 6 * HOUR, stage_id=second.pk, by_places=-1)
    kinds = [list(each.spells.order_by("entered_at").values_list("entry_kind", flat=True)) for each in (moved, later)]
    assert kinds == [["created", "forward"], ["created", "backward", "backward"]]
    for each in (deal, later):
        assert history.differences(each.pk) == []
    call_command("rebuild_history")
    assert moved.spells.order_by("-entered_at").first().entry_kind == "forward"


def test_a_replay_asks_for_the_order_once(admin, pipeline, first):
    for hours in range(5):
        actions.move_stage(by=admin, at=NOW + hours * HOUR, stage_id=first.pk, by_places=1 if hours % 2 == 0 else -1)
    with CaptureQueriesContext(connection) as queries:
        history.stage_ranks()
    assert len(queries) == 1


def test_moving_passes_archived_stages(admin, pipeline, first):
    actions.archive_stage(by=admin, at=NOW, stage_id=pipeline.stages.get(position=2).pk)
    actions.move_stage(by=admin, at=NOW, stage_id=first.pk, by_places=1)
    assert names(pipeline) == ["Negotiation", "Qualify"]


def test_a_stage_with_open_deals_stays(admin, rep, first):
    deal = make_deal(rep)
    with pytest.raises(Refused, match="1 open deal is in “Qualify”"):
        actions.archive_stage(by=admin, at=NOW, stage_id=first.pk)
    lose(deal_id=deal.pk, by=rep, at=NOW, version=deal.version, reason=make_reason())
    assert actions.archive_stage(by=admin, at=NOW, stage_id=first.pk).archived_at == NOW
    assert actions.unarchive_stage(by=admin, stage_id=first.pk).archived_at is None


def test_one_stage_stays(admin, pipeline):
    stages = list(pipeline.stages.order_by("position"))
    for stage in stages[:-1]:
        actions.archive_stage(by=admin, at=NOW, stage_id=stage.pk)
    with pytest.raises(Refused, match="only stage"):
        actions.archive_stage(by=admin, at=NOW, stage_id=stages[-1].pk)


def test_one_pipeline_stays_and_none_with_open_deals_goes(admin, rep, pipeline):
    with pytest.raises(Refused, match="only pipeline"):
        actions.archive_pipeline(by=admin, at=NOW, pipeline_id=pipeline.pk)
    make_pipeline(name="Partners")
    make_deal(rep, pipeline=pipeline)
    with pytest.raises(Refused, match="open deal"):
        actions.archive_pipeline(by=admin, at=NOW, pipeline_id=pipeline.pk)


def test_a_new_pipeline_has_the_stages_of_another(admin, pipeline):
    added = actions.add_pipeline(by=admin, name="Partners", name_de="Partnervertrieb", like=pipeline)
    assert names(added) == names(pipeline)
    actions.move_pipeline(by=admin, pipeline_id=added.pk, by_places=-1)
    assert list(Pipeline.objects.in_order()) == [added, pipeline]


def test_the_first_pipeline_begins_with_the_usual_stages(admin, client):
    client.force_login(admin)
    page = client.get(reverse("stage-settings"))
    assert "No pipeline yet" in page.content.decode()
    assert client.post(reverse("pipeline-add"), {"name": "Sales", "name_de": "Vertrieb"}).status_code == 302
    stages = list(Pipeline.objects.get().stages.in_order())
    assert [(stage.name, stage.probability) for stage in stages] == [
        ("Qualify", 10),
        ("Discovery", 25),
        ("Solution fit", 40),
        ("Proposal", 60),
        ("Negotiation", 80),
    ]


def test_two_admins_change_one_stage(admin, first):
    edit_stage(stage_id=first.pk, by=admin, at=NOW, version=1, changes={"probability": 30})
    other = make_user(Role.ADMIN)
    edit_stage(stage_id=first.pk, by=other, at=NOW, version=1, changes={"name": "Check", "probability": 20})
    first.refresh_from_db()
    assert (first.name, first.probability) == ("Check", 30)
    with pytest.raises(Conflict):
        edit_stage(stage_id=first.pk, by=other, at=NOW, version=1, changes={"probability": 40})


@pytest.mark.parametrize(
    "changes", [{"probability": 0}, {"probability": 100}, {"stalled_after_days": 0}, {"required_fields": ["owner"]}]
)
def test_what_a_stage_cannot_be(admin, first, changes):
    with pytest.raises(Refused):
        edit_stage(stage_id=first.pk, by=admin, at=NOW, version=None, changes=changes)


def test_the_page_changes_a_stage(client, admin, first):
    client.force_login(admin)
    wanted = {
        "version": 1,
        "name": "Qualify",
        "name_de": "Qualifizierung",
        "probability": 25,
        "stalled_after_days": 10,
        "required_fields": ["value"],
    }
    assert client.post(reverse("stage-edit", args=[first.pk]), wanted).status_code == 302
    first.refresh_from_db()
    assert (first.name_de, first.probability, first.required_fields) == ("Qualifizierung", 25, ["value"])
    entry = AuditEntry.objects.get(action="stage.edited")
    assert entry.changes["probability"] == [20, 25]
    page = client.get(reverse("stage-settings")).content.decode()
    assert "25%" in page


def test_the_dialog_says_what_another_admin_did(client, admin, first):
    edit_stage(
        stage_id=first.pk,
        by=make_user(Role.ADMIN, first_name="Bea", last_name="Boss"),
        at=NOW,
        version=1,
        changes={"probability": 30},
    )
    client.force_login(admin)
    wanted = {"version": 1, "name": "Qualify", "probability": 40, "stalled_after_days": 14}
    answer = client.post(reverse("stage-edit", args=[first.pk]), wanted, headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert "Bea Boss set “Probability in %” to 30. You entered 40." in answer.content.decode()


def test_the_page_says_which_deals_are_in_the_way(client, admin, rep, first):
    make_deal(rep), make_deal(rep)
    client.force_login(admin)
    page = client.get(reverse("stage-archive", args=[first.pk])).content.decode()
    assert "Move its 2 deals to" in page
    address = f"{reverse('deal-list')}?status=open&amp;stage={first.pk}"
    assert address in page
    shown = client.get(address.replace("&amp;", "&"))
    assert shown.context["totals"].count == 2
    assert client.post(reverse("stage-archive", args=[first.pk])).status_code == 422


def test_stages_are_added_moved_and_archived_without_script(client, admin, pipeline, first):
    client.force_login(admin)
    added = {"name": "Pilot", "probability": 70, "stalled_after_days": 30}
    assert client.post(reverse("stage-add", args=[pipeline.pk]), added).status_code == 302
    assert names(pipeline)[-1] == "Pilot"
    client.post(reverse("stage-move", args=[first.pk]), {"to": "down"})
    client.post(reverse("stage-archive", args=[first.pk]))
    assert names(pipeline) == ["Proposal", "Negotiation", "Pilot"]
    client.post(reverse("stage-unarchive", args=[first.pk]))
    assert "Qualify" in names(pipeline)


@pytest.mark.parametrize("name", ["stage-edit", "stage-archive", "pipeline-edit", "pipeline-archive", "stage-add"])
def test_what_does_not_exist_is_not_found(client, admin, workspace, name):
    client.force_login(admin)
    assert client.get(reverse(name, args=[4711])).status_code == 404


def test_the_page_asks_the_database_as_often_for_many_stages(client, admin, pipeline):
    client.force_login(admin)
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("stage-settings")).status_code == 200
        counts.append(len(queries))
        for _number in range(5):
            make_pipeline(("A", "B", "C", "D"), name="More")
    assert counts[0] == counts[1]
