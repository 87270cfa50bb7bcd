"""The filters of companies and contacts, for lists and the API."""

from typing import Any, ClassVar

import django_filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.lib.text import sort_key
from pipeline.contacts.models import Company, Contact
from pipeline.saved_views.filtering import AddressFilter, IdFilter, PatternFilter, PersonFilter, by_ordering
from teams.access import Permission
from teams.territories.visible import below

UNASSIGNED = "none"
IN_THE_BIN = [("true", _("Yes"))]
COMPANY_ORDERINGS = {
    "name": "sort_key",
    "city": "city",
    "country": "country",
    "industry": "industry",
    "territory": "territory__name",
    "owner": "owner__sort_key",
    "created_at": "created_at",
    "changed_at": "changed_at",
}
CONTACT_ORDERINGS = {
    "name": "sort_key",
    "company": "employer_key",
    "job_title": "job_title",
    "owner": "owner__sort_key",
    "created_at": "created_at",
    "changed_at": "changed_at",
}


class RecordFilter(AddressFilter):
    """What companies and contacts have in common; `through` leads from the record to its company.

    A territory means everything below it as well, `none` those without one or in the one that catches the rest.
    Without `deleted` only live records; with it what lies in the bin and the person may restore.
    """

    through: ClassVar[str] = ""

    owner = PersonFilter(method="by_owner", label=_("Owner"))
    territory = PatternFilter(regex=r"^(none|[1-9]\d{0,17})\Z", method="by_territory", label=_("Territory"))
    country = PatternFilter(regex=r"^[A-Za-z]{2}\Z", method="by_country", label=_("Country"))
    industry = django_filters.CharFilter(method="by_industry", label=_("Industry"), max_length=80)
    deleted = django_filters.ChoiceFilter(choices=IN_THE_BIN, label=_("Deleted"))
    q = django_filters.CharFilter(method="by_words", label=_("Search"), max_length=200)

    def filter_queryset(self, queryset: Any) -> Any:
        chosen = self.form.cleaned_data
        if chosen.get("deleted"):
            editable = queryset.model.objects.reachable_by(self.user, Permission.COMPANY_EDIT)
            queryset = queryset.filter(deleted_at__isnull=False, pk__in=editable.values("pk"))
        else:
            queryset = queryset.live()
        for name in chosen.keys() - {"deleted", "ordering"}:
            queryset = self.filters[name].filter(queryset, chosen[name])
        return self.filters["ordering"].filter(queryset, chosen.get("ordering"))

    def by_owner(self, rows: Any, _name: str, value: str) -> Any:
        return rows.filter(owner_id=getattr(self.user, "pk", None) if value == "me" else int(value))

    def by_territory(self, rows: Any, _name: str, value: str) -> Any:
        if value == UNASSIGNED:
            nowhere = Q(**{f"{self.through}territory__isnull": True})
            return rows.filter(nowhere | Q(**{f"{self.through}territory__is_catch_all": True}))
        return rows.filter(**{f"{self.through}territory_id__in": below(int(value))})

    def by_country(self, rows: Any, _name: str, value: str) -> Any:
        return rows.filter(**{f"{self.through}country": value.upper()})

    def by_industry(self, rows: Any, _name: str, value: str) -> Any:
        return rows.filter(**{f"{self.through}industry__iexact": value.strip()})

    def by_words(self, rows: Any, _name: str, value: str) -> Any:
        for word in sort_key(value).split():
            rows = rows.filter(sort_key__contains=word)
        return rows


class CompanyFilter(RecordFilter):
    ordering = by_ordering(COMPANY_ORDERINGS)
    orderings = COMPANY_ORDERINGS

    class Meta:
        model = Company
        fields: list[str] = []


class ContactFilter(RecordFilter):
    """Narrows contacts, ordered by company only if they were read `with_employer`."""

    through = "company__"

    company = IdFilter(field_name="company_id", label=_("Company"))
    ordering = by_ordering(CONTACT_ORDERINGS)
    orderings = CONTACT_ORDERINGS

    def filter_queryset(self, queryset: Any) -> Any:
        if self.active.keys() & {"company", "territory", "country", "industry"}:
            queryset = queryset.at_visible_companies(self.user)
        return super().filter_queryset(queryset)

    class Meta:
        model = Contact
        fields: list[str] = []
