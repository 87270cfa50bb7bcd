"""Many quotas at once: rows from a spreadsheet, or last year's. Shown first, saved once confirmed."""

import json
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from crm.lib.errors import Refused
from reporting.planning.answers import open_grid, save, saved
from reporting.planning.block import Block
from reporting.planning.forms import CopyForm, PasteForm
from reporting.planning.grid import Grid
from teams.access import Permission
from teams.access.doors import door
from teams.access.http import SignedInRequest
from teams.quotas.actions import FIRST_YEAR

MOST_SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.QUOTA_SET)
def quota_paste(request: SignedInRequest, year: int) -> HttpResponse:
    return _handle(request, open_grid(request, year), PasteForm(request.POST or None), "paste")


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.QUOTA_SET)
def quota_copy(request: SignedInRequest, year: int) -> HttpResponse:
    if year <= FIRST_YEAR:
        raise Http404
    grid, before = open_grid(request, year), open_grid(request, year - 1)
    return _handle(request, grid, CopyForm(request.POST or None), "copy", before)


def _handle(
    request: SignedInRequest, grid: Grid, form: PasteForm | CopyForm, name: str, before: Grid | None = None
) -> HttpResponse:
    if request.method != "POST" or not form.is_valid():
        return _show(request, grid, form, name, status=422 if form.is_bound else 200)
    block = form.block(grid, before)
    seen = form.cleaned_data["seen"]
    if block.problems or "confirm" not in request.POST or not block.versions.keys() <= seen.keys():
        return _show(request, grid, form, name, block, status=422 if block.problems else 200)
    try:
        changed = save(request, [cell.as_quota(seen[cell.key]) for cell in block.cells])
    except Refused as refusal:
        return _show(request, grid, form, name, block, status=409, refusal=str(refusal))
    return saved(request, grid, changed)


def _show(
    request: SignedInRequest,
    grid: Grid,
    form: Any,
    name: str,
    block: Block | None = None,
    *,
    status: int = 200,
    refusal: str = "",
) -> HttpResponse:
    changes = block.changed if block and not block.problems else []
    context = {
        "grid": grid,
        "form": form,
        "pasted": block,
        "changes": changes[:MOST_SHOWN],
        "more": max(len(changes) - MOST_SHOWN, 0),
        "problems": block.problems[:MOST_SHOWN] if block else [],
        "seen": json.dumps(block.versions) if block else "",
        "refusal": refusal,
    }
    return render(request, f"reporting/planning/{name}.html", context, status=status)
