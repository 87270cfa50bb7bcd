"""The list of deals as a file."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from crm.lib.export import Cell, csv_response
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
    """Exactly the deals of the list with this address, all pages. One query for them, one for their number."""
    now = timezone.now()
    workspace = Workspace.get()
    deal_filter = DealFilter(request.GET, Deal.objects.reachable_by(request.user).live(), user=request.user, now=now)
    deals = in_order(deal_filter).select_related(*RELATED).annotate(converted=converted_value(now))
    count = deals.count()
    label = ngettext("%(number)s deal", "%(number)s deals", count) % {"number": count}
    changes = {"rows": [None, count], "filter": [None, request.GET.urlencode()[:1000]]}
    record("export", by=request.user, request=request, label=label, changes=changes)
    name = f"deals-{workspace.today(now).isoformat()}"
    return csv_response(name, _header(workspace.currency), _rows(deals), workspace.zone)


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


def _rows(deals: Any) -> Iterator[list[Cell]]:
    for deal in deals.iterator(AT_ONCE):
        yield [
            deal.pk,
            deal.name,
            deal.company.name if deal.company else None,
            deal.pipeline.name,
            deal.stage.name,
            deal.status,
            deal.value,
            deal.currency,
            deal.converted,
            deal.probability,
            deal.expected_close_date,
            deal.next_step_subject,
            deal.owner.name,
            deal.team.name if deal.team else None,
            deal.territory.name if deal.territory else None,
            deal.source.name if deal.source else None,
            deal.created_at,
            deal.changed_at,
            deal.closed_at,
            deal.close_reason.name if deal.close_reason else None,
        ]
