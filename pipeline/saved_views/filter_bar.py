"""The bar above a list: what is set, and the form that sets more, which has an address of its own."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from crm.templatetags.formats import day_year
from pipeline.saved_views.filtering import AddressFilter, PersonFilter
from teams.access import Permission, Reach, reach
from teams.models import User

# More people than a menu of names can hold: then the address of a person's page leads here.
MOST_PEOPLE = 60
ANY = ("", _("Any"))
PAGE_PARAMETERS = ("page", "view", "layout", "from", "after", "columns", "back", "figure")


@dataclass(frozen=True)
class FilterChip:
    """One filter that is set, and the address without it."""

    label: str
    value: str
    remove_url: str


class PeopleForm(forms.Form):
    """The filters that people choose most; all others come with links."""

    owner = forms.ChoiceField(label=_("Owner"), required=False)

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [("", _("Everybody")), ("me", _("Me")), *people]  # type: ignore[attr-defined]


class FilterBar:
    """What the template of the bar prints; `hidden` are fields that this page does not offer.

    `page_url` is the list, `form_url` the page of the form: choices are built there, never for a list. `passing` are
    parameters that say something about one look at the list, and fall away with the next.
    """

    form_class: ClassVar[Callable[..., forms.Form]]
    permission: ClassVar[Permission]
    passing: ClassVar[tuple[str, ...]] = ("page",)

    def __init__(
        self,
        request: HttpRequest,
        filters: AddressFilter,
        *,
        page_url: str,
        form_url: str,
        hidden: Sequence[str] = (),
    ) -> None:
        self.request = request
        self.filters = filters
        self.page_url = page_url
        self.form_url = with_query(form_url, request.GET, without=self.passing)
        self.hidden = hidden

    @cached_property
    def scope(self) -> Reach:
        return reach(self.request.user, self.permission)  # type: ignore[arg-type]

    @cached_property
    def people(self) -> list[tuple[str, str]]:
        """Colleagues within reach, unless they are too many to choose from."""
        users = User.objects.active().by_name()
        if not self.scope.everything:
            users = users.filter(pk__in=self.scope.people_ids)
        found = [(str(user.pk), user.name) for user in users[: MOST_PEOPLE + 1]]
        return found if len(found) <= MOST_PEOPLE else []

    @cached_property
    def form(self) -> forms.Form:
        form = self.form_class(initial=self.request.GET.dict(), people=self.people, auto_id="filter-%s")
        for name in self.hidden:
            del form.fields[name]
        return form

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Parameters that the form does not offer and must not lose."""
        return [
            (name, str(value))
            for name, value in self.request.GET.items()
            if name not in self.form.fields and name not in self.passing
        ]

    @property
    def chips(self) -> list[FilterChip]:
        return [
            FilterChip(str(self.filters.filters[name].label), self._in_words(name, value), self._without(name))
            for name, value in self.filters.active.items()
        ]

    @property
    def clear_url(self) -> str:
        return self._without(*self.filters.active)

    def name_of(self, name: str, value: Any) -> str:
        """The name of the row that a filter means."""
        return str(value)

    def _without(self, *names: str) -> str:
        return with_query(self.page_url, self.request.GET, without=(*names, *self.passing))

    def _in_words(self, name: str, value: Any) -> str:
        if isinstance(self.filters.filters[name], PersonFilter):
            return _name_of_person(value, self.scope)
        choices = dict(self.filters.filters[name].extra.get("choices") or ())
        if value in choices:
            return str(choices[value])
        if hasattr(value, "year"):
            return day_year(value)
        return self.name_of(name, value)


def filter_form(request: HttpRequest, bar: FilterBar) -> HttpResponse:
    """The page, or the dialog, that sets filters and leads back to the list."""
    return render(request, "pipeline/views/filter.html", {"bar": bar})


def with_query(url: str, query: QueryDict, *, without: Sequence[str] = ()) -> str:
    """An address with the parameters of another."""
    kept: QueryDict = query.copy()
    for name in without:
        kept.pop(name, None)
    return f"{url}?{kept.urlencode()}" if kept else url


def _name_of_person(value: str, scope: Reach) -> str:
    """`me` or an id in words; people out of reach stay a number."""
    if value == "me":
        return str(_("Me"))
    person = User.objects.filter(pk=value).first() if scope.covers_person(int(value)) else None
    return person.name if person else value


def tidy_address(request: HttpRequest) -> str | None:
    """The address without what forms send but nobody chose, columns as one word; None where it is tidy already."""
    query = request.GET.copy()
    columns = query.pop("column", [])
    if columns:
        query["columns"] = ",".join(map(str, columns))
        query.pop("page", None)
    for name in [name for name, value in query.items() if value == ""]:
        del query[name]
    if len(query) == len(request.GET) and not columns:
        return None
    return f"{request.path}?{query.urlencode(safe=',')}" if query else request.path


def tell_about_ignored(
    request: HttpRequest, filters: AddressFilter, *, known: Collection[str] = PAGE_PARAMETERS
) -> None:
    """A notice about parameters that this page did not understand; `known` are those that filter nothing."""
    ignored = [*filters.unknown(known), *filters.errors]
    if ignored:
        messages.warning(request, _("These filters were not understood: %(names)s") % {"names": ", ".join(ignored)})
