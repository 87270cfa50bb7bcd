"""The pages of territories: who sees what, the rule as rows, preview and apply."""

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.coverage.actions import pin, place
from pipeline.handover.territories.forms import RuleEditor, in_text
from pipeline.models import Company
from teams.models import Territory, TerritoryMembership
from tests.factories import NOW, make_company, make_deal, make_territory, make_user

pytestmark = pytest.mark.django_db
DE = [[{"field": "country", "operator": "in", "values": ["DE"]}]]


@pytest.fixture
def germany(workspace):
    return make_territory("Germany", priority=10, rules=DE)


@pytest.fixture
def rest(workspace):
    return make_territory("Rest of the world", priority=900, is_catch_all=True)


@pytest.fixture
def as_admin(client, admin):
    client.force_login(admin)
    return client


def _settle():
    place(Company.objects.live(), by=None, at=NOW)


def _text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def _rule(country="DE", **more):
    return {"c0-0-field": "country", "c0-0-operator": "in", "c0-0-values": country, "priority": 10, **more}


def _agreed(answer):
    return re.search(r'name="agreed" value="([^"]+)"', answer.content.decode())[1]


def test_a_rep_sees_the_map_by_name_and_her_own_territories_with_a_link(client, rep, germany, rest):
    TerritoryMembership.objects.create(user=rep, territory=germany)
    client.force_login(rep)
    page = client.get("/territories/").content.decode()
    assert f'href="/territories/{germany.pk}/"' in page
    assert "Rest of the world" in page
    assert f'href="/territories/{rest.pk}/"' not in page
    assert client.get(f"/territories/{germany.pk}/").status_code == 200
    hidden, missing = (client.get(f"/territories/{pk}/") for pk in (rest.pk, 10**9))
    assert hidden.status_code == missing.status_code == 404


def test_the_first_territory_stands_beside_the_map(client, rep, admin, germany, rest):
    client.force_login(admin)
    page = client.get("/territories/")
    assert page.context["territory"] == germany
    assert "Check all companies" in _text(page)
    client.force_login(rep)
    assert "Choose a territory" in _text(client.get("/territories/"))
    TerritoryMembership.objects.create(user=rep, territory=rest)
    assert client.get("/territories/").context["territory"] == rest
    germany.archived_at = NOW
    germany.save()
    client.force_login(admin)
    assert client.get("/territories/").context["territory"] == rest


def test_the_page_of_a_rep_has_no_form(client, rep, germany):
    TerritoryMembership.objects.create(user=rep, territory=germany)
    client.force_login(rep)
    page = client.get(f"/territories/{germany.pk}/").content.decode()
    assert "Country = DE" in page
    assert 'method="post"' not in page.partition("<main")[2].partition("</main>")[0]


def test_numbers_count_only_what_the_person_sees(client, manager, rep, other_rep, germany):
    make_company("Seen GmbH", country="DE", owner=rep)
    make_company("Hidden GmbH", country="DE", owner=other_rep)
    _settle()
    client.force_login(manager)
    page = _text(client.get(f"/territories/{germany.pk}/"))
    assert "Seen GmbH" in page
    assert "Hidden GmbH" not in page
    assert "Coverage 1 of 1" in page


@pytest.mark.parametrize(
    "path",
    [
        "/territories/new/",
        "/territories/moves/",
        "/territories/{pk}/edit/",
        "/territories/{pk}/members/new/",
    ],
)
def test_only_admins_enter_where_things_change(client, manager, admin, germany, path):
    client.force_login(manager)
    assert client.get(path.format(pk=germany.pk)).status_code == 403
    client.force_login(admin)
    assert client.get(path.format(pk=germany.pk)).status_code == 200


@pytest.mark.parametrize("path", ["/territories/{pk}/preview/", "/territories/apply/", "/territories/undo/1/"])
def test_only_admins_post(client, manager, germany, path):
    client.force_login(manager)
    assert client.post(path.format(pk=germany.pk), _rule("FR")).status_code == 403
    germany.refresh_from_db()
    assert germany.rules == DE


def test_a_changed_rule_is_previewed_applied_and_taken_back(as_admin, rep, germany, rest):
    company = make_company("Lyon SARL", country="FR", city="Lyon")
    _settle()
    company.refresh_from_db()
    deal = make_deal(rep, company=company, value=61000)
    shown = as_admin.post(f"/territories/{germany.pk}/preview/", _rule("DE, FR", version=1))
    text = _text(shown)
    assert "Lyon SARL Lyon Rest of the world Germany 1 · €61" in text
    assert "Apply 1 move" in text
    assert (Territory.objects.get(pk=germany.pk).rules, Company.objects.get().territory) == (DE, rest)
    done = as_admin.post("/territories/apply/", {"agreed": _agreed(shown)}, follow=True)
    assert "1 company moved" in _text(done)
    deal.refresh_from_db()
    assert (Company.objects.get().territory, deal.territory) == (germany, germany)
    undo = re.search(r"/territories/undo/\d+/", done.content.decode())[0]
    as_admin.post(undo)
    deal.refresh_from_db()
    assert (Company.objects.get().territory, deal.territory) == (rest, rest)


def test_another_preview_is_shown_when_other_companies_would_move(as_admin, germany, rest):
    make_company(country="FR")
    _settle()
    agreed = _agreed(as_admin.post(f"/territories/{germany.pk}/preview/", _rule("FR")))
    make_company(country="FR")
    answer = as_admin.post("/territories/apply/", {"agreed": agreed}, follow=True)
    assert "Meanwhile other companies would move" in _text(answer)
    assert Territory.objects.get(pk=germany.pk).rules == DE


def test_what_nobody_signed_is_not_applied(as_admin, germany):
    answer = as_admin.post("/territories/apply/", {"agreed": "made:up"}, headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert Territory.objects.get(pk=germany.pk).rules == DE


def test_a_version_that_is_outdated_conflicts(as_admin, admin, germany):
    agreed = _agreed(as_admin.post(f"/territories/{germany.pk}/preview/", _rule("FR", version=1)))
    as_admin.post(f"/territories/{germany.pk}/edit/", {"name": "Deutschland", "version": 1})
    assert "was changed meanwhile" in _text(as_admin.post("/territories/apply/", {"agreed": agreed}, follow=True))
    assert Territory.objects.get(pk=germany.pk).rules == DE


def test_a_form_that_is_outdated_stays_so(as_admin, germany):
    """It was filled in over what was read: sent again it does not take back what others wrote."""
    as_admin.post(f"/territories/{germany.pk}/edit/", {"name": "Deutschland", "version": 1})
    for _time in range(2):
        answer = as_admin.post(f"/territories/{germany.pk}/edit/", {"name": "Alemania", "version": 1})
        assert answer.status_code == 422
        assert "was changed meanwhile" in _text(answer)
        page = answer.content.decode()
        assert 'value="Alemania"' in page
        assert '<input type="hidden" name="version" value="1">' in page


def test_mistakes_stand_beside_their_field_and_what_was_typed_stays(as_admin, germany):
    answer = as_admin.post(f"/territories/{germany.pk}/preview/", _rule("Germany"))
    assert answer.status_code == 422
    assert "two-letter country code" in _text(answer)
    assert 'value="Germany"' in answer.content.decode()


def test_a_row_is_added_and_removed_without_script(as_admin, germany):
    path = f"/territories/{germany.pk}/preview/"
    more = as_admin.post(path, _rule("DE", edit="add:0")).content.decode()
    assert 'name="c0-1-field"' in more
    less = as_admin.post(path, _rule("DE", edit="remove:0:0")).content.decode()
    assert 'value="DE"' not in less
    assert 'name="c1-0-field"' in as_admin.post(path, _rule("DE", edit="alternative")).content.decode()


@pytest.mark.parametrize(
    ("field", "operator", "typed", "values"),
    [
        ("country", "starts_with", "de; at", ["DE", "AT"]),
        ("postal_code", "in", "80–82, 9", ["80", "81", "82", "9"]),
        ("postal_code", "in", "08-10", ["08", "09", "10"]),
        ("employees", "gte", "2,500", [2500]),
        ("company", "in", "Smith, Inc; Acme", ["Smith, Inc", "Acme"]),
        ("industry", "in", "retail, retail", ["retail"]),
    ],
)
def test_values_are_read_as_people_type_them(germany, field, operator, typed, values):
    editor = RuleEditor(
        germany, {"c0-0-field": field, "c0-0-operator": operator, "c0-0-values": typed, "priority": "10"}
    )
    assert editor.is_valid(), editor.alternatives[0][0].errors
    assert editor.rules[0][0]["values"] == values


def test_postal_codes_are_printed_as_ranges():
    assert in_text("postal_code", ["80", "81", "82", "9", "100", "102"]) == "80–82, 9, 100, 102"


@pytest.mark.parametrize(("operator", "typed"), [("in", "250"), ("gte", "many"), ("gte", "2.5"), ("gte", "-1")])
def test_numbers_that_are_none_are_refused(germany, operator, typed):
    editor = RuleEditor(
        germany, {"c0-0-field": "employees", "c0-0-operator": operator, "c0-0-values": typed, "priority": "10"}
    )
    assert not editor.is_valid()


def test_a_territory_is_not_offered_a_place_below_itself(as_admin, germany):
    child = make_territory("South", parent=germany)
    answer = as_admin.post(f"/territories/{germany.pk}/preview/", _rule("DE", parent=child.pk))
    assert answer.status_code == 422


def test_a_place_up_is_previewed_too(as_admin, germany, rest):
    first = make_territory("First", priority=5, rules=[[{"field": "city", "operator": "in", "values": ["x"]}]][:0])
    shown = as_admin.post(f"/territories/{germany.pk}/preview/", {"step": "up", "version": 1})
    as_admin.post("/territories/apply/", {"agreed": _agreed(shown)})
    order = Territory.objects.filter(is_catch_all=False).order_by("priority").values_list("pk", flat=True)
    assert list(order) == [germany.pk, first.pk]


def test_companies_stand_there_with_their_reason(as_admin, admin, germany, rest):
    make_company("Ruled AG", country="DE")
    pinned = make_company("Pinned AG", country="FR")
    _settle()
    pin(company=pinned, territory=germany, by=admin, at=NOW, reason="Parent sits in Ulm")
    text = _text(as_admin.get(f"/territories/{germany.pk}/"))
    assert "Rule: Country = DE, priority 10" in text
    assert "Pinned by Ada Admin on" in text
    assert "Parent sits in Ulm" in text


def test_companies_off_their_place_are_found_and_put_right(as_admin, germany, rest):
    make_company("Imported", country="DE")
    answer = as_admin.get("/territories/moves/")
    assert "Imported" in _text(answer)
    as_admin.post("/territories/apply/", {"agreed": _agreed(answer)})
    assert Company.objects.get().territory == germany


def test_companies_that_two_rules_claim_are_counted(as_admin, germany, rest):
    make_territory("Retail", priority=20, rules=[[{"field": "industry", "operator": "in", "values": ["retail"]}]])
    for industry in ("Retail", "retail", "software"):
        make_company(country="DE", industry=industry)
    assert "Germany 2 companies also match Retail." in _text(as_admin.get("/territories/moves/"))


def test_people_are_added_and_their_work_ended(as_admin, rep, germany):
    as_admin.post(f"/territories/{germany.pk}/members/new/", {"user": rep.pk, "starts_on": "2026-01-01"})
    membership = TerritoryMembership.objects.get()
    assert (membership.user, membership.starts_on) == (rep, date(2026, 1, 1))
    assert rep.name in _text(as_admin.get(f"/territories/{germany.pk}/"))
    again = as_admin.post(f"/territories/{germany.pk}/members/new/", {"user": rep.pk})
    assert again.status_code == 422
    as_admin.post(f"/territories/members/{membership.pk}/end/", {"ends_on": "2026-06-01"})
    membership.refresh_from_db()
    assert membership.ends_on == date(2026, 6, 1)


def test_a_territory_is_added_below_another_and_renamed(as_admin, germany, manager):
    as_admin.post("/territories/new/", {"name": "South", "parent": germany.pk})
    south = Territory.objects.get(name="South")
    assert south.parent == germany
    as_admin.post(f"/territories/{south.pk}/edit/", {"name": "Süd", "manager": manager.pk, "version": 1})
    south.refresh_from_db()
    assert (south.name, south.manager) == ("Süd", manager)
    assert as_admin.post("/territories/new/", {"name": "süd", "parent": germany.pk}).status_code == 422


def test_a_page_costs_the_same_for_one_and_for_twenty(as_admin, admin, germany, rest):
    def add(count):
        for number in range(count):
            person = make_user()
            company = make_company(country="DE", owner=person)
            TerritoryMembership.objects.create(user=person, territory=germany, starts_on=NOW - timedelta(days=number))
            make_territory(parent=germany, priority=20)
            _settle()
            company.refresh_from_db()
            make_deal(person, company=company)

    def queries(act):
        with CaptureQueriesContext(connection) as queries:
            assert act().status_code == 200
        return len(queries)

    acts = [
        lambda: as_admin.get(f"/territories/{germany.pk}/"),
        lambda: as_admin.post(f"/territories/{germany.pk}/preview/", _rule("FR")),
        lambda: as_admin.get("/territories/moves/"),
    ]
    add(1)
    acts[0]()
    few = [queries(act) for act in acts]
    add(19)
    assert [queries(act) for act in acts] == few
