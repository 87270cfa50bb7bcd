"""The list of activities: /activities/."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from crm.templatetags.formats import day_year
from pipeline.activities.answers import NEXT_FOR
from pipeline.activities.filters import STATES, ActivityFilter
from pipeline.activities.lines import lines
from pipeline.activities.models import Activity, ActivityKind
from pipeline.activities.offers import next_step_offer
from pipeline.contacts.models import Company
from pipeline.deals.models import Deal
from pipeline.saved_views.filter_bar import ANY, MOST_PEOPLE, FilterChip, filter_form, name_of_person, with_query
from teams.access import Permission, holds, reach
from teams.access.doors import door
from teams.access.http import SignedInRequest, asks_for_part
from teams.models import User

ROWS_PER_PAGE = 50
OWN_PARAMETERS = ("page", "who", NEXT_FOR)
ORDERS = (("due", _("Due date")), ("assignee", _("Person")), ("kind", _("Type")), ("-created_at", _("Newest first")))


@require_safe
@door(Permission.ACTIVITY_VIEW)
def activity_list(request: SignedInRequest) -> HttpResponse:
    """Activities within reach, one's own unless asked for the team's; narrowed, sorted and paged by the address."""
    now = timezone.now()
    bar = ActivityBar(request)
    reached = Activity.objects.reachable_by(request.user)
    if "assignee" not in request.GET:
        reached = bar.whose(reached)
    wanted = request.GET.get("state", "")
    chosen = wanted if wanted in STATES else "open"
    in_view = ActivityFilter(bar.without("state", "ordering"), reached, user=request.user, now=now).qs
    shown = ActivityFilter({**request.GET.dict(), "state": chosen}, reached, user=request.user, now=now)
    rows = shown.qs if shown.qs.query.order_by else _usual_order(shown.qs, chosen)
    related = rows.select_related("deal__company", "company", "contact", "assignee")
    page = Paginator(related, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    partial = asks_for_part(request)
    if not partial:
        _tell_about_ignored(request, shown)
    context = {
        "page": page,
        "rows": lines(list(page), reader=request.user, now=now),
        "tabs": bar.tabs(in_view.counts_by_state(now), chosen),
        "bar": bar,
        "state": chosen,
        "may_add": holds(request.user, Permission.ACTIVITY_EDIT),
        "offer": next_step_offer(request, now),
        "here": request.get_full_path(),
    }
    return render(request, f"pipeline/activities/{'_list' if partial else 'list'}.html", context)


def _usual_order(activities: Any, state: str) -> Any:
    return activities.order_by("-done_at", "-pk") if state == "done" else activities.soonest_first()


def _tell_about_ignored(request: SignedInRequest, shown: ActivityFilter) -> None:
    ignored = [*shown.unknown(OWN_PARAMETERS), *shown.errors]
    if ignored:
        messages.warning(request, _now("These filters were not understood: %(names)s") % {"names": ", ".join(ignored)})


@require_safe
@door(Permission.ACTIVITY_VIEW)
def activity_filter(request: SignedInRequest) -> HttpResponse:
    """The form that narrows the list."""
    return filter_form(request, ActivityBar(request))


@dataclass(frozen=True)
class Tab:
    label: Any
    url: str
    count: int
    active: bool
    hot: bool = False


class FilterForm(forms.Form):
    q = forms.CharField(label=_("Search"), required=False, widget=forms.TextInput({"type": "search"}))
    kind = forms.ChoiceField(label=_("Type"), choices=[ANY, *ActivityKind.choices], required=False)
    assignee = forms.ChoiceField(label=_("Assigned to"), required=False)
    due_from = forms.CharField(label=_("Due from"), required=False, widget=forms.DateInput({"type": "date"}))
    due_to = forms.CharField(label=_("Due before"), required=False, widget=forms.DateInput({"type": "date"}))
    ordering = forms.ChoiceField(label=_("Sort by"), choices=[("", _("Usual")), *ORDERS], required=False)


class ActivityBar:
    """What stands above the list: whose, in which state, which filters are set, and the form that sets more."""

    def __init__(self, request: SignedInRequest) -> None:
        self.request = request
        self.scope = reach(request.user, Permission.ACTIVITY_VIEW)
        self.page_url = reverse("activity-list")
        self.form_url = with_query(reverse("activity-filter"), request.GET, without=("page", NEXT_FOR))
        self.deal_filter = ActivityFilter(request.GET, Activity.objects.none(), user=request.user)

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

    @cached_property
    def people(self) -> list[tuple[str, str]]:
        users = User.objects.active().by_name()
        if not self.scope.everything:
            users = users.filter(pk__in=self.scope.people_ids)
        found = [(str(user.pk), user.name) for user in users[: MOST_PEOPLE + 1]]
        return found if len(found) <= MOST_PEOPLE else []

    @cached_property
    def form(self) -> FilterForm:
        form = FilterForm(initial=self.request.GET.dict(), auto_id="filter-%s")
        form.fields["assignee"].choices = [ANY, ("me", _("Me")), *self.people]  # type: ignore[attr-defined]
        return form

    @property
    def kept(self) -> list[tuple[str, str]]:
        kept = self.without(*self.form.fields, "page", NEXT_FOR)
        return [(name, str(value)) for name, value in kept.items()]

    @property
    def chips(self) -> list[FilterChip]:
        return [
            FilterChip(str(self.deal_filter.filters[name].label), self._in_words(name, value), self.url_without(name))
            for name, value in self.deal_filter.active.items()
        ]

    @property
    def clear_url(self) -> str:
        return self.url_without(*self.deal_filter.active)

    def tabs(self, counts: dict[str, int], chosen: str) -> list[Tab]:
        return [
            Tab(label, self._url_with_state(state), counts[state], state == chosen, state == "overdue")
            for state, label in STATES.items()
        ]

    def without(self, *names: str) -> QueryDict:
        query: QueryDict = self.request.GET.copy()
        for name in names:
            query.pop(name, None)
        return query

    def url_without(self, *names: str) -> str:
        return self._address(self.without(*names, "page", NEXT_FOR))

    def _url_with_state(self, state: str) -> str:
        query = self.without("state", "page", NEXT_FOR)
        if state != "open":
            query["state"] = state
        return self._address(query)

    def _address(self, query: QueryDict) -> str:
        return with_query(self.page_url, query)

    def _in_words(self, name: str, value: Any) -> str:
        if name == "assignee":
            return name_of_person(value, self.scope)
        choices = dict(self.deal_filter.filters[name].extra.get("choices") or ())
        if value in choices:
            return str(choices[value])
        if hasattr(value, "year"):
            return day_year(value)
        model: Any = {"deal": Deal, "company": Company}.get(name)
        row = model.objects.reachable_by(self.request.user).filter(pk=value).first() if model else None
        return str(row or value)
