"""How the board is answered after something was done with a deal."""

import json

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from pipeline.deals.models import Deal
from teams.access.http import SignedInRequest


def done(request: SignedInRequest, deal: Deal, message: str, *, undo: bool = True) -> HttpResponse:
    """The dialog closes and the board asks again; any other page is loaded anew and says what was done."""
    url = undo_url(deal) if undo else ""
    page = (request.htmx.current_url_abs_path if request.htmx else "") or ""
    if page.partition("?")[0] == request.path:  # the form is a page of its own, which has done its work
        messages.success(request, message, extra_tags=url)
        return HttpResponseClientRedirect(reverse("deal", args=[deal.pk]))
    if page and not page.startswith(reverse("board")):
        messages.success(request, message, extra_tags=url)
        return HttpResponseClientRefresh()
    if request.htmx:
        toast = {"message": message, "level": "success", "undo": url}
        triggers = {"close-dialog": True, "kontor:board-changed": True, "toast": toast}
        return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(triggers)})
    messages.success(request, message, extra_tags=url)
    return redirect("deal", deal.pk) if not undo else redirect("board-pipeline", deal.pipeline_id)


def undo_url(deal: Deal) -> str:
    """Where the last change of a deal is taken back."""
    event = deal.events.order_by("-version", "-pk").values_list("pk", flat=True).first()
    return reverse("deal-undo", args=[deal.pk, event])


def filters_of_page(request: SignedInRequest) -> QueryDict:
    """The parameters of the page from which htmx asks."""
    return QueryDict((request.htmx.current_url or "").partition("?")[2].partition("#")[0])
