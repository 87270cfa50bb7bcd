"""One's own API tokens."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.lib.errors import Refused
from teams.models import ApiToken, AuditEntry, Role
from teams.people.token_actions import MOST_TOKENS, create_token
from tests.factories import make_user

pytestmark = pytest.mark.django_db
URL = "/settings/tokens/"
FORM = {"name": "Reporting", "scope": "read", "lifetime": "90"}


def token_of(user, **fields):
    values = {"name": "Reporting", "scope": "read", "lifetime": timedelta(days=30), **fields}
    return create_token(by=user, **values)


@pytest.mark.parametrize("role", Role.values)
def test_everybody_may_have_tokens(client, workspace, role):
    client.force_login(make_user(role))
    assert client.get(URL).status_code == 200


def test_a_token_is_shown_once_and_opens_the_api(client, rep, pipeline):
    client.force_login(rep)
    answer = client.post(URL, FORM)
    secret = answer.context["secret"]
    assert (answer.status_code, secret in answer.content.decode()) == (201, True)
    assert "no-store" in answer["Cache-Control"]
    assert secret not in client.get(URL).content.decode()
    client.logout()
    allowed = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/deals/", headers=allowed).status_code == 200
    assert client.post("/api/v1/deals/", {}, headers=allowed).status_code == 403
    assert ApiToken.objects.get().last_used_at is not None


def test_its_secret_is_nowhere(client, rep):
    client.force_login(rep)
    secret = client.post(URL, FORM).context["secret"]
    entry = AuditEntry.objects.get(action="token.created")
    assert secret not in str(entry.changes) + entry.subject_label
    assert not ApiToken.objects.filter(digest=secret).exists()


def test_it_ends_when_it_says(client, rep, pipeline):
    _token, secret = token_of(rep)
    allowed = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/deals/", headers=allowed).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert client.get("/api/v1/deals/", headers=allowed).status_code == 401


def test_a_revoked_token_is_dead_at_once(client, rep, pipeline):
    token, secret = token_of(rep)
    client.force_login(rep)
    assert client.post(reverse("token-revoke", args=[token.token_key])).status_code == 302
    client.logout()
    assert client.get("/api/v1/deals/", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    assert AuditEntry.objects.filter(action="token.revoked", actor=rep, subject_label="Reporting").exists()


def test_nobody_sees_or_revokes_the_tokens_of_others(client, rep, admin):
    token, _secret = token_of(rep, name="Mine alone")
    client.force_login(admin)
    assert "Mine alone" not in client.get(URL).content.decode()
    assert client.post(reverse("token-revoke", args=[token.token_key])).status_code == 404
    assert ApiToken.objects.filter(pk=token.pk).exists()


@pytest.mark.parametrize("changes", [{"name": ""}, {"name": "\u200b"}, {"scope": "admin"}, {"lifetime": "9999"}])
def test_what_makes_no_sense_makes_no_token(client, rep, changes):
    client.force_login(rep)
    assert client.post(URL, FORM | changes).status_code == 422
    assert not ApiToken.objects.exists()


def test_the_action_checks_for_itself(rep):
    for wrong in ({"name": " "}, {"scope": "admin"}, {"lifetime": timedelta(days=366)}, {"lifetime": timedelta(0)}):
        with pytest.raises(Refused):
            token_of(rep, **wrong)


def test_there_is_a_ceiling(client, rep):
    for _number in range(MOST_TOKENS):
        token_of(rep)
    client.force_login(rep)
    answer = client.post(URL, FORM)
    assert "Revoke one" in answer.content.decode()
    assert ApiToken.objects.count() == MOST_TOKENS


def test_the_list_asks_the_database_as_often_for_many(client, rep):
    client.force_login(rep)
    counts = []
    for more in (1, 15):
        for _number in range(more):
            token_of(rep)
        with CaptureQueriesContext(connection) as queries:
            client.get(URL)
        counts.append(len(queries))
    assert counts[0] == counts[1]
