"""The list of deals: /deals/."""

from typing import Any
from urllib.parse import urlsplit

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from pipeline.deals.as_of import as_they_were
from pipeline.deals.cards import Card
from pipeline.deals.columns import COLUMNS, chosen_columns, rows_with
from pipeline.deals.filter_bar import FilterBar, tidy_deals_address
from pipeline.deals.filters import DealFilter
from pipeline.deals.models import Deal
from pipeline.deals.totals import totals
from pipeline.saved_views.filter_bar import filter_form, tell_about_ignored
from pipeline.saved_views.models import Layout
from pipeline.saved_views.tabs import ViewTabs
from teams.access import Permission, holds
from teams.access.doors import door
from teams.access.http import SignedInRequest, asks_for_part
from teams.models import Workspace

ROWS_PER_PAGE = 50
PAGES_WITH_FIGURES = ("/dashboard/", "/metrics/", "/quotas/")
LONGEST_WAY = 500
# The figures that lead here, by the word that their links carry.
NAMES_OF_FIGURES = {
    "deals_in_funnel": _("Deals in funnel"),
    "average_deal_size": _("Average deal size"),
    "win_rate": _("Win rate"),
    "average_time_to_close": _("Time to close"),
    "sales_velocity": _("Sales velocity"),
    "funnel": _("Funnel"),
    "months": _("Won against quota"),
    "reasons": _("Why we win and lose"),
}
USUAL_ORDER = "-created_at"


@require_safe
@door(Permission.DEAL_VIEW)
def deal_list(request: SignedInRequest) -> HttpResponse:
    """All deals within reach, narrowed, sorted and paged by the address."""
    if tidy := tidy_deals_address(request, reverse("deal-filter")) or remembering_the_way(request):
        return redirect(tidy)
    now = timezone.now()
    filters = DealFilter(request.GET, Deal.objects.reachable_by(request.user).live(), user=request.user, now=now)
    deals = in_order(filters)
    columns, sums = chosen_columns(request.GET), totals(deals, now, as_of=filters.instant)
    page = page_of(deals, sums.count, request.GET.get("page"))
    rows = as_they_were(rows_with(columns, page, now=now), filters.instant)
    today = Workspace.get().today(now)
    partial = asks_for_part(request)
    if not partial:
        tell_about_ignored(request, filters)
    context = {
        "page": page,
        "rows": [Card(deal, now, today) for deal in rows],
        "columns": columns,
        "all_columns": COLUMNS.values(),
        "kept": [(name, value) for name, value in request.GET.items() if name not in {"columns", "page"}],
        "totals": sums,
        "currency": Workspace.get().currency,
        "views": ViewTabs(request, Layout.LIST, now),
        "bar": _bar(request, filters),
        "ordering": request.GET.get("ordering", USUAL_ORDER),
        "back_url": way_back(request),
        "figure": NAMES_OF_FIGURES.get(request.GET.get("figure", "")),
        "may_export": holds(request.user, Permission.EXPORT),
        "may_add": holds(request.user, Permission.DEAL_ADD),
    }
    return render(request, "pipeline/deals/_table.html" if partial else "pipeline/deals/list.html", context)


@require_safe
@door(Permission.DEAL_VIEW)
def deal_filter(request: SignedInRequest) -> HttpResponse:
    """The form that narrows the list."""
    return filter_form(request, _bar(request, DealFilter(request.GET, Deal.objects.none(), user=request.user)))


def _bar(request: SignedInRequest, filters: DealFilter) -> FilterBar:
    return FilterBar(request, filters, page_url=reverse("deal-list"), form_url=reverse("deal-filter"))


def remembering_the_way(request: SignedInRequest) -> str | None:
    """The address with the way back to the figure whose rows these are; None for people who come from elsewhere."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    if request.htmx or "back" in request.GET or came_from.netloc != request.get_host():
        return None
    if not came_from.path.startswith(PAGES_WITH_FIGURES):
        return None
    back = f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path
    query = request.GET.copy()
    query["back"] = back[:LONGEST_WAY]
    return f"{request.path}?{query.urlencode()}"


def way_back(request: SignedInRequest) -> str:
    """A page with figures of ours, else nothing: addresses come from anybody."""
    back = request.GET.get("back", "")
    return back if back.startswith(PAGES_WITH_FIGURES) and "\\" not in back else ""


def in_order(deal_filter: DealFilter) -> Any:
    """The deals of a filter in the order it asks for, else the newest first."""
    deals = deal_filter.qs
    return deals if deals.query.order_by else deals.order_by(USUAL_ORDER, "-pk")


def page_of(deals: Any, count: int, wanted: str | None) -> Any:
    """A page of the ids of the deals, which are not counted again."""
    paginator = Paginator(deals.values_list("pk", flat=True), ROWS_PER_PAGE)
    paginator.count = count  # type: ignore[misc]
    return paginator.get_page(wanted)
