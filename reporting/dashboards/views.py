"""The dashboard: the same page for everybody, over the deals that each may see."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from reporting.dashboards.charts import funnel_chart, months, outcomes
from reporting.dashboards.choice import Choice, Reading
from reporting.dashboards.forms import NarrowingForm
from reporting.dashboards.heading import heading
from reporting.dashboards.keeping import measured
from reporting.dashboards.tiles import tiles
from teams.access import Permission
from teams.access.doors import door
from teams.access.http import SignedInRequest
from teams.models import Workspace


@require_safe
@door(Permission.METRICS_VIEW)
def dashboard(request: SignedInRequest) -> HttpResponse:
    """Unknown or invalid parameters narrow nothing; a notice names them."""
    now, workspace = timezone.now(), Workspace.get()
    today, choice = workspace.today(now), _choice(request, now)
    if choice.ignored:
        names = {"names": ", ".join(choice.ignored)}
        messages.warning(request, _("These filters were not understood: %(names)s") % names)
    known, scope = measured(request.user, choice), choice.scope(request.user)
    by_month = months(known.figures, scope, known.standing.quotas, today)
    context = {
        "heading": heading(choice, known.figures, workspace, today),
        "tiles": tiles(known.figures, choice, scope),
        "card": known.standing.card,
        "teams": known.standing.teams,
        "months": by_month,
        "month_columns": [month.column for month in by_month],
        "funnel": funnel_chart(known.figures, scope),
        "leaderboard": known.leaderboard,
        "outcomes": outcomes(known.figures, scope),
        "currency": workspace.currency,
    }
    return render(request, "reporting/dashboard.html", context)


@require_safe
@door(Permission.METRICS_VIEW)
def narrow(request: SignedInRequest) -> HttpResponse:
    """The form that chooses what the dashboard shows, filled with what it shows now."""
    choice = _choice(request, timezone.now())
    form = NarrowingForm(reader=request.user, chosen=choice.query)
    return render(request, "reporting/narrow.html", {"form": form})


def _choice(request: SignedInRequest, now: datetime) -> Choice:
    workspace = Workspace.get()
    return Reading(request.GET.dict(), request.user, workspace.today(now), workspace).choice()
