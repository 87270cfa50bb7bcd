"""What the rail keeps for a moment, and when it forgets."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.notifications.models import Notification
from crm.rail import forget_rail
from pipeline.activities.actions import plan
from tests.factories import NOW, make_deal

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_rep(client, rep, pipeline):
    client.force_login(rep)
    return client


def count(client, page="/notifications/"):
    return next(link.count for link in client.get(page).context["shell"].nav if link.url == "/today/")


def test_what_others_change_is_seen_within_half_a_minute_and_on_the_page_itself(as_rep, rep):
    make_deal(rep)
    assert count(as_rep) == 1
    make_deal(rep)
    assert count(as_rep) == 1
    assert count(as_rep, "/today/") == 2
    assert count(as_rep) == 2


def test_what_she_changes_is_seen_at_once(as_rep, rep):
    task = plan(by=rep, at=NOW, kind="task", subject="Prepare the fair", due_on=timezone.now().date())
    assert count(as_rep) == 1
    as_rep.post(f"/activities/{task.pk}/done/", {"version": 1})
    assert count(as_rep) is None


def test_the_bell_is_never_an_old_one(as_rep, rep):
    assert as_rep.get("/notifications/").context["shell"].unread == 0
    Notification.objects.create(recipient=rep, kind="task", cause="x", title="Call", created_at=NOW)
    assert as_rep.get("/notifications/").context["shell"].unread == 1


def test_each_person_has_a_rail_of_her_own(as_rep, client, rep, manager):
    make_deal(rep)
    assert count(as_rep) == 1
    client.force_login(manager)
    assert count(client) is None


def test_a_kept_rail_costs_as_many_queries_as_a_new_one(as_rep, rep):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            as_rep.get("/notifications/")
        return len(queries)

    as_rep.get("/notifications/")
    forget_rail(rep)
    assert cost() == cost()
