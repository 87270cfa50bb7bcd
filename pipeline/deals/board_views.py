"""The board: /pipeline/ and one column's further cards."""

import re

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from crm.notifications import live
from pipeline.deals.board import board_for, filtered, has_several_owners, more_cards
from pipeline.deals.filter_bar import FilterBar, tidy_deals_address
from pipeline.deals.filters import DealFilter
from pipeline.deals.models import Deal
from pipeline.saved_views.filter_bar import filter_form, tell_about_ignored
from pipeline.saved_views.models import Layout
from pipeline.saved_views.tabs import ViewTabs
from pipeline.stages.models import Pipeline, Stage
from teams.access import Permission, holds
from teams.access.doors import door
from teams.access.http import SignedInRequest, asks_for_part

ORDERS = (
    ("", _("next step")),
    ("expected_close_date", _("close date")),
    ("-value", _("value")),
    ("-changed_at", _("last change")),
    ("stage_entered_at", _("time in stage")),
)
# Each pipeline and the state of its own deals are chosen by the page itself.
NOT_OFFERED = ("status", "pipeline", "closed_from", "closed_to")


@require_safe
@door(Permission.DEAL_VIEW)
def board(request: SignedInRequest, pipeline_id: int | None = None) -> HttpResponse:
    """The open deals of a pipeline by stage; without an id, of the first pipeline."""
    if tidy := tidy_deals_address(request, _form_url(pipeline_id)):
        return redirect(tidy)
    pipelines = list(Pipeline.objects.in_use().in_order())
    pipeline = next((row for row in pipelines if pipeline_id in {None, row.pk}), None)
    if pipeline is None and pipeline_id is not None:
        raise Http404
    now, mark = timezone.now(), live.mark()  # before anything is read: what comes later is news
    deals, deal_filter = filtered(request.user, request.GET, now=now)  # type: ignore[arg-type]
    partial = asks_for_part(request)
    if not partial:
        tell_about_ignored(request, deal_filter)
    context = {
        "board": pipeline
        and board_for(deals, pipeline, now=now, reader=None if "owner" in deal_filter.active else request.user),
        "mark": mark,
        "pipelines": pipelines,
        "views": ViewTabs(request, Layout.BOARD, now, pipeline_id=pipeline.pk if pipeline else None),
        "orders": [{"key": key, "label": label} for key, label in ORDERS],
        "ordering": request.GET.get("ordering", ""),
        "bar": _bar(request, deal_filter, pipeline_id),
        "may_add": holds(request.user, Permission.DEAL_ADD),
        "may_move": holds(request.user, Permission.DEAL_EDIT),
    }
    return render(request, "pipeline/board/_region.html" if partial else "pipeline/board/board.html", context)


@require_safe
@door(Permission.DEAL_VIEW)
def board_filter(request: SignedInRequest, pipeline_id: int | None = None) -> HttpResponse:
    """The form that narrows the board of a pipeline."""
    deal_filter = DealFilter(request.GET, Deal.objects.none(), user=request.user)
    return filter_form(request, _bar(request, deal_filter, pipeline_id))


def _bar(request: SignedInRequest, deal_filter: DealFilter, pipeline_id: int | None) -> FilterBar:
    page_url = reverse("board") if pipeline_id is None else reverse("board-pipeline", args=[pipeline_id])
    return FilterBar(request, deal_filter, page_url=page_url, form_url=_form_url(pipeline_id), hidden=NOT_OFFERED)


def _form_url(pipeline_id: int | None) -> str:
    if pipeline_id is None:
        return reverse("board-filter")
    return reverse("board-pipeline-filter", args=[pipeline_id])


@require_safe
@door(Permission.DEAL_VIEW)
def column_more(request: SignedInRequest, stage_id: int) -> HttpResponse:
    """The next cards of a column, behind the deal `after`, the last that the page already has."""
    stage = get_object_or_404(Stage.objects.select_related("pipeline"), pk=stage_id)
    now = timezone.now()
    deals, deal_filter = filtered(request.user, request.GET, now=now)  # type: ignore[arg-type]
    after = request.GET.get("after", "")
    last = (
        Deal.objects.reachable_by(request.user).filter(pk=after).first() if re.fullmatch(r"\d{1,18}", after) else None
    )
    cards, remaining = more_cards(deals, stage, after=last.pk if last else None, now=now)
    context = {
        "cards": cards,
        "stage": stage,
        "remaining": remaining,
        "may_move": holds(request.user, Permission.DEAL_EDIT),
        "several_owners": has_several_owners(deals, deal_filter),
    }
    template = "_more_cards.html" if request.htmx else "more.html"
    return render(request, f"pipeline/board/{template}", context)
