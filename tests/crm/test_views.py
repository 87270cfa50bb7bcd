import json

import pytest
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from crm import urls, views
from crm.lib.errors import Forbidden, Refused
from teams.models import User


def broken(request):
    raise RuntimeError("secret detail")


def away(request):
    raise OperationalError("server closed the connection")


def closed(request):
    raise InterfaceError("connection already closed")


def denied(request):
    raise PermissionDenied(_("Ask your manager."))


def forbidden(request):
    raise Forbidden(_("Ask your manager."))


def refused(request):
    raise Refused(_("This deal was closed meanwhile."))


def moment(request):
    return HttpResponse(f"{translation.get_language()} {timezone.get_current_timezone_name()}")


urlpatterns = [
    path("moment/", moment),
    path("broken/", broken),
    path("away/", away),
    path("api/away/", away),
    path("closed/", closed),
    path("denied/", denied),
    path("forbidden/", forbidden),
    path("refused/", refused),
    path("", include(urls)),
]
handler400 = urls.handler400
handler403 = urls.handler403
handler404 = urls.handler404
handler500 = urls.handler500

with_broken_views = pytest.mark.urls(__name__)
EVERY_ANSWER = [
    ("/livez", 200),
    ("/accounts/login/", 200),
    ("/nothing/", 404),
    ("/api/nothing/", 404),
    ("/denied/", 403),
    ("/forbidden/", 403),
    ("/refused/", 409),
    ("/broken/", 500),
    ("/away/", 503),
    ("/closed/", 503),
    ("/static/favicon.svg", 200),
]


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


def test_livez_asks_nobody(client, django_assert_num_queries):
    assert client.get("/livez").status_code == 200  # without the db fixture a query would fail


@pytest.mark.django_db
def test_readyz_answers_with_a_database_that_has_all_migrations(client):
    assert client.get("/readyz").content == b"ok\n"


@pytest.mark.django_db
def test_readyz_refuses_while_migrations_are_missing(client, monkeypatch):
    monkeypatch.setattr(views, "_known_migrations", lambda: frozenset({("teams", "9999_next")}))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"1 migrations missing\n")
    assert answer["Retry-After"]


def test_readyz_refuses_without_a_database(client, monkeypatch):
    def gone():
        raise OperationalError

    monkeypatch.setattr(views, "_missing_migrations", gone)
    assert client.get("/readyz").status_code == 503


@with_broken_views
@pytest.mark.django_db
@pytest.mark.parametrize(("address", "status"), EVERY_ANSWER)
def test_every_answer_carries_the_security_headers_and_its_reference(client, address, status):
    answer = client.get(address)
    assert answer.status_code == status
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    for part in ("default-src 'self'", "object-src 'none'", "frame-ancestors 'none'", "base-uri 'self'"):
        assert part in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert len(answer["X-Request-ID"]) == 32


@with_broken_views
@pytest.mark.parametrize("address", ["/away/", "/closed/"])
def test_a_lost_database_says_when_to_try_again(client, address):
    answer = client.get(address)
    assert answer.status_code == 503
    assert answer["Retry-After"]


@with_broken_views
def test_a_fault_names_its_reference_and_no_detail(client):
    answer = client.get("/broken/")
    assert answer["X-Request-ID"] in answer.content.decode()
    assert "secret detail" not in answer.content.decode()


@with_broken_views
@pytest.mark.parametrize(("address", "status"), [("/api/away/", 503), ("/api/nothing/", 404)])
def test_the_api_answers_problems_as_problem_details(client, address, status):
    answer = client.get(address)
    assert answer["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["status"] == status


@with_broken_views
@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/denied/", "/forbidden/"])
def test_a_denial_says_who_may(client, address):
    answer = client.get(address)
    assert answer.status_code == 403
    assert "Ask your manager." in answer.content.decode()


@with_broken_views
@pytest.mark.django_db
def test_a_refusal_reaches_htmx_as_a_notice_that_replaces_nothing(client):
    answer = client.post("/refused/", headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert answer["HX-Reswap"] == "none"
    toast = json.loads(answer["HX-Trigger"])["toast"]
    assert toast == {"message": "This deal was closed meanwhile.", "level": "error"}


@with_broken_views
@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/denied/", "/forbidden/"])
def test_a_denial_reaches_htmx_as_a_notice(client, address):
    answer = client.post(address, headers={"HX-Request": "true"})
    assert answer.status_code == 403
    assert json.loads(answer["HX-Trigger"])["toast"]["message"] == "Ask your manager."


@with_broken_views
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("referer", "target"),
    [
        ("http://testserver/deals/7/", "http://testserver/deals/7/"),
        ("https://elsewhere.example/deals/7/", "/"),
        ("", "/"),
    ],
)
def test_a_refusal_sends_a_plain_form_back_to_its_own_page_with_the_sentence(client, referer, target):
    answer = client.post("/refused/", headers={"Referer": referer})
    assert (answer.status_code, answer["Location"]) == (302, target)
    assert "messages" in answer.cookies


def test_an_unknown_host_is_refused(client):
    assert client.get("/livez", headers={"Host": "elsewhere.example"}).status_code == 400


@pytest.mark.django_db
def test_nobody_signs_up():
    answer = Client().post("/accounts/signup/", {"email": "new@example.com", "password1": "p", "password2": "p"})
    assert "new@example.com" not in answer.content.decode()
    assert not User.objects.exists()


@pytest.mark.django_db
def test_an_anonymous_browser_is_answered_in_its_language():
    answer = Client().get("/accounts/login/", headers={"Accept-Language": "de"})
    assert answer["Content-Language"] == "de"
    assert '<html lang="de"' in answer.content.decode()


@with_broken_views
@pytest.mark.django_db
def test_a_signed_in_person_is_answered_in_her_language_and_zone():
    client = Client()
    client.force_login(User.objects.create_user("ada@example.com", language="de", time_zone="America/New_York"))
    answer = client.get("/moment/", headers={"Accept-Language": "en"})
    assert answer.content == b"de America/New_York"
    assert answer["Content-Language"] == "de"
    assert Client().get("/moment/", headers={"Accept-Language": "en"}).content == b"en UTC"
