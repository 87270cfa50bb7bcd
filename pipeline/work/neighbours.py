"""The list or board that a person came from to a deal: its name, the deal's place in it, who is before and after."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pipeline.deals.board import filtered
from pipeline.deals.filters import DealFilter
from pipeline.deals.list_views import in_order
from pipeline.deals.models import Deal
from pipeline.saved_views.models import SavedView
from teams.access.http import SignedInRequest
from teams.models import User, Workspace

# Further down nobody walks deal by deal, and counting would cost what the list saves.
MOST_WALKED = 500
LONGEST_WAY = 1000
_BOARD = re.compile(r"/pipeline/(\d{1,18}/)?")


@dataclass(frozen=True)
class Neighbours:
    """`place` counts from 1, 0 where the deal is not (or no longer) in the list; `number` is how many there are,
    with `is_more` at least. Without a neighbour its address is empty.
    """

    list_url: str
    page: str | Promise
    view: str
    place: int
    number: int
    is_more: bool
    previous_url: str
    next_url: str


def neighbours(request: SignedInRequest, deal: Deal, now: datetime) -> Neighbours | None:
    """What is around a deal where the person came from; None, without a query, for who came from elsewhere."""
    way = _came_from(request)
    if way is None:
        return None
    query = QueryDict(way.query)
    list_url = f"{way.path}?{way.query}" if way.query else way.path
    ids = list(_deals(way, query, request.user, deal, now).values_list("pk", flat=True)[: MOST_WALKED + 1])
    is_more = len(ids) > MOST_WALKED
    walked = ids[:MOST_WALKED]
    at = walked.index(deal.pk) if deal.pk in walked else -1

    def url_of(place: int) -> str:
        if at < 0 or not 0 <= place < len(ids):
            return ""
        return f"{reverse('deal', args=[ids[place]])}?{urlencode({'from': list_url})}"

    return Neighbours(
        list_url=list_url,
        page=_("Pipeline") if _BOARD.fullmatch(way.path) else _("Deals"),
        view=_name_of_view(query.get("view", ""), request.user, now),
        place=at + 1,
        number=len(walked),
        is_more=is_more,
        previous_url=url_of(at - 1),
        next_url=url_of(at + 1),
    )


def _came_from(request: SignedInRequest) -> SplitResult | None:
    """The address of a list or board of ours: as the address tells, else the page before this one."""
    told = request.GET.get("from", "")
    try:
        way = urlsplit(told or request.headers.get("Referer", ""))
    except ValueError:
        return None
    host = "" if told else request.get_host()
    if way.netloc != host or len(way.path) + len(way.query) > LONGEST_WAY:
        return None
    return way if way.path == reverse("deal-list") or _BOARD.fullmatch(way.path) else None


def _deals(way: SplitResult, query: QueryDict, reader: User, deal: Deal, now: datetime) -> Any:
    """The deals of that page in its order; those of a board column by column."""
    if way.path == reverse("deal-list"):
        return in_order(DealFilter(query, Deal.objects.reachable_by(reader).live(), user=reader, now=now))
    deals, _filter = filtered(reader, query, now=now)
    deals = deals.filter(pipeline=deal.pipeline_id)
    order = deals.query.order_by or deals.by_urgency(now).query.order_by
    return deals.with_urgency(now).order_by("stage__position", "stage_id", *order)


def _name_of_view(key: str, reader: User, now: datetime) -> str:
    if not key.isdecimal() or len(key) > 18:
        return ""
    views = SavedView.objects.visible_to(reader, Workspace.get().today(now)).filter(pk=int(key))
    return views.values_list("name", flat=True).first() or ""
