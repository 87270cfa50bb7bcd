"""What the views of activities and notes share: the dialog, and the way back after it."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from crm.lib.errors import Refused
from crm.lib.text import whole_number
from pipeline.activities.models import Activity, Note
from pipeline.activities.undo import undo_url
from pipeline.contacts.models import Company, Contact
from pipeline.deals.models import Deal
from teams.access.dialogs import ask, leave_for
from teams.access.http import SignedInRequest

T = TypeVar("T", Activity, Note)

SUBJECTS: dict[str, Any] = {"deal": Deal, "company": Company, "contact": Contact}
# The parameter that asks a page to offer the next step of a deal.
NEXT_FOR = "next_for"


def about(request: SignedInRequest) -> dict[str, Any]:
    """The records that the address names; 404 for one out of reach."""
    wanted = {name: whole_number(request.GET.get(name, "")) for name in SUBJECTS}
    return {
        name: get_object_or_404(SUBJECTS[name].objects.live().reachable_by(request.user), pk=pk)
        for name, pk in wanted.items()
        if pk is not None
    }


def dialog(request: SignedInRequest, form: Any, *, title: str, submit: str) -> HttpResponse:
    """Ask for what an activity or note needs, and remember where the person came from."""
    return ask(request, form, title=title, submit=submit, next=request.POST.get("next", ""), chips=True)


def tried(request: SignedInRequest, form: BaseForm, act: Callable[[], T]) -> T | None:
    """What the action answers; None where it refused, which the form then says beside what was typed.

    A button outside of the dialog has no form to say it: there the refusal goes on and becomes a notice.
    """
    try:
        return act()
    except Refused as refusal:
        if request.htmx and request.htmx.target != "dialog":
            raise
        refusal.put_into(form)
        return None


def changed(
    request: SignedInRequest, activity: Activity, text: str, before: dict[str, Any], *, offer_next: bool = False
) -> HttpResponse:
    """Back to where the person was, with the way to take it back and, if wanted, the offer of a next step."""
    waiting = Deal.objects.in_funnel().filter(pk=activity.deal_id or 0, next_step__isnull=True)
    deal = waiting.first() if offer_next else None
    return told(request, activity, text, undo=undo_url(activity, before), next_for=deal.pk if deal else None)


def told(
    request: SignedInRequest, row: Activity | Note, text: str, *, undo: str, next_for: int | None = None
) -> HttpResponse:
    """Back to the page that asked, else to the record that it is about."""
    messages.success(request, text, extra_tags=undo)
    url = _page_before(request) or _record_of(row)
    url = _without_offer(url, next_for)
    return leave_for(request, url)


def _page_before(request: SignedInRequest) -> str:
    wanted = request.POST.get("next") or (request.htmx.current_url_abs_path if request.htmx else "") or ""
    return wanted if _is_ours(request, wanted) else ""


def _is_ours(request: HttpRequest, url: str) -> bool:
    return url.startswith("/") and url_has_allowed_host_and_scheme(
        url, {request.get_host()}, require_https=request.is_secure()
    )


def _record_of(row: Activity | Note) -> str:
    for name in SUBJECTS:
        pk = getattr(row, f"{name}_id")
        if pk:
            return reverse(name, args=[pk])
    return reverse("activity-list")


def _without_offer(url: str, next_for: int | None) -> str:
    """The address with the offer of this deal's next step, or without any."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != NEXT_FOR]
    if next_for:
        query.append((NEXT_FOR, str(next_for)))
    return parts._replace(query=urlencode(query)).geturl()
