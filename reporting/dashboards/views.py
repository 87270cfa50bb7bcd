"""The dashboard: the same page for everybody, over the deals that each may see."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from reporting.dashboards.forms import DashboardForm, period_of
from reporting.dashboards.tiles import tiles
from reporting.metrics import funnel
from reporting.metrics.population import Scope, Window
from teams.access import Permission
from teams.access.doors import door
from teams.access.http import SignedInRequest
from teams.models import Workspace


@require_safe
@door(Permission.METRICS_VIEW)
def dashboard(request: SignedInRequest) -> HttpResponse:
    """Unknown or invalid parameters narrow nothing; the form names them."""
    now, workspace = timezone.now(), Workspace.get()
    form = DashboardForm(request.GET)
    form.is_valid()
    period = period_of(form.cleaned_data.get("period", ""), workspace.today(now), workspace)
    window = Window(period, now, now)
    result = funnel.measure(scope=Scope(request.user, **form.narrowed), window=window)
    narrowed = {name: str(pk) for name, pk in form.narrowed.items()}
    context = {"form": form, "period": period, "tiles": tiles(result, window, narrowed, workspace.currency)}
    return render(request, "reporting/dashboard.html", context)
