"""The page of one deal, the editors of its values, and the verbs of its menu."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from crm.lib.addresses import address
from crm.lib.errors import Conflict, Forbidden, Refused
from crm.lib.repeats import once
from pipeline.deals import actions
from pipeline.deals.actions.lifecycle import may_delete
from pipeline.deals.forms import LABELS, FieldForm
from pipeline.deals.models import Deal, DealEvent
from pipeline.deals.states import EventKind
from pipeline.work import deal_page, timeline
from pipeline.work.forms import VerbForm
from pipeline.work.neighbours import neighbours
from pipeline.work.verbs import FORMS
from teams.access import Permission, holds, who_may
from teams.access.doors import door
from teams.access.http import SignedInRequest
from teams.models import User, Workspace


@require_safe
@door(Permission.DEAL_VIEW)
def deal(request: SignedInRequest, pk: int) -> HttpResponse:
    chosen, shown = request.GET.get("history", ""), request.GET.get("shown", "")
    count = int(shown) if shown.isdecimal() and len(shown) < 6 else timeline.PAGE
    now = timezone.now()
    try:
        page = deal_page.read(pk, reader=request.user, now=now, chosen=chosen, shown=count)
    except Deal.DoesNotExist as missing:
        raise Http404 from missing
    context = {"page": page, "deal": page.deal, "now": now, "today": timezone.localdate(now)}
    context["history_tabs"] = [(key, label, key == page.history.chosen) for key, label in timeline.FILTERS.items()]
    name = "_history" if request.htmx and request.htmx.target == "history" else "page"
    if name == "page":
        context["around"] = neighbours(request, page.deal, now)
    return render(request, f"pipeline/deal/{name}.html", context)


# --- One value ---------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.DEAL_VIEW)
def edit(request: SignedInRequest, pk: int, field: str) -> HttpResponse:
    """GET answers the editor (with `?read` the value), POST saves the one value."""
    if field not in LABELS:
        raise Http404
    now = timezone.now()
    found = _find(request, pk)
    if "read" in request.GET:
        return _value(request, found, field)
    if not found.can_edit:  # type: ignore[attr-defined]
        raise Forbidden(who_may(Permission.DEAL_EDIT))
    today = Workspace.get().today(now)
    if request.method != "POST":
        return _editor(request, found, FieldForm(field, today=today, deal=found))
    form = FieldForm(field, today=today, deal=found, data=request.POST)
    if not form.is_valid():
        return _editor(request, found, form, status=422)
    return _save(request, found, form, now)


def _save(request: SignedInRequest, found: Deal, form: FieldForm, now: datetime) -> HttpResponse:
    """Write the one value; what is wrong with it stands in its editor, with what was typed."""
    pk, field = found.pk, form.name
    try:
        actions.edit_deal(
            deal_id=pk,
            by=request.user,
            at=now,
            version=form.cleaned_data["version"],
            changes={field: form.wanted},
        )
    except Conflict as conflict:
        return _conflict(request, pk, form, conflict)
    except Refused as refusal:
        if refusal.field != field:
            raise  # Such as that the deal is closed: no other value would help.
        refusal.put_into(form)
        return _editor(request, found, form, status=422)
    return _value(request, _find(request, pk), field, saved=True) if request.htmx else redirect("deal", pk)


def _value(request: SignedInRequest, found: Deal, field: str, *, saved: bool = False) -> HttpResponse:
    if not request.htmx:
        return redirect("deal", found.pk)
    value = deal_page.detail(found, field, editable=True)
    return render(request, "pipeline/deal/_value.html", {"value": value, "saved": saved, "deal": found})


def _editor(request: SignedInRequest, found: Deal, form: FieldForm, *, status: int = 200) -> HttpResponse:
    name = "_editor" if request.htmx else "edit"
    context = {"deal": found, "form": form, "field": form.field, "label": LABELS[form.name]}
    return render(request, f"pipeline/deal/{name}.html", context, status=status)


def _conflict(request: SignedInRequest, pk: int, form: FieldForm, conflict: Conflict) -> HttpResponse:
    """Both values, so that the person decides; nothing was written."""
    found = _find(request, pk)
    clash = conflict.conflicts[0]
    sentence = _("%(name)s set this to %(theirs)s at %(time)s. You typed %(yours)s.") % {
        "name": clash.by or _("Somebody"),
        "theirs": deal_page.words(found, form.name) or "–",
        "time": deal_page.clock(clash.at),
        "yours": deal_page.typed_words(form.name, form.wanted, found) or "–",
    }
    context = {
        "deal": found,
        "label": LABELS[form.name],
        "name": form.name,
        "sentence": sentence,
        "typed": request.POST.get(form.name, ""),
    }
    name = "_conflict" if request.htmx else "conflict"
    return render(request, f"pipeline/deal/{name}.html", context, status=409)


# --- The whole deal ----------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.DEAL_VIEW)
@once
def act(request: SignedInRequest, pk: int, verb: str, part: int = 0) -> HttpResponse:
    """Something done with the deal: GET asks what it needs, POST does it and goes back to the deal."""
    found, now = _find(request, pk), timezone.now()
    _must_be_allowed(found, FORMS[verb].needs, by=request.user, at=now)
    try:
        form = FORMS[verb](
            request.POST or None, deal=found, by=request.user, now=now, part=part, kind=request.GET.get("kind", "")
        )
    except ObjectDoesNotExist as missing:
        raise Http404 from missing
    if request.method == "POST" and not form.is_search and form.is_valid():
        before = _last_event(pk)
        try:
            form.carry_out(deal=found, by=request.user, at=now)
        except Refused as refusal:
            refusal.put_into(form)
        else:
            return _acted(request, pk, form, before)
    status = 422 if form.is_bound and not form.is_search else 200
    context = {"deal": found, "form": form, "action_url": request.path, "cancel_url": address("deal", pk)}
    if form.remove_name:
        context["remove_url"] = address(form.remove_name, pk, part)
    return render(request, form.template, context, status=status)


def _must_be_allowed(found: Any, permission: Permission, *, by: User, at: datetime) -> None:
    """Raises Forbidden before anybody fills in a form in vain."""
    if permission == Permission.DEAL_DELETE:
        allowed = may_delete(found, by=by, at=at)
    elif permission == Permission.ACTIVITY_EDIT:
        allowed = holds(by, permission)
    else:
        allowed = found.can_reassign if permission == Permission.DEAL_REASSIGN else found.can_edit
    if not allowed:
        raise Forbidden(who_may(permission))


def _acted(request: SignedInRequest, pk: int, form: VerbForm, before: int) -> HttpResponse:
    """Back to the deal, or to the list if it was given out of reach; the last change can be taken back there."""
    after = _last_event(pk)
    messages.success(request, form.done, extra_tags=address("deal-undo", pk, after) if after != before else "")
    is_visible = Deal.objects.reachable_by(request.user).filter(pk=pk).exists()
    url = address("deal", pk) if is_visible else address("deal-list")
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def _last_event(pk: int) -> int:
    """The newest event of the deal that can be undone, 0 if there is none."""
    events = DealEvent.objects.filter(deal_id=pk, corrects__isnull=True)
    newest = events.order_by("-pk").values_list("pk", "kind").first()
    return newest[0] if newest and newest[1] != EventKind.REOPENED else 0


def _find(request: SignedInRequest, pk: int) -> Any:
    try:
        return deal_page.find(pk, reader=request.user, now=timezone.now())
    except Deal.DoesNotExist as missing:
        raise Http404 from missing
