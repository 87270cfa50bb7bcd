"""Pages and dialogs of saved views."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.lib.errors import Refused
from crm.lib.repeats import once
from pipeline.saved_views import actions
from pipeline.saved_views.forms import NewViewForm, ViewForm
from pipeline.saved_views.models import SavedView
from pipeline.saved_views.tabs import parameters_from
from teams.access import Permission
from teams.access.dialogs import leave_for
from teams.access.doors import door
from teams.access.http import SignedInRequest
from teams.models import Workspace


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.DEAL_VIEW)
@once
def view_add(request: SignedInRequest) -> HttpResponse:
    """Give the filters, order and columns of a page a name; `?query=` holds them."""
    form = NewViewForm(request.POST or None, by=request.user, initial={"query": request.GET.get("query", "")})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            view = actions.save_view(
                by=request.user,
                name=given["name"],
                parameters=parameters_from(given["query"]),
                scope=given["scope"],
            )
            if given["pin"]:
                actions.pin_view(view=view, by=request.user)
        except Refused as refusal:
            refusal.put_into(form)
        else:
            return _go(request, view, _("View saved"))
    return _ask(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.DEAL_VIEW)
def view_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Another name, another scope."""
    view = _view(request, pk)
    actions.check_may_change(view, request.user)
    form = ViewForm(request.POST or None, by=request.user, initial={"name": view.name, "scope": view.scope})
    if request.method == "POST" and form.is_valid():
        try:
            changed = actions.change_view(view=view, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            refusal.put_into(form)
        else:
            return _go(request, changed, _("View saved"))
    return _ask(request, form, view)


@require_POST
@door(Permission.DEAL_VIEW)
def view_save(request: SignedInRequest, pk: int) -> HttpResponse:
    """The view becomes what the page shows."""
    view = _view(request, pk)
    parameters = parameters_from(request.POST.get("query", ""))
    return _go(request, actions.change_view(view=view, by=request.user, parameters=parameters), _("View saved"))


@require_POST
@door(Permission.DEAL_VIEW)
def view_delete(request: SignedInRequest, pk: int) -> HttpResponse:
    view = _view(request, pk)
    actions.delete_view(view=view, by=request.user)
    messages.success(request, _("View deleted"))
    return redirect(view.place)


@require_POST
@door(Permission.DEAL_VIEW)
def view_pin(request: SignedInRequest, pk: int, *, pinned: bool) -> HttpResponse:
    view = _view(request, pk)
    change = actions.pin_view if pinned else actions.unpin_view
    change(view=view, by=request.user)
    return redirect(view.get_absolute_url())


def _view(request: SignedInRequest, pk: int) -> SavedView:
    today = Workspace.get().today(timezone.now())
    view: SavedView = get_object_or_404(SavedView.objects.visible_to(request.user, today), pk=pk)
    return view


def _ask(request: SignedInRequest, form: Any, view: SavedView | None) -> HttpResponse:
    context = {"form": form, "view": view, "action_url": reverse("view-edit", args=[view.pk]) if view else request.path}
    return render(request, "pipeline/views/form.html", context, status=422 if form.is_bound else 200)


def _go(request: SignedInRequest, view: SavedView, message: str) -> HttpResponse:
    messages.success(request, message)
    return leave_for(request, view.get_absolute_url())
