"""What is asked about a view."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.lib.text import SingleLine
from pipeline.saved_views.models import ViewScope
from pipeline.saved_views.tabs import LONGEST_QUERY
from teams.access.reach import leads_others
from teams.models import User


class ViewForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80, validators=[SingleLine()])
    scope = forms.ChoiceField(label=_("Who sees it"), choices=ViewScope.choices, widget=forms.RadioSelect)

    def __init__(self, data: Any = None, *, by: User, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, auto_id="view-%s", initial={"scope": ViewScope.MINE, **(initial or {})})
        if not leads_others(by):
            offered = [choice for choice in ViewScope.choices if choice[0] != ViewScope.EVERYONE]
            self.fields["scope"].choices = offered  # type: ignore[attr-defined]


class NewViewForm(ViewForm):
    query = forms.CharField(required=False, max_length=LONGEST_QUERY, widget=forms.HiddenInput)
    pin = forms.BooleanField(label=_("Pin to the side bar"), required=False)
