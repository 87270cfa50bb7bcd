"""The page that a working day starts with."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from pipeline.activities.answers import NEXT_FOR
from pipeline.activities.offers import next_step_offer
from pipeline.work import quota_pace, today
from teams.access import Permission, holds
from teams.access.doors import signed_in
from teams.access.http import SignedInRequest
from teams.models import Workspace


@require_safe
@signed_in
def today_page(request: SignedInRequest) -> HttpResponse:
    now = timezone.now()
    has_team = today.has_team(request.user)
    team = has_team and request.GET.get("who") == "team"
    page = today.read(request.user, now, team=team, show=request.GET.get("show", ""))
    tabs = [{**vars(tab), "url": _url_of(request, tab.show)} for tab in page.tabs]
    context = {
        "page": page,
        "tabs": tabs,
        "has_team": has_team,
        "is_team": team,
        "may_plan": holds(request.user, Permission.ACTIVITY_EDIT),
        "may_add": holds(request.user, Permission.DEAL_ADD),
        "offer": next_step_offer(request, now),
        "here": request.get_full_path(),
        "now": now,
        "currency": Workspace.get().currency,
        "today": timezone.localdate(now),
        "pace": quota_pace.panel_for(request.user, now),
        "working_day": quota_pace.working_day(now),
    }
    return render(request, "pipeline/today/page.html", context)


def _url_of(request: SignedInRequest, show: str) -> str:
    """This page with another tab open."""
    query = request.GET.copy()
    for name in ("show", NEXT_FOR):
        query.pop(name, None)
    if show:
        query["show"] = show
    return f"{request.path}?{query.urlencode()}" if query else request.path
