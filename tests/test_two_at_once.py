"""Several people at the same record in the same moment: nothing is lost, doubled or torn."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from pipeline.activities.actions import plan
from pipeline.contacts.actions import add_company
from pipeline.deals import history
from pipeline.deals.actions import edit_deal, move_to_stage, open_deal, win
from pipeline.handover.territories.actions import apply
from pipeline.models import Activity, Company, Deal, DealEvent, Stage
from teams.models import ApiToken
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


def together(*calls):
    """The results of the calls, which all begin at once."""
    barrier = Barrier(len(calls))

    def run(call):
        try:
            barrier.wait(30)
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as threads:
        return [future.result() for future in [threads.submit(run, call) for call in calls]]


def secret_of(user):
    return ApiToken.objects.create(user=user, scope="write")[1]


def api(secret):
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def test_everything_at_once_with_one_deal(rep, manager, pipeline):
    deal = factories.make_deal(rep, at=timezone.now() - timedelta(hours=1), company=factories.make_company(owner=rep))
    activity = plan(by=rep, at=timezone.now(), kind="call", subject="Call", deal=deal, due_on=timezone.now().date())
    stages = list(Stage.objects.values_list("pk", flat=True))
    lost, won = factories.make_reason("lost").pk, factories.make_reason("won").pk
    secrets = [secret_of(rep), secret_of(manager)]
    chance = random.Random(7)
    url = f"/api/v1/deals/{deal.pk}/"

    def calls():
        return [
            ("post", f"{url}move/", {"stage": chance.choice(stages)}),
            ("post", f"{url}move/", {"stage": chance.choice(stages), "fields": {"value": str(chance.randrange(999))}}),
            ("post", f"{url}win/", {"reason": won}),
            ("post", f"{url}lose/", {"reason": lost}),
            ("post", f"{url}reopen/", {}),
            ("patch", url, {"value": str(chance.randrange(9999)), "name": "New"}),
            ("post", f"/api/v1/activities/{activity.pk}/done/", {}),
            ("undo", "", {}),
        ]

    def send(kind, address, body):
        if kind == "undo":
            person = Client(raise_request_exception=False)
            person.force_login(rep)
            last = DealEvent.objects.filter(deal=deal).latest("pk").pk
            return person.post(f"/deals/{deal.pk}/undo/{last}/").status_code
        version = Activity.objects.get(pk=activity.pk).version if "activities" in address else None
        body = {"version": version or Deal.objects.get(pk=deal.pk).version, **body}
        return getattr(api(chance.choice(secrets)), kind)(address, body, format="json").status_code

    statuses = []
    for _round in range(4):
        statuses += together(*[lambda call=call: send(*call) for call in calls()])
    assert set(statuses) <= {200, 302, 409}, statuses
    deal.refresh_from_db()
    versions = list(
        DealEvent.objects.filter(deal=deal).values_list("version", flat=True).order_by("version").distinct()
    )
    assert versions == list(range(1, deal.version + 1))
    assert history.differences(deal.pk) == []


def test_one_key_makes_one_deal(rep, pipeline):
    secret = secret_of(rep)

    def create():
        return api(secret).post("/api/v1/deals/", {"name": "Once"}, format="json", HTTP_IDEMPOTENCY_KEY="same")

    answers = together(*[create] * 6)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert Deal.objects.filter(name="Once").count() == 1


def test_one_external_id_makes_one_deal(rep, pipeline):
    secret = secret_of(rep)
    body = {"name": "Once", "external_id": "D-1"}
    answers = together(*[lambda: api(secret).post("/api/v1/deals/", body, format="json").status_code] * 6)
    assert answers.count(201) == 1
    assert set(answers) <= {201, 400, 409}
    assert Deal.objects.count() == 1


def test_fifty_wins_are_one(rep, pipeline):
    deal = factories.make_deal(rep, at=timezone.now())
    reason, secret = factories.make_reason("won").pk, secret_of(rep)
    body = {"reason": reason, "version": 1}
    answers = together(
        *[lambda: api(secret).post(f"/api/v1/deals/{deal.pk}/win/", body, format="json").status_code] * 8
    )
    assert sorted(set(answers)) in ([200], [200, 409])
    assert DealEvent.objects.filter(deal=deal, kind="won").count() == 1


def test_hand_over_and_work_do_not_block_each_other(rep, other_rep, admin, pipeline):
    now = timezone.now()
    deals = [factories.make_deal(rep, at=now, company=factories.make_company(owner=rep)) for _ in range(6)]
    steps = [plan(by=rep, at=now, kind="call", subject="Call", deal=deal, due_on=now.date()) for deal in deals]
    secret = secret_of(admin)

    def reassign(deal, owner):
        body = {"version": Deal.objects.get(pk=deal.pk).version, "owner": owner.pk}
        return api(secret).post(f"/api/v1/deals/{deal.pk}/reassign/", body, format="json").status_code

    def done(step):
        version = Activity.objects.get(pk=step.pk).version
        return api(secret).post(f"/api/v1/activities/{step.pk}/done/", {"version": version}, format="json").status_code

    def deactivate():
        client = Client(raise_request_exception=False)
        client.force_login(admin)
        page = client.get(f"/users/{rep.pk}/deactivate/")
        assert page.status_code == 200
        answer = client.post(f"/users/{rep.pk}/deactivate/", {"heir": other_rep.pk, "version": "1", "confirm": "on"})
        return answer.status_code

    calls = [lambda step=step: done(step) for step in steps]
    calls += [lambda deal=deal: reassign(deal, other_rep) for deal in deals[:3]]
    statuses = together(*calls, deactivate)
    assert set(statuses) <= {200, 302, 409, 422}, statuses
    for deal in deals:
        assert history.differences(deal.pk) == []


def test_two_admins_leave_one(admin):
    other = factories.make_user("admin")
    secret = {person.pk: person for person in (admin, other)}

    def demote(by, whom):
        client = Client(raise_request_exception=False)
        client.force_login(by)
        return client.post(f"/users/{whom.pk}/role/", {"role": "rep"}).status_code

    statuses = together(lambda: demote(admin, other), lambda: demote(other, admin))
    assert set(statuses) <= {200, 302, 403, 404, 409, 422}, statuses
    assert type(admin).objects.filter(role="admin", is_active=True, pk__in=secret).count() >= 1


def test_nothing_that_appears_while_territories_change_is_left_behind(rep, admin, pipeline):
    """A deal and a company that begin while the tree is reshaped, and end up where the new rules put them."""
    old, new = factories.make_territory("Old", is_catch_all=True), factories.make_territory("New")
    company = add_company(by=rep, at=timezone.now(), name="Acme", country="DE")
    assert company.territory == old
    reshaped = Event()

    def reshape():
        with transaction.atomic():
            changes = {new.pk: {"rules": [[{"field": "country", "operator": "in", "values": ["DE"]}]]}}
            apply(changes=changes, by=admin, at=timezone.now())
            reshaped.set()
            time.sleep(0.5)

    def begin():
        known = Company.objects.get(pk=company.pk)
        reshaped.wait(30)
        open_deal(by=rep, at=timezone.now(), name="Deal", company=known)

    def appear():
        reshaped.wait(30)
        add_company(by=rep, at=timezone.now(), name="Late", country="DE")

    together(reshape, begin, appear)
    assert Deal.objects.get().territory == new
    assert set(Company.objects.values_list("name", "territory__name")) == {("Acme", "New"), ("Late", "New")}


@pytest.mark.parametrize("first", [move_to_stage, edit_deal])
def test_who_waits_for_a_deal_finds_it(rep, admin, pipeline, first):
    """Whatever the one before changed about it: the stage that it was joined with, its company."""
    deal = factories.make_deal(rep, at=timezone.now(), company=factories.make_company(owner=rep))
    wanted = {
        move_to_stage: {"stage_id": Stage.objects.last().pk},
        edit_deal: {"changes": {"company": factories.make_company(owner=rep)}},
    }
    changed = Event()

    def change():
        with transaction.atomic():
            first(deal_id=deal.pk, by=rep, at=timezone.now(), version=1, **wanted[first])
            changed.set()
            time.sleep(0.5)

    def win_it():
        changed.wait(30)
        win(deal_id=deal.pk, by=admin, at=timezone.now(), version=1)

    together(change, win_it)
    assert Deal.objects.get(pk=deal.pk).status == "won"
