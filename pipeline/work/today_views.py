"""The page that a working day starts with."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from pipeline.work import quota_pace, today
from teams.access.doors import signed_in
from teams.access.http import SignedInRequest


@require_safe
@signed_in
def today_page(request: SignedInRequest) -> HttpResponse:
    now = timezone.now()
    page = today.read(request.user, now)
    context = {
        "page": page,
        "today": timezone.localdate(now),
        "pace": quota_pace.panel_for(request.user, now),
        "working_day": quota_pace.working_day(now),
    }
    return render(request, "pipeline/today/page.html", context)
