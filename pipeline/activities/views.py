"""Planning, doing, moving and dropping activities. Every address also works as a page without script."""

from typing import Any

from django.core import signing
from django.core.signing import BadSignature
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST

from crm.lib.periods import local_date
from crm.lib.repeats import once
from pipeline.activities import actions
from pipeline.activities.answers import about, changed, dialog, told, tried
from pipeline.activities.forms import DoneForm, DueForm, EditForm, PlanForm, SnoozeForm, due_initial
from pipeline.activities.models import Activity
from pipeline.activities.quick import snooze_until
from pipeline.activities.undo import UNDO_FOR, arguments, memory
from teams.access import Permission
from teams.access.doors import door
from teams.access.http import SignedInRequest, version_read


@door(Permission.ACTIVITY_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
@once
def activity_add(request: SignedInRequest) -> HttpResponse:
    """Plan an activity; `?deal=7`, `?company=7` or `?contact=7` says about what."""
    records = about(request)
    kind = request.GET.get("kind", "call")
    form = PlanForm(request.POST or None, by=request.user, initial={"kind": kind})
    if request.method == "POST" and form.is_valid():
        facts = {**form.facts, **form.due(request.user), **records}
        added = tried(request, form, lambda: actions.plan(by=request.user, at=timezone.now(), **facts))
        if added:
            return told(request, added, _("Planned"), undo="")
    title = {"call": _("Plan a call"), "meeting": _("Plan a meeting"), "email": _("Plan an e-mail")}.get(kind)
    return dialog(request, form, title=title or _("Plan an activity"), submit=pgettext("verb", "Plan"))


@door(Permission.ACTIVITY_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def activity_done(request: SignedInRequest, pk: int) -> HttpResponse:
    activity = _reached(request, pk)
    form = DoneForm(request.POST if request.method == "POST" else None, activity=activity)
    if request.method == "POST" and form.is_valid():
        before, facts = memory(activity), {"activity_id": pk, "by": request.user, **form.facts}
        done = tried(request, form, lambda: actions.complete(at=timezone.now(), **facts))
        if done:
            return changed(request, done, _("Done: %(subject)s") % {"subject": done.subject}, before, offer_next=True)
    return dialog(request, form, title=activity.subject, submit=_("Mark as done"))


@door(Permission.ACTIVITY_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def activity_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    activity = _reached(request, pk)
    form = EditForm(request.POST or None, activity=activity)
    if request.method == "POST" and form.is_valid():
        facts = {"activity_id": pk, "version": form.cleaned_data["version"], "changes": form.changes}
        saved = tried(request, form, lambda: actions.edit_activity(by=request.user, at=timezone.now(), **facts))
        if saved:
            return told(request, saved, _("Saved"), undo="")
    return dialog(request, form, title=_("Change activity"), submit=_("Save"))


@door(Permission.ACTIVITY_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def activity_reschedule(request: SignedInRequest, pk: int) -> HttpResponse:
    activity = _reached(request, pk)
    initial = {"version": activity.version, **due_initial(activity, request.user)}
    form = DueForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        before = memory(activity)
        facts = {"activity_id": pk, "version": form.cleaned_data["version"], **form.due(request.user)}
        moved = tried(request, form, lambda: actions.reschedule(by=request.user, at=timezone.now(), **facts))
        if moved:
            return changed(request, moved, _("Rescheduled"), before)
    return dialog(request, form, title=activity.subject, submit=_("Reschedule"))


@door(Permission.ACTIVITY_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def activity_snooze(request: SignedInRequest, pk: int) -> HttpResponse:
    activity, now = _reached(request, pk), timezone.now()
    today = local_date(now, request.user.zone)
    form = SnoozeForm(request.POST or None, today=today, initial={"version": activity.version})
    if request.method == "POST" and form.is_valid():
        before, chosen = memory(activity), form.cleaned_data
        until = snooze_until(chosen["until"], now, by=request.user, on=chosen["on"])
        facts = {"activity_id": pk, "version": chosen["version"], "until": until}
        later = tried(request, form, lambda: actions.snooze(by=request.user, at=now, **facts))
        if later:
            return changed(request, later, _("Snoozed"), before)
    return dialog(request, form, title=activity.subject, submit=_("Snooze"))


@door(Permission.ACTIVITY_EDIT)
@require_POST
def activity_cancel(request: SignedInRequest, pk: int) -> HttpResponse:
    activity = _reached(request, pk)
    before = memory(activity)
    dropped = actions.cancel(activity_id=pk, by=request.user, at=timezone.now(), version=version_read(request))
    return changed(request, dropped, _("Cancelled"), before)


@door(Permission.ACTIVITY_EDIT)
@require_POST
def activity_undo(request: SignedInRequest, pk: int, was: str) -> HttpResponse:
    """Back to what the signed `was` remembers, for ten minutes and unless somebody changed it since."""
    _reached(request, pk)
    try:
        before: dict[str, Any] = signing.loads(was, salt=f"activity-{pk}", max_age=UNDO_FOR)
    except BadSignature as error:
        raise Http404 from error
    restored = actions.take_back(activity_id=pk, by=request.user, at=timezone.now(), **arguments(before))
    if request.htmx:
        return HttpResponse(status=204)
    return told(request, restored, _("Restored"), undo="")


def _reached(request: SignedInRequest, pk: int) -> Activity:
    activities = Activity.objects.reachable_by(request.user).select_related("deal")
    found: Activity = get_object_or_404(activities, pk=pk)
    return found
