"""What the pages of companies and contacts share: finding a record, its conversation, lists, the bin."""

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F, Q
from django.forms import Form, ModelForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from pipeline.contacts.actions import may_delete
from pipeline.contacts.filter_bar import FilterBar
from pipeline.contacts.filters import RecordFilter
from pipeline.saved_views.filter_bar import tell_about_ignored
from teams.access import Permission, holds
from teams.access.dialogs import ask
from teams.access.http import SignedInRequest, asks_for_part, version_read

PAGE_SIZE = 50
MOST_RELATED = 50
MOST_DONE = 20


def reached(request: SignedInRequest, model: Any, pk: int, *related: str) -> Any:
    """A live record within reach, or 404."""
    rows = model.objects.live().reachable_by(request.user)
    return get_object_or_404(rows.select_related(*related) if related else rows, pk=pk)


def shown(request: SignedInRequest, model: Any, pk: int, *related: str) -> Any:
    """A record within reach; one in the bin only for people who may take it out."""
    editable = model.objects.reachable_by(request.user, Permission.COMPANY_EDIT).values("pk")
    rows = model.objects.reachable_by(request.user).filter(Q(deleted_at__isnull=True) | Q(pk__in=editable))
    return get_object_or_404(rows.select_related(*related), pk=pk)


def may_edit(request: SignedInRequest, row: Any) -> bool:
    if row.deleted_at is not None:
        return False
    return bool(type(row).objects.reachable_by(request.user, Permission.COMPANY_EDIT).filter(pk=row.pk).exists())


def list_context(
    request: SignedInRequest, chosen: RecordFilter, found: Any, *, number: int | None = None
) -> dict[str, Any]:
    """A page of what was found, as the address chose it; `number` of its rows, where the caller knows it."""
    if not found.query.order_by:
        found = found.order_by("sort_key", "pk")
    if not asks_for_part(request):
        tell_about_ignored(request, chosen)
    paginator = Paginator(found, PAGE_SIZE)
    if number is not None:
        paginator.count = number
    return {
        "page": paginator.get_page(request.GET.get("page")),
        "rows": found,
        "bar": filter_bar(request, chosen),
        "ordering": request.GET.get("ordering", "name"),
        "q": request.GET.get("q", ""),
        "can_add": holds(request.user, Permission.COMPANY_EDIT),
        "may_export": holds(request.user, Permission.EXPORT),
    }


def filter_bar(request: SignedInRequest, rows: RecordFilter) -> FilterBar:
    name = rows.queryset.model._meta.model_name
    return FilterBar(request, rows, page_url=reverse(f"{name}-list"), form_url=reverse(f"{name}-filter"))


def record_context(request: SignedInRequest, row: Any) -> dict[str, Any]:
    """Activities, notes and the bin of a record, as far as the person sees them."""
    name = row._meta.model_name
    activities = row.activities.reachable_by(request.user).select_related("assignee")
    notes = row.notes.live().reachable_by(request.user).select_related("author")
    live = row.deleted_at is None
    can_write = live and holds(request.user, Permission.ACTIVITY_EDIT)
    deletable = may_delete(row, request.user)
    return {
        "record": row,
        "plan_url": reverse("activity-add") + f"?{name}={row.pk}" if can_write else "",
        "note_url": reverse("note-add") + f"?{name}={row.pk}" if can_write else "",
        "delete_url": reverse(f"{name}-delete", args=[row.pk]) if live and deletable else "",
        "restore_url": "" if live else reverse(f"{name}-restore", args=[row.pk]),
        "deleted_at": row.deleted_at,
        "version": row.version,
        "activities": activities.open().soonest_first()[:MOST_RELATED],
        "done_activities": activities.done().order_by("-done_at", "-pk")[:MOST_DONE],
        "notes": notes.order_by(F("pinned_at").desc(nulls_last=True), "-created_at", "-pk")[:MOST_RELATED],
    }


def ask_to_add(request: SignedInRequest, form: ModelForm, *, title: str, **more: Any) -> HttpResponse:
    """The page on which a record is added; 422 for a form with mistakes."""
    name = form._meta.model._meta.model_name  # type: ignore[attr-defined]
    context = {"form": form, "title": title, "cancel_url": reverse(f"{name}-list"), **more}
    return render(request, "pipeline/contacts/add.html", context, status=422 if form.is_bound else 200)


def delete(request: SignedInRequest, row: Any, do: Callable[..., Any]) -> HttpResponse:
    """Ask, then put the record into the bin, with the way back in the toast."""
    name = row._meta.model_name
    if request.method != "POST":
        title = _("Delete %(name)s?") % {"name": row.name}
        text = _("It goes into the bin, from where it can be restored.")
        return ask(request, Form(), title=title, text=text, submit=_("Delete"), danger=True, version=row.version)
    gone = do(by=request.user, at=timezone.now(), version=version_read(request), **{f"{name}_id": row.pk})
    undo = f"{reverse(f'{name}-restore', args=[row.pk])}?version={gone.version}"
    messages.success(request, _("%(name)s deleted") % {"name": row.name}, extra_tags=undo)
    there = reverse(f"{name}-list")
    return HttpResponse(status=204, headers={"HX-Redirect": there}) if request.htmx else redirect(there)


def restore(request: SignedInRequest, model: Any, pk: int, do: Callable[..., Any]) -> HttpResponse:
    """Take a record out of the bin; 404 where it is not in it, or out of reach."""
    row = get_object_or_404(model.objects.filter(deleted_at__isnull=False).reachable_by(request.user), pk=pk)
    name = row._meta.model_name
    do(by=request.user, at=timezone.now(), version=version_read(request), **{f"{name}_id": pk})
    message = _("Restored")
    if request.htmx:
        toast = {"toast": {"message": message, "level": "success"}}
        return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(toast), "HX-Refresh": "true"})
    messages.success(request, message)
    return redirect(name, pk)
