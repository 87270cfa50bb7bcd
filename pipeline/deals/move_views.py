"""What is done with one deal from the board: move it, win it, lose it, take the last change back."""

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.lib.errors import Conflict, Refused
from pipeline.deals import actions
from pipeline.deals.answers import done, filters_of_page, undo_url
from pipeline.deals.board import Board, card_for, filtered, has_several_owners, headers
from pipeline.deals.board_forms import DealForm, LoseForm, MoveForm, WinForm
from pipeline.deals.meanwhile import changes_since
from pipeline.deals.models import Deal, DealEvent
from teams.access import Permission, holds
from teams.access.doors import door
from teams.access.http import SignedInRequest
from teams.models import Workspace


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.DEAL_EDIT)
def deal_move(request: SignedInRequest, pk: int) -> HttpResponse:
    """To another stage: from the board by htmx, else by a form that also asks for what the stage requires."""
    deal = _deal(request, pk)
    form = MoveForm(request.POST or None, deal=deal, today=_today(), by=request.user)
    if request.method != "POST" or not form.is_valid():
        return _ask(request, "move", form)
    before, read = deal.stage_id, deal.version
    try:
        deal = actions.move_to_stage(
            deal_id=pk,
            stage_id=form.cleaned_data["stage"],
            by=request.user,
            at=timezone.now(),
            version=form.cleaned_data["version"],
            fields=form.filled,
            occurred_at=form.happened_at,
            note=form.cleaned_data.get("note", ""),
        )
    except Refused as refusal:
        return _ask_again(request, "move", form, refusal)
    moved = deal.version != read
    sentence = _("%(deal)s moved to %(stage)s") if moved else _("%(deal)s is in %(stage)s already")
    message = sentence % {"deal": deal.name, "stage": deal.stage.label}
    if request.htmx and request.htmx.target == f"deal-{pk}":
        return _moved_on_board(request, deal, before, message, undo=moved)
    return done(request, deal, message, undo=moved)


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.DEAL_EDIT)
def deal_win(request: SignedInRequest, pk: int) -> HttpResponse:
    form = WinForm(request.POST or None, deal=_deal(request, pk), today=_today(), by=request.user)
    if request.method != "POST" or not form.is_valid():
        return _ask(request, "win", form)
    try:
        deal = actions.win(deal_id=pk, by=request.user, at=timezone.now(), **form.facts)
    except Refused as refusal:
        return _ask_again(request, "win", form, refusal)
    return done(request, deal, _("Won: %(deal)s") % {"deal": deal.name})


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.DEAL_EDIT)
def deal_lose(request: SignedInRequest, pk: int) -> HttpResponse:
    form = LoseForm(request.POST or None, deal=_deal(request, pk), today=_today(), by=request.user)
    if request.method != "POST" or not form.is_valid():
        return _ask(request, "lose", form)
    try:
        deal = actions.lose(deal_id=pk, by=request.user, at=timezone.now(), **form.facts)
    except Refused as refusal:
        return _ask_again(request, "lose", form, refusal)
    return done(request, deal, _("Lost: %(deal)s") % {"deal": deal.name})


@require_POST
@door(Permission.DEAL_EDIT)
def deal_undo(request: SignedInRequest, pk: int, event_id: int) -> HttpResponse:
    get_object_or_404(Deal.objects.reachable_by(request.user), pk=pk)  # those in the bin too
    try:
        actions.undo(deal_id=pk, event_id=event_id, by=request.user, at=timezone.now())
    except DealEvent.DoesNotExist as error:
        raise Http404 from error
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Trigger": json.dumps({"kontor:board-changed": True})})
    messages.success(request, _("Restored"))
    return redirect(_page_before(request))


def _deal(request: SignedInRequest, pk: int) -> Deal:
    deals = Deal.objects.reachable_by(request.user).live()
    deal: Deal = get_object_or_404(deals.select_related("stage", "company", "pipeline"), pk=pk)
    return deal


def _today() -> Any:
    return Workspace.get().today(timezone.now())


def _ask(request: SignedInRequest, verb: str, form: DealForm) -> HttpResponse:
    response = _show(request, verb, form, deal=form.deal)
    if request.htmx and response.status_code == 422:
        response["HX-Retarget"], response["HX-Reswap"] = "#dialog", "innerHTML"
    return response


def _ask_again(request: SignedInRequest, verb: str, form: DealForm, refusal: Refused) -> HttpResponse:
    """The form with the refusal beside its field; what no field can mend is told by the page as a refusal."""
    if isinstance(refusal, Conflict):
        return _tell_conflict(request, form)
    if refusal.field not in form.fields:
        raise refusal
    form.add_error(refusal.field, str(refusal))
    return _ask(request, verb, form)


def _tell_conflict(request: SignedInRequest, form: DealForm) -> HttpResponse:
    """Who did what meanwhile, and the choice between that and one's own move. Nothing was written."""
    deal = form.deal
    deal.refresh_from_db()
    wanted = getattr(form, "chosen", None) if deal.is_open else None
    context = {
        "deal": deal,
        "sentence": changes_since(deal, form.cleaned_data["version"]),
        "wanted": wanted,
        "action_url": request.path,
    }
    response = render(request, "pipeline/deals/conflict.html", context, status=409)
    if request.htmx:
        response["HX-Retarget"], response["HX-Reswap"] = "#dialog", "innerHTML"
        # Behind the question the board already shows what is true.
        response["HX-Trigger-After-Settle"] = "kontor:board-changed"
    return response


def _show(request: SignedInRequest, verb: str, form: Any, **context: Any) -> HttpResponse:
    context |= {"form": form, "action_url": request.path}
    return render(request, f"pipeline/deals/{verb}.html", context, status=422 if form.is_bound else 200)


def _moved_on_board(request: SignedInRequest, deal: Deal, before: int, message: str, *, undo: bool) -> HttpResponse:
    """The card in its new place, and the heads of both columns for the filter of the page it was moved on."""
    now = timezone.now()
    deals, deal_filter = filtered(request.user, filters_of_page(request), now=now)  # type: ignore[arg-type]
    board = Board(deal.pipeline, headers(deals, deal.pipeline, now=now), Workspace.get().currency)
    context = {
        "cards": [card_for(deal, now=now)],
        "board": board,
        "columns": [column for column in board.columns if column.stage.pk in {before, deal.stage_id}],
        "may_move": True,
        "may_add": holds(request.user, Permission.DEAL_ADD),
        "several_owners": has_several_owners(deals, deal_filter),
    }
    response = render(request, "pipeline/board/moved.html", context)
    toast = {"message": message, "level": "success", "undo": undo_url(deal) if undo else ""}
    response["HX-Trigger"] = json.dumps({"toast": toast})
    return response


def _page_before(request: SignedInRequest) -> str:
    referer = request.headers.get("Referer", "")
    local = url_has_allowed_host_and_scheme(referer, {request.get_host()}, require_https=request.is_secure())
    return referer if referer and local else reverse("board")
