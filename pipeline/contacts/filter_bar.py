"""The bar above the lists of companies and contacts."""

from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from crm.templatetags.formats import country
from pipeline.contacts.filters import IN_THE_BIN, UNASSIGNED
from pipeline.contacts.forms import CountrySelect
from pipeline.contacts.models import Company
from pipeline.saved_views import filter_bar
from pipeline.saved_views.filter_bar import ANY, PeopleForm
from teams.access import Permission
from teams.territories.visible import visible_territories


class FilterForm(PeopleForm):
    q = forms.CharField(label=_("Search"), required=False, widget=forms.TextInput({"type": "search"}))
    owner = forms.ChoiceField(label=_("Owner"), required=False)
    territory = forms.ChoiceField(label=_("Territory"), required=False)
    country = forms.CharField(label=_("Country"), required=False, max_length=2, widget=CountrySelect)
    industry = forms.CharField(label=_("Industry"), required=False, max_length=80)
    deleted = forms.ChoiceField(label=_("Deleted"), choices=[("", _("No")), *IN_THE_BIN], required=False)


class FilterBar(filter_bar.FilterBar):
    form_class = FilterForm
    permission = Permission.COMPANY_VIEW

    @cached_property
    def form(self) -> forms.Form:
        form = super().form
        territories = visible_territories(self.request.user).filter(archived_at__isnull=True)
        names = [(str(one.pk), one.name) for one in territories.order_by("priority", "pk")]
        form.fields["territory"].choices = [ANY, (UNASSIGNED, _("Unassigned")), *names]  # type: ignore[attr-defined]
        return form

    def name_of(self, name: str, value: Any) -> str:
        if name == "territory" and value == UNASSIGNED:
            return str(_("Unassigned"))
        if name == "territory":
            return _name(visible_territories(self.request.user).filter(pk=int(value)), value)
        if name == "company":
            return _name(Company.objects.reachable_by(self.request.user).filter(pk=value), value)
        return country(value.upper()) if name == "country" else str(value)


def _name(rows: Any, value: Any) -> str:
    return str(rows.first() or value)
