"""The customer's people and the colleagues on a deal."""

import pytest

from crm.lib.errors import Conflict, Forbidden, Refused
from pipeline.deals.actions import archive, undo
from pipeline.deals.people_actions import (
    add_collaborator,
    add_contact,
    change_contact,
    remove_collaborator,
    remove_contact,
)
from pipeline.models import Contact, Deal
from teams.models import Role
from tests.factories import NOW, make_company, make_contact, make_deal, make_user


@pytest.fixture
def company(rep):
    return make_company("Voss", owner=rep)


@pytest.fixture
def deal(rep, pipeline, company):
    return make_deal(rep, company=company)


@pytest.fixture
def voss(company):
    return make_contact("Voss", company=company)


def roles(deal):
    return {row.contact.last_name: (row.role, row.is_primary) for row in deal.people.select_related("contact")}


def add(deal, rep, contact, **fields):
    return add_contact(deal_id=deal.pk, contact=contact, by=rep, at=NOW, version=None, **fields)


def last_event(deal):
    return deal.events.order_by("-pk").first()


def test_one_person_is_primary_and_undo_brings_back_who_was(deal, rep, company, voss):
    kempe = make_contact("Kempe", company=company)
    add(deal, rep, voss, role="decides", is_primary=True)
    add(deal, rep, kempe, role="champion", is_primary=True)
    assert roles(deal) == {"Voss": ("decides", False), "Kempe": ("champion", True)}
    undo(deal_id=deal.pk, event_id=last_event(deal).pk, by=rep, at=NOW)
    assert roles(deal) == {"Voss": ("decides", True)}


def test_nobody_stands_there_twice(deal, rep, voss):
    add(deal, rep, voss)
    with pytest.raises(Refused, match="already"):
        add(deal, rep, voss)


def test_a_removed_person_comes_back_with_her_role(deal, rep, voss):
    add(deal, rep, voss, role="blocks", is_primary=True)
    remove_contact(deal_id=deal.pk, contact_id=voss.pk, by=rep, at=NOW, version=None)
    assert roles(deal) == {}
    undo(deal_id=deal.pk, event_id=last_event(deal).pk, by=rep, at=NOW)
    assert roles(deal) == {"Voss": ("blocks", True)}


def test_only_a_change_of_the_same_person_conflicts(deal, rep, manager, company, voss):
    kempe = make_contact("Kempe", company=company)
    add(deal, rep, voss)
    read = add(deal, rep, kempe).version
    facts = {"deal_id": deal.pk, "at": NOW, "version": read, "is_primary": False}
    change_contact(contact_id=voss.pk, by=manager, role="decides", **facts)
    change_contact(contact_id=kempe.pk, by=rep, role="uses", **facts)
    with pytest.raises(Conflict):
        change_contact(contact_id=voss.pk, by=rep, role="blocks", **facts)
    assert roles(deal) == {"Voss": ("decides", False), "Kempe": ("uses", False)}


def test_a_contact_out_of_reach_is_not_there(deal, rep, other_rep):
    with pytest.raises(Contact.DoesNotExist):
        add(deal, rep, make_contact(owner=other_rep, company=make_company(owner=other_rep)))


def test_a_collaborator_sees_the_deal_as_long_as_she_is_one(deal, rep, other_rep):
    def seen():
        return Deal.objects.reachable_by(other_rep).filter(pk=deal.pk).exists()

    assert not seen()
    add_collaborator(deal_id=deal.pk, user=other_rep, by=rep, at=NOW, version=None, can_edit=False)
    assert seen()
    with pytest.raises(Forbidden):
        archive(deal_id=deal.pk, by=other_rep, at=NOW)
    remove_collaborator(deal_id=deal.pk, user_id=other_rep.pk, by=rep, at=NOW, version=None)
    assert not seen()
    undo(deal_id=deal.pk, event_id=last_event(deal).pk, by=rep, at=NOW)
    assert seen()


def test_a_collaborator_may_be_allowed_to_edit(deal, rep, other_rep):
    for can_edit in (False, True):
        add_collaborator(deal_id=deal.pk, user=other_rep, by=rep, at=NOW, version=None, can_edit=can_edit)
    assert archive(deal_id=deal.pk, by=other_rep, at=NOW).archived_at == NOW


def test_who_sees_no_deals_and_who_owns_it_cannot_collaborate(deal, rep, workspace):
    for user in (make_user(Role.CONTENT), rep, make_user(is_active=False)):
        with pytest.raises(Refused):
            add_collaborator(deal_id=deal.pk, user=user, by=rep, at=NOW, version=None)
