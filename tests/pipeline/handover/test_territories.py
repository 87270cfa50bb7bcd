"""Changing territories moves companies and their open deals, exactly as the preview said."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.lib.errors import Conflict, Refused
from pipeline.coverage.actions import pin, place
from pipeline.deals import history
from pipeline.deals.actions import lose
from pipeline.handover.territories.actions import apply, undo
from pipeline.handover.territories.preview import preview
from pipeline.models import Company, Deal, DealEvent
from teams.models import Territory
from tests.factories import NOW, make_company, make_deal, make_reason, make_territory

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def rule(field, *values, operator="in"):
    return [[{"field": field, "operator": operator, "values": list(values)}]]


@pytest.fixture
def germany(workspace):
    return make_territory("Germany", priority=10, rules=rule("country", "DE"))


@pytest.fixture
def rest(workspace):
    return make_territory("Rest", priority=900, is_catch_all=True)


def _settle(*companies):
    place(Company.objects.live(), by=None, at=NOW)
    for company in companies:
        company.refresh_from_db()


def _where(company):
    return Company.objects.get(pk=company.pk).territory


def test_a_new_rule_moves_companies_and_their_open_deals_at_once(admin, rep, germany, rest):
    company = make_company(country="FR")
    _settle(company)
    deal = make_deal(rep, company=company)
    assert deal.territory == rest
    applied = apply(changes={germany.pk: {"rules": rule("country", "DE", "FR")}}, by=admin, at=LATER)
    deal.refresh_from_db()
    assert (_where(company), deal.territory, applied.companies, applied.deals) == (germany, germany, 1, 1)
    event = DealEvent.objects.get(deal=deal, kind="territory_changed")
    assert (event.changes["territory"], event.actor, event.source) == ([rest.pk, germany.pk], admin, "automation")


def test_closed_deals_stay_where_they_were(admin, rep, germany, rest):
    company = make_company(country="FR")
    _settle(company)
    deal = make_deal(rep, company=company)
    lose(deal_id=deal.pk, by=rep, at=NOW, version=deal.version, reason=make_reason())
    apply(changes={germany.pk: {"rules": rule("country", "FR")}}, by=admin, at=LATER)
    deal.refresh_from_db()
    assert (_where(company), deal.territory) == (germany, rest)
    assert not DealEvent.objects.filter(deal=deal, kind="territory_changed").exists()


def test_pinned_companies_stay_and_are_not_in_the_preview(admin, germany, rest):
    company = make_company(country="FR")
    _settle(company)
    pin(company=company, territory=rest, by=admin, at=NOW)
    changes = {germany.pk: {"rules": rule("country", "FR")}}
    seen = preview(changes, now=LATER)
    apply(changes=changes, by=admin, at=LATER)
    assert (seen.moves, seen.pinned, _where(company)) == ([], 1, rest)


def test_the_preview_writes_nothing(germany, rest):
    company = make_company(country="FR")
    _settle(company)
    seen = preview({germany.pk: {"rules": rule("country", "FR")}}, now=LATER)
    assert [(move.company, move.before, move.after) for move in seen.moves] == [(company, rest, germany)]
    assert (seen.into(germany), seen.out_of(rest), seen.difference) == (1, 1, {rest.pk: -1, germany.pk: 1})
    germany.refresh_from_db()
    assert (_where(company), germany.rules) == (rest, rule("country", "DE"))


def test_the_preview_counts_open_deals_and_their_value(rep, germany, rest):
    company = make_company(country="FR")
    _settle(company)
    make_deal(rep, company=company, value=300)
    make_deal(rep, company=company, value=None)
    lost = make_deal(rep, company=company, value=50)
    lose(deal_id=lost.pk, by=rep, at=NOW, version=lost.version, reason=make_reason())
    seen = preview({germany.pk: {"rules": rule("country", "FR")}}, now=LATER)
    assert (seen.open_deals, seen.value) == (2, 300)


def test_a_company_goes_to_the_lowest_priority_and_of_equal_ones_to_the_more_specific(admin, germany, rest):
    big = make_territory(
        "Big", priority=10, rules=[[*rule("country", "DE")[0], *rule("employees", 100, operator="gte")[0]]]
    )
    company = make_company(country="DE", employees=500)
    _settle()
    assert _where(company) == big
    apply(changes={germany.pk: {"priority": 9}}, by=admin, at=LATER)
    assert _where(company) == germany


def test_what_was_not_seen_is_not_applied(admin, germany, rest):
    make_company(country="FR")
    _settle()
    changes = {germany.pk: {"rules": rule("country", "FR")}}
    seen = preview(changes, now=LATER).fingerprint
    make_company(country="FR")
    with pytest.raises(Refused) as caught:
        apply(changes=changes, by=admin, at=LATER, seen=seen)
    assert caught.value.code == "stale_preview"
    germany.refresh_from_db()
    assert germany.rules == rule("country", "DE")


def test_a_territory_that_somebody_else_changed_is_not_overwritten(admin, germany, rest):
    apply(changes={germany.pk: {"priority": 11}}, by=admin, at=NOW)
    with pytest.raises(Conflict):
        apply(changes={germany.pk: {"priority": 12}}, by=admin, at=LATER, versions={germany.pk: 1})


def test_rules_outside_the_vocabulary_are_refused(admin, germany):
    with pytest.raises(Refused) as caught:
        apply(changes={germany.pk: {"rules": rule("shoe_size", "46")}}, by=admin, at=LATER)
    assert caught.value.field == "rules"


def test_an_archived_territory_gives_its_companies_away_and_gets_them_back(admin, germany, rest):
    company = make_company(country="DE")
    _settle()
    apply(changes={germany.pk: {"archived": True}}, by=admin, at=LATER)
    assert _where(company) == rest
    changes = {germany.pk: {"archived": False}}
    seen = preview(changes, now=LATER)
    apply(changes=changes, by=admin, at=LATER, seen=seen.fingerprint)
    assert _where(company) == germany


def test_a_territory_with_pinned_companies_is_not_archived(admin, germany, rest):
    pin(company=make_company(), territory=germany, by=admin, at=NOW)
    with pytest.raises(Refused):
        apply(changes={germany.pk: {"archived": True}}, by=admin, at=LATER)
    assert Territory.objects.get(pk=germany.pk).archived_at is None


def test_a_step_is_taken_back_with_companies_and_deals(admin, rep, germany, rest):
    company = make_company(country="FR")
    _settle(company)
    deal = make_deal(rep, company=company)
    step = apply(changes={germany.pk: {"rules": rule("country", "FR")}}, by=admin, at=LATER)
    undone = undo(entry_id=step.entry.pk, by=admin, at=LATER)
    germany.refresh_from_db()
    assert (germany.rules, _where(company), Deal.objects.get(pk=deal.pk).territory) == (
        rule("country", "DE"),
        rest,
        rest,
    )
    assert undone.companies == 1
    with pytest.raises(Refused):
        undo(entry_id=step.entry.pk, by=admin, at=LATER)


def test_twenty_deals_cost_as_many_queries_as_one_and_their_history_is_that_of_a_replay(admin, rep, germany, rest):
    company = make_company(country="FR")
    _settle(company)
    counts = []
    for wanted, more in ((["FR"], 1), (["DE"], 19)):
        deals = [make_deal(rep, company=company) for _ in range(more)]
        company.refresh_from_db()
        with CaptureQueriesContext(connection) as queries:
            apply(changes={germany.pk: {"rules": rule("country", *wanted)}}, by=admin, at=LATER)
        company.refresh_from_db()
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert Deal.objects.filter(territory=rest).count() == 20
    assert [difference for deal in Deal.objects.all() for difference in history.differences(deal.pk)] == []
    assert {deal.version for deal in deals} == {1}
    assert set(Deal.objects.filter(pk__in=[deal.pk for deal in deals]).values_list("version", flat=True)) == {2}


countries = st.sampled_from(["DE", "AT", "FR", "", "de"])
postal_codes = st.sampled_from(["80331", "10115", "1010", ""])
sizes = st.sampled_from([None, 5, 250, 4000])
alternatives = st.sampled_from(
    [
        *rule("country", "DE"),
        *rule("country", "AT", "FR"),
        *rule("postal_code", "8", "10", operator="starts_with"),
        *rule("employees", 250, operator="gte"),
        *rule("employees", 249, operator="lte"),
    ]
)
rules = st.lists(alternatives, max_size=2)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    firms=st.lists(st.tuples(countries, postal_codes, sizes, st.booleans()), min_size=1, max_size=6),
    before=st.lists(st.tuples(rules, st.integers(1, 3), st.booleans()), min_size=1, max_size=3),
    wanted=st.tuples(rules, st.integers(1, 3), st.booleans()),
)
def test_apply_does_what_the_preview_says(admin, firms, before, wanted):
    with transaction.atomic():
        territories = []
        for number, (its_rules, priority, below) in enumerate(before):
            parent = territories[-1] if below and territories else None
            territories.append(make_territory(f"T{number}", rules=its_rules, priority=priority, parent=parent))
        companies = [make_company(country=one, postal_code=two, employees=size) for one, two, size, _pin in firms]
        _settle()
        for company, (_one, _two, _size, pinned) in zip(companies, firms, strict=True):
            if pinned:
                pin(company=company, territory=territories[-1], by=admin, at=NOW)
        here = dict(Company.objects.values_list("pk", "territory_id"))
        changes = {
            territories[0].pk: {"rules": wanted[0], "priority": wanted[1], "is_catch_all": wanted[2]},
        }
        seen = preview(changes, now=LATER)
        apply(changes=changes, by=admin, at=LATER, seen=seen.fingerprint)
        after = dict(Company.objects.values_list("pk", "territory_id"))
        said = {move.company.pk: move.after.pk if move.after else None for move in seen.moves}
        assert after == here | said
        assert all(here[pk] != territory_id for pk, territory_id in said.items())
        assert preview({}, now=LATER).moves == []
        transaction.set_rollback(True)
