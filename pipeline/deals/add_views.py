"""Adding a deal: in its column, in a dialog, on a page of its own."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import DurationField, ExpressionWrapper, F
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from crm.lib.errors import Refused
from crm.lib.repeats import once
from pipeline.deals.actions.adding import open_deal_at
from pipeline.deals.answers import done, filters_of_page
from pipeline.deals.board import Board, card_for, filtered, has_several_owners, headers
from pipeline.deals.board_forms import AddForm
from pipeline.deals.models import Deal
from teams.access import Permission, holds
from teams.access.doors import door
from teams.access.http import SignedInRequest
from teams.models import Workspace

KEPT = ("stage", "name", "company", "value", "expected_close_date")
# Fewer won deals than this say nothing about how long one usually takes.
FEWEST_WON, WON_WITHIN = 10, timedelta(days=365)


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.DEAL_ADD)
@once
def deal_add(request: SignedInRequest) -> HttpResponse:
    """A form with what the address already says; `?quick` is the one inside a column of the board."""
    now = timezone.now()
    today = Workspace.get().today(now)
    initial: dict[str, Any] = {name: request.GET[name] for name in KEPT if request.GET.get(name)}
    quick = "quick" in request.GET and bool(request.htmx)
    if request.method != "POST":
        initial.setdefault("expected_close_date", usual_close_date(today, now))
    name_space = f"quick-{request.GET.get('stage', '')[:20]}" if quick else "add"
    form = AddForm(request.POST or None, by=request.user, today=today, initial=initial, name_space=name_space)
    template = "pipeline/board/quick_add.html" if quick else "pipeline/deals/add.html"
    context = {"form": form, "action_url": request.get_full_path() if quick else request.path}
    if request.method != "POST" or not form.is_valid():
        form.focus()
        return render(request, template, context, status=422 if form.is_bound else 200)
    try:
        deal = open_deal_at(by=request.user, at=now, **form.cleaned_data)
    except Refused as refusal:
        refusal.put_into(form)
        return render(request, template, context, status=422)
    message = _("%(deal)s added") % {"deal": deal.name}
    if form.is_new_company:
        message = _("%(deal)s added, %(company)s is new") % {"deal": deal.name, "company": deal.company}
    if quick:
        return _added_in_column(request, deal, now, message)
    return done(request, deal, message, undo=False)


def usual_close_date(today: date, now: datetime) -> date | None:
    """When a deal that begins today would be won if it takes as long as the median of those won lately."""
    taken = ExpressionWrapper(F("closed_at") - F("created_at"), output_field=DurationField())
    won = Deal.objects.won().filter(closed_at__gte=now - WON_WITHIN).annotate(taken=taken).order_by("taken", "pk")
    count = won.count()
    if count < FEWEST_WON:
        return None
    return today + timedelta(days=won.values_list("taken", flat=True)[count // 2].days)


def _added_in_column(request: SignedInRequest, deal: Deal, now: datetime, message: str) -> HttpResponse:
    """The next empty form, the new card below it, and the sums that it changed."""
    today = Workspace.get().today(now)
    initial = {"stage": deal.stage_id, "expected_close_date": usual_close_date(today, now)}
    form = AddForm(by=request.user, today=today, initial=initial, name_space=f"quick-{deal.stage_id}")
    form.focus()
    deals, deal_filter = filtered(request.user, filters_of_page(request), now=now)  # type: ignore[arg-type]
    columns = headers(deals, deal.pipeline, now=now)
    context = {
        "form": form,
        "action_url": request.get_full_path(),
        "cards": [card_for(deal, now=now)],
        "board": Board(deal.pipeline, columns, Workspace.get().currency),
        "columns": [column for column in columns if column.stage.pk == deal.stage_id],
        "may_move": holds(request.user, Permission.DEAL_EDIT),
        "may_add": True,
        "several_owners": has_several_owners(deals, deal_filter),
    }
    response = render(request, "pipeline/board/quick_added.html", context)
    return trigger_client_event(response, "toast", {"message": message, "level": "success"})
