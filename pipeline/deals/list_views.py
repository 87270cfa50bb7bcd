"""The list of deals: /deals/."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from pipeline.deals.board import Card
from pipeline.deals.filter_bar import FilterBar
from pipeline.deals.filters import DealFilter
from pipeline.deals.models import Deal
from pipeline.deals.totals import totals
from pipeline.saved_views.filter_bar import tell_about_ignored
from teams.access import Permission, holds
from teams.access.doors import door
from teams.access.http import SignedInRequest
from teams.models import Workspace

ROWS_PER_PAGE = 50


@require_safe
@door(Permission.DEAL_VIEW)
def deal_list(request: SignedInRequest) -> HttpResponse:
    """All deals within reach, narrowed, sorted and paged by the address."""
    now = timezone.now()
    deal_filter = DealFilter(request.GET, Deal.objects.reachable_by(request.user).live(), user=request.user, now=now)
    deals = deal_filter.qs
    if not deals.query.order_by:
        deals = deals.order_by("-created_at", "-pk")
    rows = deals.select_related("company", "owner", "stage").with_next_step_state(now).with_stalled(now)
    page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    today = Workspace.get().today(now)
    partial = request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request
    if not partial:
        tell_about_ignored(request, deal_filter)
    context = {
        "page": page,
        "rows": [Card(deal, now, today) for deal in page],
        "totals": totals(deals, now, as_of=deal_filter.instant),
        "currency": Workspace.get().currency,
        "bar": FilterBar(request, deal_filter),
        "ordering": request.GET.get("ordering", "-created_at"),
        "may_add": holds(request.user, Permission.DEAL_ADD),
    }
    return render(request, "pipeline/deals/_table.html" if partial else "pipeline/deals/list.html", context)
