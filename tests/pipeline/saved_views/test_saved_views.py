"""Saved views: a name for an address, for oneself, a team or everyone; changed only by saving."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from playwright.sync_api import expect

from crm.lib.errors import Forbidden, Refused
from pipeline.deals import actions as actions_on_deals
from pipeline.models import SavedView
from pipeline.saved_views import actions
from teams.audit.models import AuditEntry
from teams.models import Role
from tests.factories import NOW, make_deal, make_pipeline, make_user

LIST = "/deals/"


def client_for(user):
    client = Client()
    client.force_login(user)
    return client


def make_view(owner, name="Big ones", scope="mine", **parameters):
    return actions.save_view(by=owner, name=name, scope=scope, parameters={"layout": "list", **parameters})


def visible(user):
    return sorted(SavedView.objects.visible_to(user, NOW.date()).values_list("name", flat=True))


def tabs(client, **query):
    return client.get(LIST, query).context["views"]


@pytest.fixture
def colleague(team):
    return make_user(team=team)


def test_a_view_keeps_filters_order_columns_and_layout(rep, pipeline):
    client = client_for(rep)
    query = (
        client.get(LIST, {"status": "open", "ordering": "-value", "columns": "value,team", "page": "2"})
        .context["views"]
        .parameters
    )
    client.post(reverse("view-add"), {"name": "Big ones", "scope": "mine", "query": query})
    view = SavedView.objects.get()
    assert view.parameters == {"status": "open", "ordering": "-value", "columns": "value,team", "layout": "list"}
    parts = urlsplit(view.get_absolute_url())
    assert parts.path == LIST
    assert parse_qs(parts.query)["columns"] == ["value,team"]
    assert client.get(view.get_absolute_url()).context["views"].current == view
    query = client.get(reverse("board-pipeline", args=[pipeline.pk]), {"owner": "me"}).context["views"].parameters
    client.post(reverse("view-add"), {"name": "My board", "scope": "mine", "query": query})
    board = SavedView.objects.get(name="My board")
    assert board.get_absolute_url().startswith(reverse("board-pipeline", args=[pipeline.pk]) + "?owner=me&view=")


def test_changing_filters_changes_no_view_until_it_is_saved(rep, colleague):
    view = make_view(rep, status="open", scope="team")
    before = view.parameters
    client = client_for(rep)
    shown = tabs(client, status="won", view=view.pk)
    assert shown.is_changed
    view.refresh_from_db()
    assert view.parameters == before
    client.post(reverse("view-save", args=[view.pk]), {"query": shown.parameters})
    view.refresh_from_db()
    assert view.parameters["status"] == "won"
    assert not tabs(client, status="won", view=view.pk).is_changed


def test_who_sees_which_view(rep, colleague, manager, admin, other_rep, team):
    make_view(rep, "Private")
    make_view(rep, "Shared", scope="team")
    make_view(manager, "General", scope="everyone")
    assert visible(rep) == ["General", "Private", "Shared"]
    assert visible(colleague) == visible(manager) == ["General", "Shared"]
    assert visible(other_rep) == visible(admin) == ["General"]


@pytest.mark.parametrize("name", ["view-edit", "view-save", "view-delete", "view-pin", "view-unpin"])
def test_a_view_that_one_does_not_see_does_not_exist(rep, other_rep, name):
    url = reverse(name, args=[make_view(rep, scope="team").pk])
    assert client_for(other_rep).post(url, {"name": "x", "scope": "mine"}).status_code == 404
    assert SavedView.objects.get().name == "Big ones"


@pytest.mark.parametrize("name", ["view-save", "view-edit", "view-delete"])
def test_only_its_owner_and_admins_change_a_shared_view(manager, rep, admin, name):
    view = make_view(manager, scope="everyone")
    sent = {"name": "Other", "scope": "everyone", "query": "status=won"}
    assert client_for(rep).post(reverse(name, args=[view.pk]), sent).status_code == 403
    assert SavedView.objects.get().name == "Big ones"
    assert client_for(admin).post(reverse(name, args=[view.pk]), sent).status_code == 302
    assert AuditEntry.objects.filter(action__startswith="saved_view.", actor=admin).exists()


def test_an_admin_who_takes_a_view_from_everyone_is_not_sent_to_a_missing_page(manager, admin):
    view = make_view(manager, scope="everyone")
    client = client_for(admin)
    answer = client.post(f"/views/{view.pk}/edit/", {"name": "Big ones", "scope": "mine"}, follow=True)
    assert answer.status_code == 200
    view.refresh_from_db()
    assert view.scope == "mine"


def test_reps_share_with_their_team_and_not_with_everyone(rep):
    with pytest.raises(Forbidden):
        make_view(rep, scope="everyone")
    page = client_for(rep).get(reverse("view-add")).content.decode()
    assert "My team" in page
    assert "Everyone" not in page


def test_a_name_is_used_once(rep, colleague):
    make_view(rep)
    make_view(colleague)
    with pytest.raises(Refused):
        make_view(rep)
    answer = client_for(rep).post(reverse("view-add"), {"name": "Big ones", "scope": "mine"})
    assert answer.status_code == 422
    assert "already" in answer.content.decode()


def test_a_shared_view_shows_each_reader_her_own_deals(rep, manager, other_rep):
    make_deal(rep, name="Mine")
    make_deal(other_rep, name="Foreign")
    view = make_view(manager, scope="everyone", status="open")
    rows = client_for(rep).get(view.get_absolute_url()).context["rows"]
    assert [card.deal.name for card in rows] == ["Mine"]


def test_pinned_views_stand_in_the_rail_of_who_pinned_them(rep, colleague):
    view = make_view(rep, scope="team")
    client = client_for(rep)
    for _time in range(2):
        client.post(reverse("view-pin", args=[view.pk]))
    assert [link.label for link in client.get(LIST).context["shell"].pinned_views] == ["Big ones"]
    assert client_for(colleague).get(LIST).context["shell"].pinned_views == []
    client.post(reverse("view-unpin", args=[view.pk]))
    assert client.get(LIST).context["shell"].pinned_views == []


@pytest.mark.parametrize("layout", ["list", "board"])
def test_a_pinned_view_says_how_many_deals_its_page_shows_her(rep, other_rep, layout):
    deals = [make_deal(rep, name=f"Mine {number}", value=value) for number, value in enumerate((10, 900, 1000))]
    make_deal(other_rep, value=5000)
    actions_on_deals.archive(deal_id=deals[2].pk, by=rep, at=NOW)
    other = make_pipeline("Partners")
    make_deal(rep, pipeline=other, stage=other.stages.first(), value=7000)
    view = make_view(rep, layout=layout, value_from="500")
    actions.pin_view(view=view, by=rep)
    client = client_for(rep)
    [link] = client.get(LIST).context["shell"].pinned_views
    shown = client.get(view.get_absolute_url()).context
    assert link.count == (shown["totals"].count if layout == "list" else shown["board"].totals.count)
    assert link.count == {"list": 3, "board": 1}[layout]


def test_a_view_that_is_private_again_leaves_the_rails_of_others(rep, colleague):
    view = make_view(rep, scope="team")
    actions.pin_view(view=view, by=colleague)
    actions.change_view(view=view, by=rep, scope="mine")
    assert client_for(colleague).get(LIST).context["shell"].pinned_views == []


def test_a_deleted_view_is_gone_everywhere(rep, colleague):
    view = make_view(rep, scope="team")
    actions.pin_view(view=view, by=colleague)
    answer = client_for(rep).post(reverse("view-delete", args=[view.pk]))
    assert answer.url == LIST
    assert client_for(colleague).get(LIST, {"view": view.pk}).status_code == 200


@pytest.mark.parametrize(
    "query", ["", "x" * 4001, "layout=board&pipeline=9999999999999", "colour=red&team=%00", "&&&==;%ff"]
)
def test_strange_parameters_do_no_harm(rep, query):
    client = client_for(rep)
    client.post(reverse("view-add"), {"name": "Odd", "scope": "mine", "query": query})
    for view in SavedView.objects.all():
        actions.pin_view(view=view, by=rep)
        assert client.get(view.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("view", ["'", "-1", "9" * 30, "\x00"])
def test_a_strange_view_in_the_address_is_none(rep, view):
    assert tabs(client_for(rep), view=view).current is None


def test_it_asks_equally_often_for_one_view_and_for_twenty(rep):
    client = client_for(rep)
    actions.pin_view(view=make_view(rep), by=rep)
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    for number in range(20):
        view = make_view(rep, f"View {number}")
        if number < 5:
            actions.pin_view(view=view, by=rep)
    with CaptureQueriesContext(connection) as many:
        client.get(LIST)
    assert len(few) == len(many)


def test_people_without_deals_have_no_views(team):
    assert client_for(make_user(Role.CONTENT, team=team)).get(reverse("view-add")).status_code == 403


def test_saving_a_view_in_the_browser(open_as, rep, pipeline):
    make_deal(rep, value=90_000)
    page = open_as(rep)
    page.goto(LIST + "?value_from=50000")
    page.get_by_role("link", name="New view").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Name").fill("Big ones")
    dialog.get_by_label("Pin to the side bar").check()
    dialog.get_by_role("button", name="Save view").click()
    expect(page.locator(".board-views [aria-current]")).to_contain_text("Big ones")
    expect(page.locator(".rail").get_by_role("link", name="Big ones")).to_be_visible()
    page.get_by_role("link", name="Remove filter Value from").click()
    expect(page.get_by_role("button", name="Save view")).to_be_visible()
    page.get_by_role("link", name="Reset").click()
    expect(page.get_by_role("button", name="Save view")).to_have_count(0)


def test_board_and_list_show_the_same_deals(rep, pipeline):
    client = client_for(rep)
    board = reverse("board-pipeline", args=[pipeline.pk])
    from_board = client.get(board, {"owner": "me", "ordering": "-value"}).context["views"].layouts
    assert from_board[1].url == f"{LIST}?owner=me&ordering=-value&status=open&pipeline={pipeline.pk}"
    from_list = tabs(client, owner="me", status="open", columns="value", pipeline=pipeline.pk).layouts
    assert from_list[0].url == f"{board}?owner=me"
