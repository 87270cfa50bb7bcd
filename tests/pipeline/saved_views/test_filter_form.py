"""The form that sets filters: an address of its own, which works without script and leads back to its list."""

import pytest
from django.urls import reverse

from tests.factories import make_deal

PAGES = ["deal", "company", "contact", "activity"]


@pytest.fixture
def as_rep(client, rep, pipeline):
    make_deal(rep)
    client.force_login(rep)
    return client


@pytest.mark.parametrize("name", PAGES)
def test_a_list_names_its_form_and_the_form_its_list(as_rep, name):
    page, form = reverse(f"{name}-list"), reverse(f"{name}-filter")
    assert f'href="{form}?q=voss"' in as_rep.get(page, {"q": "voss"}).content.decode()
    answer = as_rep.get(form, {"q": "voss"})
    assert f'action="{page}"' in answer.content.decode()
    assert answer.context["bar"].form.initial["q"] == "voss"


def test_the_form_of_a_board_leads_to_that_board_and_offers_no_state(as_rep, pipeline):
    answer = as_rep.get(reverse("board-pipeline-filter", args=[pipeline.pk]))
    assert f'action="{reverse("board-pipeline", args=[pipeline.pk])}"' in answer.content.decode()
    assert "status" not in answer.context["bar"].form.fields


def test_it_keeps_what_it_does_not_offer(as_rep):
    answer = as_rep.get(reverse("deal-filter"), {"ordering": "-value", "page": "2"})
    assert answer.context["bar"].kept == [("ordering", "-value")]


def test_it_is_a_dialog_for_htmx(as_rep):
    assert b"<html" not in as_rep.get(reverse("deal-filter"), headers={"HX-Request": "true"}).content


def test_it_names_only_people_within_reach(as_rep, rep, other_rep):
    offered = dict(as_rep.get(reverse("deal-filter")).context["bar"].form.fields["owner"].choices)
    assert str(rep.pk) in offered
    assert str(other_rep.pk) not in offered


def test_a_chip_names_nobody_out_of_reach(as_rep, rep, other_rep):
    for person, name in ((rep, rep.name), (other_rep, str(other_rep.pk))):
        chips = as_rep.get(reverse("deal-list"), {"owner": person.pk}).context["bar"].chips
        assert [chip.value for chip in chips] == [name]
