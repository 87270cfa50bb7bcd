"""The board: /pipeline/ and one column's further cards."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from pipeline.deals.board import board_for, filtered, more_cards
from pipeline.deals.filter_bar import FilterBar, tell_about_ignored
from pipeline.stages.models import Pipeline, Stage
from teams.access import Permission, holds
from teams.access.doors import door
from teams.access.http import SignedInRequest

# Each pipeline and the state of its own deals are chosen by the page itself.
NOT_OFFERED = ("status",)


@require_safe
@door(Permission.DEAL_VIEW)
def board(request: SignedInRequest, pipeline_id: int | None = None) -> HttpResponse:
    """The open deals of a pipeline by stage; without an id, of the first pipeline."""
    pipelines = list(Pipeline.objects.in_use().in_order())
    pipeline = next((row for row in pipelines if pipeline_id in {None, row.pk}), None)
    if pipeline is None and pipeline_id is not None:
        raise Http404
    now = timezone.now()
    deals, deal_filter = filtered(request.user, request.GET, now=now)  # type: ignore[arg-type]
    partial = request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request
    if not partial:
        tell_about_ignored(request, deal_filter)
    context = {
        "board": pipeline and board_for(deals, pipeline, now=now),
        "pipelines": pipelines,
        "bar": FilterBar(request, deal_filter, hidden=NOT_OFFERED),
        "may_add": holds(request.user, Permission.DEAL_ADD),
        "may_move": holds(request.user, Permission.DEAL_EDIT),
    }
    return render(request, "pipeline/board/_region.html" if partial else "pipeline/board/board.html", context)


@require_safe
@door(Permission.DEAL_VIEW)
def column_more(request: SignedInRequest, stage_id: int) -> HttpResponse:
    """The next cards of a column, after the `start` that the page already has."""
    stage = get_object_or_404(Stage.objects.select_related("pipeline"), pk=stage_id)
    now = timezone.now()
    deals, _deal_filter = filtered(request.user, request.GET, now=now)  # type: ignore[arg-type]
    start = request.GET.get("start", "")
    first = int(start) if start.isdecimal() and len(start) < 7 else 0
    cards = more_cards(deals, stage, start=first, now=now)
    context = {
        "cards": cards,
        "stage": stage,
        "next_start": first + len(cards),
        "remaining": max(deals.filter(stage=stage).count() - first - len(cards), 0),
        "may_move": holds(request.user, Permission.DEAL_EDIT),
        "several_owners": len({card.deal.owner_id for card in cards}) > 1,
    }
    template = "_more_cards.html" if request.htmx else "more.html"
    return render(request, f"pipeline/board/{template}", context)
