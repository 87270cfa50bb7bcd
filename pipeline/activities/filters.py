"""The filters of activities: one vocabulary for the list and the API."""

from datetime import date
from typing import Any

import django_filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.lib.periods import midnight
from crm.lib.text import sort_key
from pipeline.activities.models import Activity, ActivityKind
from pipeline.saved_views.filtering import AddressFilter, IdFilter, PersonFilter, by_ordering

STATES = {
    "open": _("Open"),
    "overdue": _("Overdue"),
    "today": _("Today"),
    "planned": _("Planned"),
    "undated": _("Without date"),
    "done": _("Done"),
}
ORDERINGS = {
    "due": "late_at",
    "subject": "subject",
    "kind": "kind",
    "assignee": "assignee__sort_key",
    "created_at": "created_at",
    "done_at": "done_at",
    "id": "pk",
}


class ActivityFilter(AddressFilter):
    """Narrows activities by parameters of an address; days begin in the zone of the reader, ranges are half-open."""

    state = django_filters.ChoiceFilter(choices=list(STATES.items()), method="by_state", label=_("State"))
    kind = django_filters.ChoiceFilter(choices=ActivityKind.choices, label=_("Type"))
    assignee = PersonFilter(method="by_assignee", label=_("Assigned to"))
    deal = IdFilter(method="by_subject", label=_("Deal"))
    company = IdFilter(method="by_subject", label=_("Company"))
    contact = IdFilter(method="by_subject", label=_("Contact"))
    due_from = django_filters.DateFilter(method="by_day", label=_("Due from"))
    due_to = django_filters.DateFilter(method="by_day", label=_("Due before"))
    q = django_filters.CharFilter(method="by_words", label=_("Search"), max_length=200)
    ordering = by_ordering(ORDERINGS)
    orderings = ORDERINGS

    class Meta:
        model = Activity
        fields: list[str] = []

    @property
    def active(self) -> dict[str, Any]:
        """The filters that were given and understood, without state and order, which have their own places."""
        return {name: value for name, value in super().active.items() if name != "state"}

    def by_state(self, activities: Any, _name: str, value: str) -> Any:
        return activities.in_state(value, self.now)

    def by_assignee(self, activities: Any, _name: str, value: str) -> Any:
        return activities.filter(assignee_id=self.user.pk if value == "me" else int(value))

    def by_subject(self, activities: Any, name: str, value: int) -> Any:
        return activities.filter(**{f"{name}_id__in": self._known(name).filter(pk=value).values("pk")})

    def by_day(self, activities: Any, name: str, value: date) -> Any:
        start, lookup = midnight(value, self.user.zone), "gte" if name == "due_from" else "lt"
        return activities.filter(Q(**{f"due_on__{lookup}": value}) | Q(**{f"due_at__{lookup}": start}))

    def by_words(self, activities: Any, _name: str, value: str) -> Any:
        deals, companies = self._known("deal"), self._known("company")
        for word in sort_key(value).split():
            deal = Q(deal_id__in=deals.filter(sort_key__contains=word).values("pk"))
            company = Q(company_id__in=companies.filter(sort_key__contains=word).values("pk"))
            activities = activities.filter(Q(subject__icontains=word) | deal | company)
        return activities

    def _known(self, name: str) -> Any:
        """The records that the person may know: an activity within her reach may be about others as well."""
        related: Any = Activity._meta.get_field(name).related_model
        return related._default_manager.reachable_by(self.user)
