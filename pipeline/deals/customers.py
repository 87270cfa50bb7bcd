"""Changing a company whose deals follow: what `contacts` and `coverage` cannot do, for they know no deals."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from crm.notifications.live import publish_change
from pipeline.contacts import actions as contacts
from pipeline.contacts.models import Company
from pipeline.coverage import actions as coverage
from pipeline.deals.follow import place_deals
from teams.models import Territory, User


@transaction.atomic
def edit_company(
    *, company_id: int, by: User, at: datetime, version: int | None, changes: Mapping[str, Any]
) -> Company:
    """Change fields of a company. If the rules place it elsewhere now, its open deals follow at once."""
    company = contacts.edit_company(company_id=company_id, by=by, at=at, version=version, changes=changes)
    place_deals([company.pk], by=by, at=at)
    publish_change("deal")  # the cards of its deals show its name
    return company


@transaction.atomic
def restore_company(*, company_id: int, by: User, at: datetime, version: int | None) -> Company:
    """Take a company out of the bin; the rules may have changed meanwhile."""
    company = contacts.restore_company(company_id=company_id, by=by, at=at, version=version)
    place_deals([company.pk], by=by, at=at)
    return company


@transaction.atomic
def pin_company(*, company_id: int, territory: Territory, by: User, at: datetime, reason: str) -> Company:
    """Put a company into a territory by hand, its open deals with it. Raises `DoesNotExist` out of reach."""
    company: Company = Company.objects.live().reachable_by(by).get(pk=company_id)
    coverage.pin(company=company, territory=territory, by=by, at=at, reason=reason)
    place_deals([company.pk], by=by, at=at)
    return company


@transaction.atomic
def release_company(*, company_id: int, by: User, at: datetime) -> Company:
    """Give a company back to the rules, its open deals with it. Raises `DoesNotExist` out of reach."""
    company: Company = Company.objects.live().reachable_by(by).get(pk=company_id)
    coverage.release(company=company, by=by, at=at)
    place_deals([company.pk], by=by, at=at)
    return company
