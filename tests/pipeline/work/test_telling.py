"""What was told once is asked about again when it is read and when it is sent."""

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.notifications.actions import notify
from crm.notifications.models import Delivery
from pipeline.activities.actions import plan
from pipeline.models import Deal
from pipeline.tasks import send_mail
from pipeline.telling import within_reach
from tests.factories import NOW, make_company, make_deal

pytestmark = pytest.mark.django_db
INBOX = reverse("notification-list")


def tell(recipient, kind, row, **more):
    cause = f"{kind}:{row.pk}:{recipient.pk}"
    url = reverse("deal", args=[row.pk]) if kind == "deal" else "/activities/"
    facts = {"title": f"About {row}", "body": "More about it", "url": url, "about": (kind, row.pk)}
    return notify(recipient=recipient, kind="deal_close_passed", cause=cause, at=NOW, **facts | more)


@pytest.fixture
def deal(rep, pipeline):
    return make_deal(rep, name="Secret fleet", company=make_company("Acme"))


def give_away(deal, owner):
    Deal.objects.filter(pk=deal.pk).update(owner=owner)


def test_the_inbox_says_nothing_about_what_is_out_of_reach(client, rep, other_rep, deal):
    item = tell(rep, "deal", deal)
    client.force_login(rep)
    assert "Secret fleet" in client.get(INBOX).content.decode()
    give_away(deal, other_rep)
    page = client.get(INBOX).content.decode()
    assert "About something you can no longer see" in page
    for told in ("Secret fleet", "More about it", f'"{reverse("notification-open", args=[item.pk])}"'):
        assert told not in page
    for follow in (client.get, client.post):
        assert follow(reverse("notification-open", args=[item.pk]))["Location"] == INBOX
    client.post(reverse("notification-done", args=[item.pk]))
    assert "About something" not in client.get(INBOX).content.decode()


def test_a_mail_about_what_is_out_of_reach_is_not_sent(rep, other_rep, deal):
    tell(rep, "deal", deal)
    tell(rep, "deal", make_deal(rep, name="Mine"))
    give_away(deal, other_rep)
    send_mail()
    assert [sent.subject for sent in mail.outbox] == ["About Mine"]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent", "dropped"}


def test_of_an_activity_one_has_to_reach_what_it_is_about(rep, other_rep, deal):
    call = plan(by=rep, at=NOW, kind="call", subject="Call", deal=deal)
    own = plan(by=rep, at=NOW, kind="task", subject="Own")
    items = [
        tell(rep, "activity", call),
        tell(rep, "activity", own),
        notify(recipient=rep, kind="reminders_late", cause="late", title="Missed", at=NOW),
    ]
    assert within_reach(rep, items) == {item.pk for item in items}
    give_away(deal, other_rep)
    assert within_reach(rep, items) == {item.pk for item in items[1:]}
    assert within_reach(rep, [tell(rep, "unheard of", call)]) == set()


def test_an_inbox_costs_the_same_for_one_and_for_twenty(client, rep, deal):
    client.force_login(rep)

    def cost():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(INBOX).status_code == 200
        return len(captured)

    def more(number):
        for _one in range(number):
            tell(rep, "deal", make_deal(rep, company=deal.company))
            tell(rep, "activity", plan(by=rep, at=NOW, kind="call", subject="Call", deal=deal))
            tell(rep, "activity", plan(by=rep, at=NOW, kind="call", subject="Call", company=deal.company))

    more(1)
    client.get(INBOX)
    one = cost()
    more(9)
    assert cost() == one
