"""The tabs of views above the board and the list, and what can be done with the one that is open."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _

from crm.lib.periods import add_months, first_of_month
from crm.lib.text import whole_number
from pipeline.saved_views.actions import may_change
from pipeline.saved_views.models import Layout, SavedView
from teams.access.http import SignedInRequest
from teams.models import Workspace

# What an address says about the page and not about the view.
PASSING = ("view", "page", "from", "after", "layout", "column", "back", "figure")
# What a board decides for itself: it shows open deals of one pipeline, in columns of its own.
NOT_ON_BOARDS = ("status", "pipeline", "stage", "columns", "closed_from", "closed_to", "reason")
LONGEST_QUERY = 4000


@dataclass(frozen=True)
class Tab:
    label: str | Promise
    url: str
    active: bool = False
    changed: bool = False


class ViewTabs:
    """Built-in views and the saved ones that the reader sees. Two queries."""

    def __init__(
        self, request: SignedInRequest, layout: Layout, now: datetime, *, pipeline_id: int | None = None
    ) -> None:
        self.request = request
        self.layout = layout
        self.pipeline_id = pipeline_id
        self.today = Workspace.get().today(now)

    @cached_property
    def views(self) -> list[SavedView]:
        rows = SavedView.objects.visible_to(self.request.user, self.today).with_pins_of(self.request.user)
        return list(rows.select_related("owner").in_order())

    @cached_property
    def current(self) -> SavedView | None:
        wanted = self.request.GET.get("view", "")
        return next((view for view in self.views if str(view.pk) == wanted), None)

    @cached_property
    def query(self) -> dict[str, str]:
        return without_passing(self.request.GET)

    @property
    def is_changed(self) -> bool:
        view = self.current
        return view is not None and (view.query != self.query or view.is_board != (self.layout == Layout.BOARD))

    @property
    def may_change(self) -> bool:
        return self.current is not None and may_change(self.current, self.request.user)

    @property
    def parameters(self) -> str:
        """What a form sends to save the view as it is now."""
        place: dict[str, Any] = {"layout": self.layout.value}
        if self.pipeline_id and self.layout == Layout.BOARD:
            place["pipeline"] = self.pipeline_id
        return urlencode({**self.query, **place})

    @property
    def tabs(self) -> list[Tab]:
        built_in = [
            Tab(label, self._url(query), active=self.current is None and self.query == query)
            for label, query in self._built_in()
        ]
        saved = [
            Tab(
                view.name,
                view.get_absolute_url(),
                active=view == self.current,
                changed=view == self.current and self.is_changed,
            )
            for view in self.views
        ]
        return [*built_in, *saved]

    @property
    def layouts(self) -> list[Tab]:
        """The same deals as board and as list, as far as a board can show them."""
        query = dict(self.query)
        if self.layout == Layout.BOARD:
            as_list = {**query, "status": "open", **({"pipeline": str(self.pipeline_id)} if self.pipeline_id else {})}
            return [
                Tab(_("Board"), self._url(query), active=True),
                Tab(_("List"), _address(reverse("deal-list"), as_list)),
            ]
        pipeline = whole_number(query.get("pipeline", ""), digits=9)
        place = reverse("board") if pipeline is None else reverse("board-pipeline", args=[pipeline])
        on_board = {name: value for name, value in query.items() if name not in NOT_ON_BOARDS}
        return [Tab(_("Board"), _address(place, on_board)), Tab(_("List"), self._url(query), active=True)]

    def _built_in(self) -> list[tuple[Any, dict[str, str]]]:
        state = {"status": "open"} if self.layout == Layout.LIST else {}
        first = first_of_month(self.today)
        following = add_months(first, 1)
        closing = {"expected_close_from": first.isoformat(), "expected_close_to": following.isoformat()}
        return [
            (_("All deals"), {}),
            (_("My open deals"), {**state, "owner": "me"}),
            (_("Closing this month"), {**state, **closing}),
            (_("Overdue next step"), {"next_step": "overdue"}),
        ]

    def _url(self, query: dict[str, str]) -> str:
        place = reverse("deal-list")
        if self.layout == Layout.BOARD:
            place = reverse("board-pipeline", args=[self.pipeline_id]) if self.pipeline_id else reverse("board")
        return _address(place, query)


def _address(place: str, query: dict[str, str]) -> str:
    return f"{place}?{urlencode(query, safe=',')}" if query else place


def without_passing(query: QueryDict) -> dict[str, str]:
    """Filters, order and columns of an address."""
    return {
        name: str(value)
        for name, value in query.items()
        if name not in PASSING and value and "\x00" not in f"{name}{value}"
    }


def parameters_from(text: str) -> dict[str, Any]:
    """What `ViewTabs.parameters` wrote, as a view stores it; anything else falls away."""
    sent = QueryDict(text[:LONGEST_QUERY])
    found: dict[str, Any] = {**without_passing(sent), "layout": Layout.LIST.value}
    if sent.get("layout") == Layout.BOARD:
        found["layout"] = Layout.BOARD.value
        pipeline = whole_number(found.pop("pipeline", ""), digits=9)
        if pipeline is not None:
            found["pipeline"] = pipeline
    return found
