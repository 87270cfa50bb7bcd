"""The filter bar above the board and the list: what is set, and the form that sets more."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from pipeline.contacts.choosing import LONGEST, NO_SUCH, WHICH, called, choices_of, is_meant, known
from pipeline.deals.models import LeadSource
from pipeline.deals.states import DealStatus, NextStepState
from pipeline.deals.territories import offered_territories
from pipeline.saved_views import filter_bar
from pipeline.saved_views.filter_bar import ANY, PeopleForm, tidy_address, with_query
from pipeline.saved_views.filtering import YES_OR_NO
from pipeline.stages.models import CloseReason, Pipeline, Stage
from teams.access import Permission
from teams.models import Team

# A form sends the name of a company, addresses carry its id.
COMPANY_NAME = "company_name"
LIST_ID = "filter-companies"


def _day(label: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, widget=forms.DateInput({"type": "date"}))


def _amount(label: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, widget=forms.NumberInput({"min": 0, "step": "any"}))


def _yes_or_no(label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=[ANY, *YES_OR_NO], required=False)


def _row(label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False)


class FilterForm(PeopleForm):
    """The filters that people choose; those that explain a figure come with its link."""

    q = forms.CharField(label=_("Search"), required=False, widget=forms.TextInput({"type": "search"}))
    status = forms.ChoiceField(label=_("Status"), choices=[ANY, *DealStatus.choices], required=False)
    owner = forms.ChoiceField(label=_("Owner"), required=False)
    company_name = forms.CharField(
        label=_("Company"),
        required=False,
        max_length=LONGEST,
        widget=forms.TextInput({"list": LIST_ID, "autocomplete": "off"}),
    )
    team = _row(_("Team"))
    territory = _row(_("Territory"))
    pipeline = _row(_("Pipeline"))
    stage = _row(_("Stage"))
    next_step = forms.ChoiceField(label=_("Next step"), choices=[ANY, *NextStepState.choices], required=False)
    stalled = _yes_or_no(_("Stalled"))
    has_value = _yes_or_no(_("Has a value"))
    value_from = _amount(_("Value from"))
    value_to = _amount(_("Value below"))
    expected_close_from = _day(_("Closes from"))
    expected_close_to = _day(_("Closes before"))
    closed_from = _day(_("Closed from"))
    closed_to = _day(_("Closed before"))
    created_from = _day(_("Created from"))
    created_to = _day(_("Created before"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in _offered().items():
            _offer(self, name, rows)


def _offer(form: forms.Form, name: str, rows: Any) -> None:
    if name in form.fields:
        form.fields[name].choices = [ANY, *((str(row.pk), str(row)) for row in rows)]  # type: ignore[attr-defined]


def _offered() -> dict[str, Any]:
    return {
        "team": Team.objects.order_by("name", "pk"),
        "pipeline": Pipeline.objects.in_use().in_order(),
        "stage": Stage.objects.in_use().select_related("pipeline").in_order(),
    }


class FilterBar(filter_bar.FilterBar):
    form_class = FilterForm
    permission = Permission.DEAL_VIEW

    @cached_property
    def form(self) -> forms.Form:
        form = super().form
        _offer(form, "territory", offered_territories(self.request.user))  # type: ignore[arg-type]
        typed = self.request.GET.get(COMPANY_NAME, "")
        if typed:
            _ask_which(form, called(typed, by=self.request.user))
        elif company := self._company:
            form.initial[COMPANY_NAME] = company.name
        return form

    @property
    def suggestions(self) -> tuple[str, forms.BoundField] | None:
        """The list of companies that are offered while typing, and its input."""
        return (LIST_ID, self.form[COMPANY_NAME]) if COMPANY_NAME in self.form.fields else None

    @property
    def clear_url(self) -> str:
        return self._without(*self.filters.active, COMPANY_NAME)

    def name_of(self, name: str, value: Any) -> str:
        if name == "company":
            return str(self._company or value)
        if name == "territory":
            return str(offered_territories(self.request.user).filter(pk=value).first() or value)  # type: ignore[arg-type]
        return _name_of(name, value)

    @cached_property
    def _company(self) -> Any:
        return known(self.filters.active.get("company"), by=self.request.user)


def tidy_deals_address(request: HttpRequest, form_url: str) -> str | None:
    """Like `tidy_address`, with the id of the company whose name a form sent.

    Where the name leaves a doubt this is `form_url`, whose form then asks which company is meant.
    """
    if COMPANY_NAME not in request.GET:
        return tidy_address(request)
    typed = request.GET[COMPANY_NAME].strip()
    query = request.GET.copy()
    before = query.get("company", "")
    empty = [name for name, value in query.items() if value == ""]
    for name in {*empty, COMPANY_NAME, "company"}:
        query.pop(name, None)
    company = _meant(typed, before, request.user) if typed else None
    if company:
        query["company"] = str(company.pk)
    elif typed:
        query[COMPANY_NAME] = typed
        return with_query(form_url, query)
    return with_query(request.path, query)


def _meant(typed: str, before: str, by: Any) -> Any:
    """The company of this name; of several that one which was chosen before."""
    chosen = known(int(before), by=by) if before.isdecimal() and len(before) < 19 else None
    if chosen is not None and is_meant(typed, [chosen]):
        return chosen
    found = called(typed, by=by)
    return found[0] if is_meant(typed, found) else None


def _ask_which(form: forms.Form, companies: list[Any]) -> None:
    """Offer the companies that were meant perhaps; without any, say that there is none."""
    name = form.fields[COMPANY_NAME]
    if not companies:
        name.help_text = NO_SUCH
        return
    choice = forms.ChoiceField(label=name.label, choices=choices_of(companies), required=False, help_text=WHICH)
    form.fields = {
        "company" if key == COMPANY_NAME else key: choice if key == COMPANY_NAME else field
        for key, field in form.fields.items()
    }


def _name_of(name: str, value: Any) -> str:
    model: Any = {
        "team": Team,
        "pipeline": Pipeline,
        "stage": Stage,
        "reached": Stage,
        "not_reached": Stage,
        "reason": CloseReason,
        "source": LeadSource,
    }
    row = model[name].objects.filter(pk=value).first() if name in model else None
    return str(row or value)
