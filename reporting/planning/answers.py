"""What the views of the plan share: opening a year, saving, and the answer afterwards."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext

from reporting.planning.grid import Grid, grid_for
from teams.access.http import SignedInRequest
from teams.quotas.actions import FIRST_YEAR, LAST_YEAR, QuotaChange, set_quotas


def open_grid(request: SignedInRequest, year: int) -> Grid:
    """The plan of a year as far as it is the reader's; 404 for years that nobody plans."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404
    return grid_for(request.user, year)


def save(request: SignedInRequest, changes: Sequence[QuotaChange]) -> int:
    return set_quotas(by=request.user, at=timezone.now(), changes=changes)


def saved(request: SignedInRequest, grid: Grid, changed: int) -> HttpResponse:
    """Back to the grid, with a word about how many quotas were changed."""
    text = ngettext("%(count)s quota changed", "%(count)s quotas changed", changed) % {"count": changed}
    messages.success(request, text)
    url = reverse("quota-year", args=[grid.year])
    return HttpResponse(status=204, headers={"HX-Redirect": url}) if request.htmx else redirect(url)
