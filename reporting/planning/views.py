"""The quota grid of a year, and one line of it with its history."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from crm.lib.errors import Conflict, Refused
from reporting.planning.answers import open_grid, save, saved
from reporting.planning.forms import Entry, changes_of, read_entries
from reporting.planning.grid import Grid, Line, current_year
from reporting.planning.history import history_of
from reporting.planning.updates import summary, sums_after
from teams.access import Permission
from teams.access.doors import door
from teams.access.http import SignedInRequest
from teams.models import Workspace
from teams.quotas.actions import FIRST_YEAR, LAST_YEAR


@require_safe
@door(Permission.QUOTA_VIEW)
def quota_grid(request: SignedInRequest, year: int | None = None) -> HttpResponse:
    """The quotas of a year, of the present one without naming it."""
    present = current_year(Workspace.get().today(timezone.now()), Workspace.get())
    grid = open_grid(request, present if year is None else year)
    context = {
        "grid": grid,
        "summary": summary(grid),
        "year_before": grid.year - 1 if grid.year > FIRST_YEAR else None,
        "year_after": grid.year + 1 if grid.year < LAST_YEAR else None,
        "today": Workspace.get().today(timezone.now()),
    }
    return render(request, "reporting/planning/grid.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.QUOTA_VIEW)
def quota_line(request: SignedInRequest, year: int, kind: str, pk: int) -> HttpResponse:
    """One line: its history of changes and its months as a form. The grid posts single cells here."""
    grid = open_grid(request, year)
    lines = grid.lines_of(kind, pk)
    if not lines:
        raise Http404
    if request.method != "POST":
        return _show_line(request, grid, lines)
    entries = read_entries(request.POST.dict(), lines)  # type: ignore[arg-type]
    if request.htmx and len(entries) == 1:
        return _save_cell(request, grid, lines[0], entries[0])
    return _save_line(request, grid, lines, entries)


def _show_line(
    request: SignedInRequest,
    grid: Grid,
    lines: list[Line],
    entries: tuple[Entry, ...] | list[Entry] = (),
    *,
    status: int = 200,
    refusal: str = "",
) -> HttpResponse:
    typed = {entry.cell.month: entry for entry in entries}
    context = {
        "grid": grid,
        "line": lines[0],
        "fields": [(cell, typed.get(cell.month)) for line in lines for cell in line.cells if cell.may_edit],
        "changes": history_of(lines[0], grid.period, request.GET.get("month", "")),
        "refusal": refusal,
    }
    return render(request, "reporting/planning/line.html", context, status=status)


def _save_line(request: SignedInRequest, grid: Grid, lines: list[Line], entries: list[Entry]) -> HttpResponse:
    if any(entry.error for entry in entries):
        return _show_line(request, grid, lines, entries, status=422)
    try:
        changed = save(request, changes_of(entries, lines[0]))
    except Refused as refusal:
        return _show_line(request, open_grid(request, grid.year), lines, entries, status=409, refusal=str(refusal))
    return saved(request, grid, changed)


def _save_cell(request: SignedInRequest, grid: Grid, line: Line, entry: Entry) -> HttpResponse:
    """The cell as it stands now, with every sum that it is part of."""
    status, problem = (422, entry.error) if entry.error else (200, "")
    if not problem:
        try:
            save(request, changes_of([entry], line))
        except Conflict as conflict:
            status, problem = 409, _meanwhile(conflict)
        except Refused as refusal:
            status, problem = 409, str(refusal)
    grid = open_grid(request, grid.year)
    kind = "user" if line.kind == "person" else "team"
    found = grid.find(kind, line.subject.pk, entry.cell.month)
    if found is None:
        raise Http404
    context = {
        "grid": grid,
        "line": found[0],
        "cell": found[1],
        "typed": entry.typed if problem else None,
        "problem": problem,
        "sums": sums_after(grid, *found),
        "summary": summary(grid),
        "today": Workspace.get().today(timezone.now()),
    }
    return render(request, "reporting/planning/_saved.html", context, status=status)


def _meanwhile(conflict: Conflict) -> str:
    theirs = conflict.conflicts[0]
    values = {"name": theirs.by, "amount": theirs.theirs or "–"}
    return _("%(name)s has just set %(amount)s here. Enter your amount again to replace it.") % values
