"""The filter bar above the board and the list: what is set, and the form that sets more."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from pipeline.contacts.models import Company
from pipeline.deals.filters import YES_OR_NO, DealFilter
from pipeline.deals.models import LeadSource
from pipeline.deals.states import DealStatus, NextStepState
from pipeline.stages.models import CloseReason, Pipeline, Stage
from teams.access import Permission, reach
from teams.models import Team, Territory, User

# More people than a menu of names can hold: then the address of a person's page leads here.
MOST_PEOPLE = 60
ANY = ("", _("Any"))
PAGE_PARAMETERS = ("page", "view", "layout", "from", "after")


@dataclass(frozen=True)
class FilterChip:
    """One filter that is set, and the address without it."""

    label: str
    value: str
    remove_url: str


class FilterForm(forms.Form):
    """The filters that people choose most; all others come with links."""

    q = forms.CharField(label=_("Search"), required=False, widget=forms.TextInput({"type": "search"}))
    status = forms.ChoiceField(label=_("Status"), choices=[ANY, *DealStatus.choices], required=False)
    owner = forms.ChoiceField(label=_("Owner"), required=False)
    next_step = forms.ChoiceField(label=_("Next step"), choices=[ANY, *NextStepState.choices], required=False)
    stalled = forms.ChoiceField(label=_("Stalled"), choices=[ANY, *YES_OR_NO], required=False)
    has_value = forms.ChoiceField(label=_("Has a value"), choices=[ANY, *YES_OR_NO], required=False)
    expected_close_from = forms.CharField(
        label=_("Closes from"), required=False, widget=forms.DateInput({"type": "date"})
    )
    expected_close_to = forms.CharField(
        label=_("Closes before"), required=False, widget=forms.DateInput({"type": "date"})
    )

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [("", _("Everybody")), ("me", _("Me")), *people]  # type: ignore[attr-defined]


class FilterBar:
    """What the template of the bar prints; `hidden` are fields that this page does not offer."""

    def __init__(self, request: HttpRequest, deal_filter: DealFilter, *, hidden: tuple[str, ...] = ()) -> None:
        self.request = request
        self.deal_filter = deal_filter
        self.hidden = hidden

    @cached_property
    def people(self) -> list[tuple[str, str]]:
        """Colleagues within reach, unless they are too many to choose from."""
        scope = reach(self.request.user, Permission.DEAL_VIEW)  # type: ignore[arg-type]
        users = User.objects.active().by_name()
        if not scope.everything:
            users = users.filter(pk__in=scope.people_ids)
        found = [(str(user.pk), user.name) for user in users[: MOST_PEOPLE + 1]]
        return found if len(found) <= MOST_PEOPLE else []

    @cached_property
    def form(self) -> FilterForm:
        form = FilterForm(initial=self.request.GET.dict(), people=self.people, auto_id="filter-%s")
        for name in self.hidden:
            del form.fields[name]
        return form

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Parameters that the form does not offer and must not lose."""
        return [
            (name, str(value))
            for name, value in self.request.GET.items()
            if name not in self.form.fields and name != "page"
        ]

    @property
    def chips(self) -> list[FilterChip]:
        return [
            FilterChip(str(self.deal_filter.filters[name].label), self._in_words(name, value), self._without(name))
            for name, value in self.deal_filter.active.items()
        ]

    @property
    def clear_url(self) -> str:
        return self._without(*self.deal_filter.active)

    def _without(self, *names: str) -> str:
        query: QueryDict = self.request.GET.copy()
        for name in (*names, "page"):
            query.pop(name, None)
        return f"?{query.urlencode()}" if query else self.request.path

    def _in_words(self, name: str, value: Any) -> str:
        choices = {**dict(self.people), "me": _("Me")} if name == "owner" else {}
        offered = self.deal_filter.filters[name].extra.get("choices")
        choices = choices or dict(offered or ())
        if value in choices:
            return str(choices[value])
        if hasattr(value, "year"):
            return date_format(value, "SHORT_DATE_FORMAT")
        return _name_of(name, value, self.request.user)


def tell_about_ignored(request: HttpRequest, deal_filter: DealFilter) -> None:
    """A notice about parameters that this page did not understand."""
    ignored = [*deal_filter.unknown(PAGE_PARAMETERS), *deal_filter.errors]
    if ignored:
        messages.warning(request, _("These filters were not understood: %(names)s") % {"names": ", ".join(ignored)})


def _name_of(name: str, value: Any, user: Any) -> str:
    if name == "company":
        row: Any = Company.objects.reachable_by(user).filter(pk=value).first()
        return str(row or value)
    model: Any = {
        "team": Team,
        "territory": Territory,
        "pipeline": Pipeline,
        "stage": Stage,
        "reached": Stage,
        "not_reached": Stage,
        "reason": CloseReason,
        "source": LeadSource,
    }
    row = model[name].objects.filter(pk=value).first() if name in model else None
    return str(row or value)
