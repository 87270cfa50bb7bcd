"""The tree of territories and who works where since when."""

from datetime import date

import pytest

from crm.lib.errors import Conflict, Forbidden, Refused
from teams.access.reach import territories_of
from teams.models import AuditEntry, Territory
from teams.territories.actions import (
    add_member,
    add_territory,
    edit_territory,
    end_membership,
    moved_among_siblings,
    reshape,
    taken_back,
)
from tests.factories import NOW, make_territory, make_user

pytestmark = pytest.mark.django_db
RULE = [[{"field": "country", "operator": "in", "values": ["DE"]}]]


def _add(by, name, **fields):
    return add_territory(by=by, at=NOW, name=name, **fields)


def test_the_first_territory_makes_the_plan_and_later_ones_are_asked_later(admin):
    first, second = _add(admin, "North"), _add(admin, "South")
    assert first.plan.status == "published"
    assert second.plan == first.plan
    assert first.priority < second.priority


def test_a_name_is_there_once_below_the_same_parent(admin):
    north = _add(admin, "North")
    _add(admin, "Coast", parent=north)
    assert _add(admin, "Coast").parent is None
    with pytest.raises(Refused):
        _add(admin, "coast", parent=north)


@pytest.mark.parametrize("act", ["add", "edit", "reshape", "member"])
def test_only_admins_change_territories(act, manager, rep):
    territory = make_territory()
    acts = {
        "add": lambda: _add(manager, "New"),
        "edit": lambda: edit_territory(
            territory_id=territory.pk, by=manager, at=NOW, version=1, changes={"name": "New"}
        ),
        "reshape": lambda: reshape(changes={territory.pk: {"priority": 1}}, by=manager, at=NOW),
        "member": lambda: add_member(territory_id=territory.pk, user=rep, by=manager, at=NOW),
    }
    with pytest.raises(Forbidden):
        acts[act]()
    assert list(Territory.objects.values_list("name", "version")) == [(territory.name, 1)]


def test_renaming_from_an_outdated_version_writes_nothing(admin):
    north = _add(admin, "North")
    edit_territory(territory_id=north.pk, by=admin, at=NOW, version=1, changes={"name": "Nord"})
    with pytest.raises(Conflict):
        edit_territory(territory_id=north.pk, by=admin, at=NOW, version=1, changes={"name": "Norte"})
    north.refresh_from_db()
    assert (north.name, north.version) == ("Nord", 2)


def test_a_tree_has_no_ring(admin):
    top = _add(admin, "Top")
    below = _add(admin, "Below", parent=top)
    with pytest.raises(Refused) as caught:
        reshape(changes={top.pk: {"parent_id": below.pk}}, by=admin, at=NOW)
    assert caught.value.code == "ring"
    top.refresh_from_db()
    assert top.parent_id is None


def test_nothing_in_use_hangs_below_what_is_archived(admin):
    top = _add(admin, "Top")
    _add(admin, "Below", parent=top)
    with pytest.raises(Refused):
        reshape(changes={top.pk: {"archived": True}}, by=admin, at=NOW)


def test_the_catch_all_is_handed_over_in_one_step(admin):
    old, new = _add(admin, "Old"), _add(admin, "New")
    reshape(changes={old.pk: {"is_catch_all": True}}, by=admin, at=NOW)
    with pytest.raises(Refused):
        reshape(changes={new.pk: {"is_catch_all": True}}, by=admin, at=NOW)
    reshape(changes={new.pk: {"is_catch_all": True}, old.pk: {"is_catch_all": False}}, by=admin, at=NOW)
    assert list(Territory.objects.filter(is_catch_all=True)) == [new]


def test_a_step_is_recorded_and_can_be_taken_back(admin):
    north = _add(admin, "North")
    entry = reshape(changes={north.pk: {"rules": RULE, "priority": 7}}, by=admin, at=NOW)
    assert entry.changes[f"{north.pk}.rules"] == [[], RULE]
    assert taken_back(entry) == {north.pk: {"rules": [], "priority": 10}}
    north.refresh_from_db()
    assert (north.rules, north.priority, north.version) == (RULE, 7, 2)


def test_a_step_that_changes_nothing_is_no_step(admin):
    north = _add(admin, "North")
    entries = AuditEntry.objects.count()
    assert reshape(changes={north.pk: {"priority": north.priority}}, by=admin, at=NOW) is None
    north.refresh_from_db()
    assert (AuditEntry.objects.count(), north.version) == (entries, 1)


def test_up_and_down_change_only_the_places_among_siblings(admin):
    first, second, third = (_add(admin, name) for name in ("A", "B", "C"))
    assert moved_among_siblings(first, places=-1) == {}
    reshape(changes=moved_among_siblings(third, places=-1), by=admin, at=NOW)
    order = Territory.objects.order_by("priority").values_list("name", "priority")
    assert list(order) == [("A", 10), ("C", 20), ("B", 30)]
    assert moved_among_siblings(Territory.objects.get(pk=second.pk), places=1) == {}


def test_places_with_the_same_priority_can_be_told_apart(admin):
    for name in ("A", "B"):
        make_territory(name, priority=10)
    last = Territory.objects.get(name="B")
    reshape(changes=moved_among_siblings(last, places=-1), by=admin, at=NOW)
    assert list(Territory.objects.order_by("priority").values_list("name", flat=True)) == ["B", "A"]


def test_a_person_works_a_territory_between_two_days(admin, rep):
    north = _add(admin, "North")
    membership = add_member(
        territory_id=north.pk, user=rep, by=admin, at=NOW, starts_on=date(2026, 3, 1), ends_on=date(2026, 6, 1)
    )
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 5, 31), date(2026, 6, 1)]
    assert [north.pk in territories_of(rep, day) for day in days] == [False, True, True, False]
    end_membership(membership_id=membership.pk, by=admin, at=NOW, ends_on=date(2026, 5, 1))
    assert north.pk not in territories_of(rep, date(2026, 5, 1))


def test_a_person_is_there_once_at_a_time(admin, rep):
    north = _add(admin, "North")
    add_member(territory_id=north.pk, user=rep, by=admin, at=NOW, ends_on=date(2026, 6, 1))
    add_member(territory_id=north.pk, user=rep, by=admin, at=NOW, starts_on=date(2026, 6, 1))
    with pytest.raises(Refused):
        add_member(territory_id=north.pk, user=rep, by=admin, at=NOW, starts_on=date(2026, 5, 31))
    with pytest.raises(Refused):
        add_member(
            territory_id=north.pk,
            user=make_user(),
            by=admin,
            at=NOW,
            starts_on=date(2026, 6, 1),
            ends_on=date(2026, 6, 1),
        )


def test_work_that_never_began_is_taken_off(admin, rep):
    north = _add(admin, "North")
    membership = add_member(territory_id=north.pk, user=rep, by=admin, at=NOW, starts_on=date(2027, 1, 1))
    end_membership(membership_id=membership.pk, by=admin, at=NOW, ends_on=date(2026, 12, 1))
    assert not north.memberships.exists()
