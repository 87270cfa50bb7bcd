"""How many deals the views in somebody's rail show."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from pipeline.deals.board import filtered
from pipeline.deals.filters import DealFilter
from pipeline.deals.models import Deal
from pipeline.saved_views.models import SavedView
from pipeline.stages.models import Pipeline
from teams.models import User


def sizes_of(views: Iterable[SavedView], reader: User, now: datetime) -> dict[int, int]:
    """The number of deals behind each view, as far as the reader sees them. One query for each."""
    return {view.pk: deals_of(view, reader, now).count() for view in views}


def deals_of(view: SavedView, reader: User, now: datetime) -> Any:
    """What the page of the view shows: a list its deals in any state, a board those in the funnel of a pipeline."""
    parameters = QueryDict(urlencode(view.query))
    if not view.is_board:
        return DealFilter(parameters, Deal.objects.reachable_by(reader).live(), user=reader, now=now).qs
    deals, _filter = filtered(reader, parameters, now=now)
    chosen = view.parameters.get("pipeline")
    return deals.filter(pipeline=chosen or Pipeline.objects.in_use().in_order().values("pk")[:1])
