"""Search: the palette over any page, and a page of its own without script."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from pipeline.work import search_actions as offers
from pipeline.work.search import find, recent, wish
from teams.access.doors import signed_in
from teams.access.http import SignedInRequest

IN_PALETTE, ON_PAGE = 6, 20
RESULTS = "search-results"


@require_safe
@signed_in
def search(request: SignedInRequest) -> HttpResponse:
    """What fits the words of `q`, as far as the person sees it; without words her last deals."""
    asked = wish(request.GET.get("q", ""))
    limit = IN_PALETTE if request.htmx else ON_PAGE
    now = timezone.now()
    found = find(asked, reader=request.user, now=now, limit=limit)
    first = found.deals[0].deal if found.deals else None
    context = {
        "asked": asked,
        "found": found,
        "recent": [] if asked.words or asked.kind else recent(reader=request.user, now=now, limit=limit),
        "doings": offers.doings(first, request.user) if first else [],
        "creations": [] if asked.kind in {"contacts", "companies"} else offers.creations(asked, request.user),
        "places": [] if asked.kind in {"contacts", "companies"} else offers.places(asked, request.user),
        "in_palette": bool(request.htmx),
    }
    if not request.htmx:
        return render(request, "pipeline/search/page.html", context)
    name = "_results" if request.htmx.target == RESULTS else "palette"
    return render(request, f"pipeline/search/{name}.html", context)
