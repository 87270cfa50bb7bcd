"""Adding and changing companies and contacts."""

from datetime import UTC, datetime

import pytest

from crm.lib.errors import Conflict, Refused
from pipeline.contacts.actions import (
    add_company,
    add_contact,
    delete_company,
    edit_company,
    restore_company,
)
from pipeline.models import Company
from teams.models import User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def admin():
    return User.objects.create_user("ada@example.com", role="admin", first_name="Ada")


@pytest.fixture
def company(admin):
    return add_company(by=admin, at=NOW, name="Acme", city="Ulm")


def _edit(company, by, version, **changes):
    return edit_company(company_id=company.pk, by=by, at=NOW, version=version, changes=changes)


def test_whoever_adds_a_company_owns_it(company, admin):
    assert company.owner == admin


def test_changes_of_different_fields_merge(company, admin):
    _edit(company, admin, 1, city="Bonn")
    merged = _edit(company, admin, 1, industry="retail")
    assert (merged.city, merged.industry, merged.version) == ("Bonn", "retail", 3)


def test_changes_of_the_same_field_conflict_and_write_nothing(company, admin):
    _edit(company, admin, 1, city="Bonn")
    with pytest.raises(Conflict) as caught:
        _edit(company, admin, 1, city="Köln")
    assert [(one.field, one.theirs, one.by) for one in caught.value.conflicts] == [("city", "Bonn", "Ada")]
    company.refresh_from_db()
    assert (company.city, company.version) == ("Bonn", 2)


def test_the_same_wish_twice_is_no_conflict(company, admin):
    _edit(company, admin, 1, city="Bonn")
    assert _edit(company, admin, 1, city="Bonn").version == 2


def test_out_of_reach_does_not_exist(company):
    stranger = User.objects.create_user("rep@example.com")
    with pytest.raises(Company.DoesNotExist):
        _edit(company, stranger, 1, city="Bonn")
    with pytest.raises(Company.DoesNotExist):
        add_contact(by=stranger, at=NOW, last_name="Voss", company=company)


def test_a_company_is_not_above_itself(company, admin):
    child = add_company(by=admin, at=NOW, name="Child", parent=company)
    with pytest.raises(Refused):
        _edit(company, admin, 1, parent=child)


def test_delete_and_restore(company, admin):
    delete_company(company_id=company.pk, by=admin, at=NOW, version=1)
    assert not Company.objects.live().filter(pk=company.pk).exists()
    restore_company(company_id=company.pk, by=admin, at=NOW, version=2)
    assert Company.objects.live().filter(pk=company.pk).exists()
