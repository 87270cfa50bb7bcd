"""A deal and, where it is new, its company in one step."""

from datetime import datetime
from typing import Any

from django.db import transaction

from pipeline.contacts.actions import add_company
from pipeline.contacts.models import Company
from pipeline.deals.actions.opening import open_deal
from pipeline.deals.models import Deal
from teams.models import User


@transaction.atomic
def open_deal_at(*, by: User, at: datetime, company: Company | str | None, **fields: Any) -> Deal:
    """Open a deal at a company, which is added first when only its name is known.

    Raises Forbidden for people who may not add companies, else like `open_deal`.
    """
    at_company = add_company(by=by, at=at, name=company) if isinstance(company, str) and company else company or None
    return open_deal(by=by, at=at, company=at_company, **fields)
