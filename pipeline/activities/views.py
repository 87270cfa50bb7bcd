"""Planning, doing, moving and dropping activities; writing notes."""

from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from crm.lib.periods import local_instant
from pipeline.activities import actions, note_actions
from pipeline.activities.forms import DoneForm, DueForm, NoteForm, PlanForm, SnoozeForm
from pipeline.activities.models import Activity
from pipeline.contacts.models import Company, Contact
from pipeline.deals.models import Deal
from teams.access import Permission
from teams.access.doors import door

_SUBJECTS: dict[str, Any] = {"deal": Deal, "company": Company, "contact": Contact}
MORNING = time(9)


@door(Permission.ACTIVITY_EDIT)
@require_http_methods(["GET", "POST"])
def activity_add(request: HttpRequest) -> HttpResponse:
    """Plan an activity; `?deal=7`, `?company=7` or `?contact=7` says about what."""
    about = _about(request)
    form = PlanForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = {name: form.cleaned_data[name] for name in ("kind", "subject", "text")}
        by: Any = request.user
        added = actions.plan(by=by, at=timezone.now(), **fields, **_due(request, form), **about)
        return _done(request, added, _("Planned"))
    return _dialog(request, form, title=_("Plan an activity"), submit=_("Plan"))


@door(Permission.ACTIVITY_VIEW)
@require_http_methods(["GET", "POST"])
def activity_done(request: HttpRequest, pk: int) -> HttpResponse:
    activity = _reached(request, pk)
    form = DoneForm(request.POST if request.method == "POST" else None, initial={"version": activity.version})
    if request.method == "POST" and form.is_valid():
        by: Any = request.user
        activity = actions.complete(activity_id=pk, by=by, at=timezone.now(), **form.cleaned_data)
        return _done(request, activity, _("Done"))
    return _dialog(request, form, title=activity.subject, submit=_("Mark as done"))


@door(Permission.ACTIVITY_VIEW)
@require_http_methods(["GET", "POST"])
def activity_reschedule(request: HttpRequest, pk: int) -> HttpResponse:
    activity = _reached(request, pk)
    form = DueForm(request.POST or None, initial={"due_on": activity.due_on})
    if request.method == "POST" and form.is_valid():
        by: Any = request.user
        due = _due(request, form)
        activity = actions.reschedule(activity_id=pk, by=by, at=timezone.now(), version=None, **due)
        return _done(request, activity, _("Rescheduled"))
    return _dialog(request, form, title=activity.subject, submit=_("Reschedule"))


@door(Permission.ACTIVITY_VIEW)
@require_http_methods(["GET", "POST"])
def activity_snooze(request: HttpRequest, pk: int) -> HttpResponse:
    activity = _reached(request, pk)
    form = SnoozeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        by: Any = request.user
        now = timezone.now()
        tomorrow = local_instant(now.astimezone(by.zone).date() + timedelta(days=1), MORNING, by.zone)
        until = tomorrow if form.cleaned_data["until"] == "tomorrow" else now + timedelta(hours=1)
        return _done(request, actions.snooze(activity_id=pk, by=by, at=now, until=until), _("Snoozed"))
    return _dialog(request, form, title=activity.subject, submit=_("Snooze"))


@door(Permission.ACTIVITY_VIEW)
@require_POST
def activity_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    _reached(request, pk)
    by: Any = request.user
    return _done(request, actions.cancel(activity_id=pk, by=by, at=timezone.now(), version=None), _("Cancelled"))


@door(Permission.ACTIVITY_EDIT)
@require_http_methods(["GET", "POST"])
def note_add(request: HttpRequest) -> HttpResponse:
    about = _about(request)
    form = NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        by: Any = request.user
        note = note_actions.add_note(by=by, at=timezone.now(), **form.cleaned_data, **about)
        return _done(request, note, _("Note added"))
    return _dialog(request, form, title=_("New note"), submit=_("Add note"))


def _reached(request: HttpRequest, pk: int) -> Activity:
    return get_object_or_404(Activity.objects.reachable_by(request.user), pk=pk)


def _about(request: HttpRequest) -> dict[str, Any]:
    """The records that the address names; 404 for one out of reach."""
    wanted = {name: request.GET[name] for name in _SUBJECTS if request.GET.get(name, "").isdecimal()}
    return {
        name: get_object_or_404(_SUBJECTS[name].objects.live().reachable_by(request.user), pk=int(pk))
        for name, pk in wanted.items()
    }


def _due(request: HttpRequest, form: Form) -> dict[str, Any]:
    day, clock = form.cleaned_data["due_on"], form.cleaned_data["due_time"]
    due_at: datetime | None = local_instant(day, clock, request.user.zone) if clock else None  # type: ignore[union-attr]
    return {"due_on": None if clock else day, "due_at": due_at}


def _dialog(request: HttpRequest, form: Any, *, title: str, submit: str) -> HttpResponse:
    context = {"form": form, "title": title, "submit": submit, "address": request.get_full_path()}
    return render(request, "pipeline/activities/dialog.html", context, status=422 if form.is_bound else 200)


def _done(request: HttpRequest, row: Any, text: str) -> HttpResponse:
    """Back to the record that it is about; a dialog's page is loaded anew."""
    messages.success(request, text)
    if getattr(request, "htmx", False):
        return HttpResponseClientRefresh()
    for name in _SUBJECTS:
        pk = getattr(row, f"{name}_id")
        if pk:
            return redirect(name, pk)
    try:
        return redirect(reverse("today"))
    except NoReverseMatch:
        return redirect("/")
