"""The bar above the list of activities: whose, in which state, which filters are set, and the form that sets more."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.lib.forms import DayInput
from pipeline.activities.answers import NEXT_FOR
from pipeline.activities.filters import STATES, ActivityFilter
from pipeline.activities.models import Activity, ActivityKind
from pipeline.contacts.models import Company
from pipeline.deals.models import Deal
from pipeline.saved_views import filter_bar
from pipeline.saved_views.filter_bar import ANY, with_query
from teams.access import Permission
from teams.access.http import SignedInRequest

ORDERS = (("due", _("Due date")), ("assignee", _("Person")), ("kind", _("Type")), ("-created_at", _("Newest first")))


@dataclass(frozen=True)
class Tab:
    """A state of activities with how many are in it; `hot` asks for attention."""

    label: str | Promise
    url: str
    count: int
    active: bool
    hot: bool


class FilterForm(forms.Form):
    q = forms.CharField(label=_("Search"), required=False, widget=forms.TextInput({"type": "search"}))
    kind = forms.ChoiceField(label=_("Type"), choices=[ANY, *ActivityKind.choices], required=False)
    assignee = forms.ChoiceField(label=_("Assigned to"), required=False)
    due_from = forms.CharField(label=_("Due from"), required=False, widget=DayInput)
    due_to = forms.CharField(label=_("Due before"), required=False, widget=DayInput)
    ordering = forms.ChoiceField(label=_("Sort by"), choices=[("", _("Usual")), *ORDERS], required=False)

    def __init__(self, *args: Any, people: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"].choices = [ANY, ("me", _("Me")), *people]  # type: ignore[attr-defined]


class FilterBar(filter_bar.FilterBar):
    form_class = FilterForm
    permission = Permission.ACTIVITY_VIEW
    passing = ("page", NEXT_FOR)

    def __init__(self, request: SignedInRequest) -> None:
        filters = ActivityFilter(request.GET, Activity.objects.none(), user=request.user)
        super().__init__(request, filters, page_url=reverse("activity-list"), form_url=reverse("activity-filter"))

    @property
    def has_team(self) -> bool:
        """Whether the person sees what others do at all."""
        return self.scope.everything or len(self.scope.people_ids) > 1

    @property
    def is_team(self) -> bool:
        return self.has_team and self.request.GET.get("who") == "team"

    def whose(self, activities: Any) -> Any:
        """One's own, or those of the people whose work one sees."""
        if not self.is_team:
            return activities.filter(assignee=self.request.user)
        return activities if self.scope.everything else activities.filter(assignee__in=self.scope.people_ids)

    def tabs(self, counts: dict[str, int], chosen: str) -> list[Tab]:
        return [
            Tab(label, self._url_of(state), counts[state], state == chosen, state == "overdue")
            for state, label in STATES.items()
        ]

    def name_of(self, name: str, value: Any) -> str:
        model: Any = {"deal": Deal, "company": Company}.get(name)
        row = model.objects.reachable_by(self.request.user).filter(pk=value).first() if model else None
        return str(row or value)

    def _url_of(self, state: str) -> str:
        query: QueryDict = self.request.GET.copy()
        query.pop("state", None)
        if state != "open":
            query["state"] = state
        return with_query(self.page_url, query, without=self.passing)
