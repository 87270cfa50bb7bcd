"""The lists of companies and contacts as files."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from crm.lib.export import Cell, csv_response
from pipeline.contacts.filters import CompanyFilter, ContactFilter, RecordFilter
from pipeline.contacts.models import Company, Contact
from teams.access import Permission
from teams.access.doors import door
from teams.access.http import SignedInRequest
from teams.audit.record import record
from teams.models import Workspace

AT_ONCE = 2000


@require_safe
@door(Permission.EXPORT)
def company_export(request: SignedInRequest) -> HttpResponseBase:
    """Exactly the companies of the list with this address."""
    now = timezone.now()
    rows = Company.objects.reachable_by(request.user).select_related("owner", "territory")
    found = CompanyFilter(request.GET, rows, user=request.user, now=now)
    header = [
        _("Number"),
        _("Name"),
        _("Industry"),
        _("Employees"),
        _("Yearly revenue"),
        _("Country"),
        _("Region"),
        _("Postal code"),
        _("Town"),
        _("Street"),
        _("Website"),
        _("Phone"),
        _("Owner"),
        _("Territory"),
        _("Created"),
        _("Last change"),
    ]
    return _file(request, found, name="companies", header=header, row=_company, now=now)


@require_safe
@door(Permission.EXPORT)
def contact_export(request: SignedInRequest) -> HttpResponseBase:
    """Exactly the contacts of the list with this address."""
    now = timezone.now()
    rows = Contact.objects.reachable_by(request.user).with_employer(request.user).select_related("owner")
    found = ContactFilter(request.GET, rows, user=request.user, now=now)
    header = [
        _("Number"),
        _("Title"),
        _("First name"),
        _("Last name"),
        _("Job title"),
        _("Company"),
        _("E-mail"),
        _("Phone"),
        _("Mobile"),
        _("Owner"),
        _("Created"),
        _("Last change"),
    ]
    return _file(request, found, name="contacts", header=header, row=_contact, now=now)


def _file(
    request: SignedInRequest,
    found: RecordFilter,
    *,
    name: str,
    header: list[str],
    row: Callable[[Any], list[Cell]],
    now: datetime,
) -> HttpResponseBase:
    rows = found.qs if found.qs.query.order_by else found.qs.order_by("sort_key", "pk")
    count = rows.count()
    texts = {
        "companies": ngettext("%(number)s company", "%(number)s companies", count),
        "contacts": ngettext("%(number)s contact", "%(number)s contacts", count),
    }
    changes = {"rows": [None, count], "filter": [None, request.GET.urlencode()[:1000]]}
    record("export", by=request.user, request=request, label=texts[name] % {"number": count}, changes=changes)
    workspace = Workspace.get()
    file_name = f"{name}-{workspace.today(now).isoformat()}"
    return csv_response(file_name, header, map(row, rows.iterator(AT_ONCE)), workspace.zone)


def _company(row: Company) -> list[Cell]:
    return [
        row.pk,
        row.name,
        row.industry,
        row.employees,
        row.revenue,
        row.country,
        row.region,
        row.postal_code,
        row.city,
        row.street,
        row.website,
        str(row.phone or ""),
        row.owner.name if row.owner else None,
        row.territory.name if row.territory else None,
        row.created_at,
        row.changed_at,
    ]


def _contact(row: Any) -> list[Cell]:
    return [
        row.pk,
        row.salutation,
        row.first_name,
        row.last_name,
        row.job_title,
        row.employer,
        row.email,
        str(row.phone or ""),
        str(row.mobile or ""),
        row.owner.name if row.owner else None,
        row.created_at,
        row.changed_at,
    ]
