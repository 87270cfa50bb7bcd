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


class FilterForm(PeopleForm):
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
