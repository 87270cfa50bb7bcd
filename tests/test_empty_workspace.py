"""The first day: a superuser made by Django's own command, and nothing else."""

import pytest
from django.core.management import call_command
from django.test import Client

from teams.models import User

pytestmark = pytest.mark.django_db

PAGES = [
    "/", "/today/", "/pipeline/", "/deals/", "/deals/new/", "/companies/", "/contacts/", "/activities/", "/search/?q=x",
    "/dashboard/", "/quotas/", "/territories/", "/users/", "/teams/", "/stages/", "/stages/reasons/", "/audit/",
    "/settings/workspace/", "/settings/profile/", "/settings/tokens/", "/notifications/", "/deals/export/",
    "/api/v1/metrics/funnel/?start=2026-01-01&end=2026-04-01", "/api/v1/deals/", "/api/v1/quotas/",
]  # fmt: skip


@pytest.fixture
def first_admin():
    call_command("createsuperuser", email="first@example.com", interactive=False)
    return User.objects.get()


@pytest.mark.parametrize("address", PAGES)
def test_every_page_opens_before_anything_is_set_up(first_admin, address):
    client = Client()
    client.force_login(first_admin)
    assert client.get(address, follow=True).status_code == 200


def test_the_first_person_is_an_admin(first_admin):
    assert first_admin.role == "admin"
