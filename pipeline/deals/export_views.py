"""The list of deals as a file."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.http import HttpResponseBase
from django.utils import timezone, translation
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.lib.export import Cell, csv_response
from pipeline.deals.as_of import as_they_were
from pipeline.deals.filters import DealFilter
from pipeline.deals.list_views import in_order
from pipeline.deals.models import Deal
from pipeline.deals.totals import converted_value
from teams.access import Permission
from teams.access.doors import door
from teams.access.http import SignedInRequest
from teams.audit.record import record
from teams.models import Workspace

AT_ONCE = 2000
RELATED = ("company", "pipeline", "stage", "owner", "team", "territory", "source", "close_reason")


@require_safe
@door(Permission.EXPORT)
def deal_export(request: SignedInRequest) -> HttpResponseBase:
    """Exactly the deals of the list with this address, all pages. One query for them, one for their number.

    Where the address asks for an instant of the past, a query more for each part of them tells what they were.
    """
    now = timezone.now()
    workspace = Workspace.get()
    deal_filter = DealFilter(request.GET, Deal.objects.reachable_by(request.user).live(), user=request.user, now=now)
    deals = in_order(deal_filter).select_related(*RELATED).annotate(converted=converted_value(now))
    count = deals.count()
    label = ngettext("%(number)s deal", "%(number)s deals", count) % {"number": count}
    changes = {"rows": [None, count], "filter": [None, request.GET.urlencode()[:1000]]}
    record("export", by=request.user, request=request, label=label, changes=changes)
    name = f"deals-{workspace.today(now).isoformat()}"
    rows = _rows(deals, deal_filter.instant, get_language() or "en")
    return csv_response(name, _header(workspace.currency), rows, workspace.zone)


def _header(currency: str) -> list[str]:
    return [
        _("Number"),
        _("Deal name"),
        _("Company"),
        _("Pipeline"),
        _("Stage"),
        _("Status"),
        _("Value"),
        _("Currency"),
        _("Value in %(currency)s") % {"currency": currency},
        _("Probability"),
        _("Close date"),
        _("Next step"),
        _("Owner"),
        _("Team"),
        _("Territory"),
        _("Source"),
        _("Created"),
        _("Last change"),
        _("Closed"),
        _("Reason"),
    ]


def _rows(deals: Any, instant: datetime | None, language: str) -> Iterator[list[Cell]]:
    """In the language of the reader, who gets the rows when the page has been answered."""
    rest = deals.iterator(AT_ONCE)
    while part := list(islice(rest, AT_ONCE)):
        for deal in as_they_were(part, instant):
            with translation.override(language):
                row = _row(deal)
            yield row


def _row(deal: Any) -> list[Cell]:
    return [
        deal.pk,
        deal.name,
        deal.company.name if deal.company else None,
        deal.pipeline.label,
        deal.stage.label,
        deal.get_status_display(),
        deal.value,
        deal.currency,
        deal.converted,
        deal.probability,
        deal.expected_close_date,
        deal.next_step_subject,
        deal.owner.name,
        deal.team.name if deal.team else None,
        deal.territory.name if deal.territory else None,
        deal.source.label if deal.source else None,
        deal.created_at,
        deal.changed_at,
        deal.closed_at,
        deal.close_reason.label if deal.close_reason else None,
    ]
