"""Where a person begins: the page she chose, else the figures for leaders and the day's work for others."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from teams.access import Permission, holds
from teams.access.doors import signed_in
from teams.access.http import SignedInRequest
from teams.access.reach import leads_others


@require_safe
@signed_in
def start(request: SignedInRequest) -> HttpResponse:
    """Redirects to the start page; people without records of their own see their notifications."""
    user = request.user
    if not holds(user, Permission.DEAL_VIEW):
        return redirect("notification-list")
    return redirect(_address(user.start_page or ("dashboard" if leads_others(user) else "today")))


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return reverse("board")
