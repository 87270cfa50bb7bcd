"""Forms for companies and contacts, whole and field by field."""

from typing import Any

from babel import Locale
from django.db import models
from django.forms import ModelForm, Select, modelform_factory
from django.forms.models import model_to_dict

from crm.lib.text import sort_key
from crm.templatetags.formats import country
from pipeline.contacts.models import Company, Contact
from teams.access import Permission, reach
from teams.models import User

COMPANY_FIELDS = (
    "name",
    "industry",
    "employees",
    "revenue",
    "founded",
    "street",
    "postal_code",
    "city",
    "region",
    "country",
    "phone",
    "website",
)
CONTACT_FIELDS = ("salutation", "first_name", "last_name", "job_title", "email", "phone", "mobile")
# What the pages show and edit in place: the same and what they belong to.
COMPANY_VALUES = (COMPANY_FIELDS[0], "parent", *COMPANY_FIELDS[1:])
CONTACT_VALUES = (*CONTACT_FIELDS[:4], "company", *CONTACT_FIELDS[4:])


# Two letters that babel names beside the countries: groups of them, parts, and what is only for tests.
_NO_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})
_COUNTRIES = {code for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha()} - _NO_COUNTRIES


class CountrySelect(Select):
    """Countries by their names in the reader's language; a code that is none of them stays as it is."""

    def optgroups(self, name: str, value: list[str], attrs: Any = None) -> Any:
        offered = sorted({*_COUNTRIES, *filter(None, value)}, key=lambda code: sort_key(country(code)))
        self.choices = [("", "–"), *((code, country(code)) for code in offered)]
        return super().optgroups(name, value, attrs)


def form_field(field: Any, **options: Any) -> Any:
    """The editor of a column; a web address without a scheme means https."""
    if isinstance(field, models.URLField):
        options["assume_scheme"] = "https"
    if field.name == "country":
        options["widget"] = CountrySelect
    return field.formfield(**options)


class CompanyForm(ModelForm):
    class Meta:
        model = Company
        fields = COMPANY_FIELDS
        formfield_callback = form_field


class ContactForm(ModelForm):
    class Meta:
        model = Contact
        fields = CONTACT_FIELDS


def form_of_field(row: Company | Contact, name: str, data: object = None, *, by: Any) -> ModelForm:
    """The editor of one field. It works on values, not on the row: writing is the action's."""
    form_class = modelform_factory(type(row), fields=[name], formfield_callback=form_field)
    form = form_class(data, initial=model_to_dict(row, [name]), prefix=None)  # type: ignore[arg-type]
    if name == "owner":
        owner: Any = form.fields["owner"]
        owner.queryset, owner.required, owner.empty_label = heirs(by), True, None
    return form


def heirs(by: Any) -> Any:
    """To whom the person may give companies and contacts: herself and the people she leads."""
    scope = reach(by, Permission.COMPANY_DISPOSE)
    people = User.objects.active().by_name()
    return people if scope.everything else people.filter(pk__in=scope.people_ids)


def may_hand_over(by: Any) -> bool:
    scope = reach(by, Permission.COMPANY_DISPOSE)
    return scope.everything or len(scope.people_ids) > 1
