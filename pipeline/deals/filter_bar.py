"""The filter bar above the board and the list: what is set, and the form that sets more."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.contacts.models import Company
from pipeline.deals.models import LeadSource
from pipeline.deals.states import DealStatus, NextStepState
from pipeline.saved_views import filter_bar
from pipeline.saved_views.filter_bar import ANY, PeopleForm
from pipeline.saved_views.filtering import YES_OR_NO
from pipeline.stages.models import CloseReason, Pipeline, Stage
from teams.access import Permission
from teams.models import Team, Territory


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
            choices = [(str(row.pk), str(row)) for row in rows]
            self.fields[name].choices = [ANY, *choices]  # type: ignore[attr-defined]


def _offered() -> dict[str, Any]:
    return {
        "team": Team.objects.order_by("name", "pk"),
        "territory": Territory.objects.filter(plan__status="published").order_by("name", "pk"),
        "pipeline": Pipeline.objects.in_use().in_order(),
        "stage": Stage.objects.in_use().select_related("pipeline").in_order(),
    }


class FilterBar(filter_bar.FilterBar):
    form_class = FilterForm
    permission = Permission.DEAL_VIEW

    def name_of(self, name: str, value: Any) -> str:
        return _name_of(name, value, self.request.user)


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
