"""The list of activities: /activities/."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from pipeline.activities.answers import NEXT_FOR
from pipeline.activities.filter_bar import FilterBar
from pipeline.activities.filters import STATES, ActivityFilter
from pipeline.activities.lines import lines
from pipeline.activities.models import Activity
from pipeline.activities.offers import next_step_offer
from pipeline.saved_views.filter_bar import filter_form, tell_about_ignored
from teams.access import Permission, holds
from teams.access.doors import door
from teams.access.http import SignedInRequest, asks_for_part

ROWS_PER_PAGE = 50
OWN_PARAMETERS = ("page", "who", NEXT_FOR)


@require_safe
@door(Permission.ACTIVITY_VIEW)
def activity_list(request: SignedInRequest) -> HttpResponse:
    """Activities within reach, one's own unless asked for the team's; narrowed, sorted and paged by the address."""
    now = timezone.now()
    bar = FilterBar(request)
    reached = Activity.objects.reachable_by(request.user)
    if "assignee" not in request.GET:
        reached = bar.whose(reached)
    wanted = request.GET.get("state", "")
    chosen = wanted if wanted in STATES else "open"
    asked = request.GET.dict()
    shown = ActivityFilter({**asked, "state": chosen}, reached, user=request.user, now=now)
    in_any_state = {name: value for name, value in asked.items() if name not in {"state", "ordering"}}
    counts = ActivityFilter(in_any_state, reached, user=request.user, now=now).qs.counts_by_state(now)
    rows = shown.qs if shown.qs.query.order_by else _usual_order(shown.qs, chosen)
    related = rows.select_related("deal__company", "company", "contact", "assignee")
    page = Paginator(related, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    partial = asks_for_part(request)
    if not partial:
        tell_about_ignored(request, shown, known=OWN_PARAMETERS)
    context = {
        "page": page,
        "rows": lines(list(page), reader=request.user, now=now),
        "tabs": bar.tabs(counts, chosen),
        "bar": bar,
        "may_add": holds(request.user, Permission.ACTIVITY_EDIT),
        "offer": next_step_offer(request, now),
        "here": request.get_full_path(),
    }
    return render(request, f"pipeline/activities/{'_list' if partial else 'list'}.html", context)


@require_safe
@door(Permission.ACTIVITY_VIEW)
def activity_filter(request: SignedInRequest) -> HttpResponse:
    """The form that narrows the list."""
    return filter_form(request, FilterBar(request))


def _usual_order(activities: Any, state: str) -> Any:
    return activities.order_by("-done_at", "-pk") if state == "done" else activities.soonest_first()
