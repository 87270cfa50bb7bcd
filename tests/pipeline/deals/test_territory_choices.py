"""Which territories people may choose from, and whose names they meet."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pipeline.populations import offered_territories
from teams.models import TerritoryMembership
from tests.factories import make_company, make_deal, make_territory

pytestmark = pytest.mark.django_db
PAGES = [reverse("deal-filter"), reverse("board-filter"), reverse("dashboard-narrow")]


@pytest.fixture
def territories(rep, other_rep, pipeline):
    """One that the rep works, one of a deal of hers, one of a colleague."""
    worked, of_deal, foreign = (make_territory(name) for name in ("Alps", "Baltic", "Caucasus"))
    TerritoryMembership.objects.create(territory=worked, user=rep)
    make_deal(rep, company=make_company(territory=of_deal))
    make_deal(other_rep, company=make_company(territory=foreign))
    return worked, of_deal, foreign


@pytest.mark.parametrize("address", PAGES)
def test_a_rep_is_offered_hers_and_those_of_her_deals(client, rep, territories, address):
    client.force_login(rep)
    shown = client.get(address).content.decode()
    assert [name in shown for name in ("Alps", "Baltic", "Caucasus")] == [True, True, False]


def test_an_admin_is_offered_all(admin, territories):
    assert [territory.name for territory in offered_territories(admin)] == ["Alps", "Baltic", "Caucasus"]


@pytest.mark.parametrize("address", [reverse("deal-list"), reverse("dashboard")])
def test_an_address_does_not_tell_the_name_of_a_foreign_one(client, rep, territories, address):
    client.force_login(rep)
    worked, _of_deal, foreign = territories
    assert "Alps" in client.get(f"{address}?territory={worked.pk}").content.decode()
    assert "Caucasus" not in client.get(f"{address}?territory={foreign.pk}").content.decode()


def test_choices_cost_the_same_for_many_and_nothing_in_the_list(client, rep, territories):
    client.force_login(rep)

    def costs():
        with CaptureQueriesContext(connection) as form:
            client.get(PAGES[0])
        with CaptureQueriesContext(connection) as page:
            client.get(reverse("deal-list"))
        return len(form), ["teams_territory" in query["sql"].partition("WHERE")[0] for query in page].count(True)

    costs()
    before = costs()
    for number in range(10):
        TerritoryMembership.objects.create(territory=make_territory(f"More {number}"), user=rep)
    assert costs() == before
