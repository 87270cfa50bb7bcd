"""The filters of activities: one vocabulary for the list and the API."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

import django_filters
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.lib.periods import midnight
from crm.lib.text import sort_key
from pipeline.activities.models import Activity, ActivityKind
from pipeline.saved_views.filtering import IdFilter, PersonFilter

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


class ActivityFilter(django_filters.FilterSet):
    """Narrows activities by parameters of an address; days begin in the zone of the reader, ranges are half-open."""

    state = django_filters.ChoiceFilter(choices=list(STATES.items()), method="by_state", label=_("State"))
    kind = django_filters.ChoiceFilter(choices=ActivityKind.choices, label=_("Type"))
    assignee = PersonFilter(method="by_assignee", label=_("Assigned to"))
    deal = IdFilter(field_name="deal_id", label=_("Deal"))
    company = IdFilter(field_name="company_id", label=_("Company"))
    contact = IdFilter(field_name="contact_id", label=_("Contact"))
    due_from = django_filters.DateFilter(method="by_day", label=_("Due from"))
    due_to = django_filters.DateFilter(method="by_day", label=_("Due before"))
    q = django_filters.CharFilter(method="by_words", label=_("Search"), max_length=200)
    ordering = django_filters.ChoiceFilter(
        choices=[(sign + name, name) for name in ORDERINGS for sign in ("", "-")], method="by_order"
    )

    class Meta:
        model = Activity
        fields: list[str] = []

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        queryset: QuerySet[Activity] | None = None,
        *,
        user: Any,
        now: datetime | None = None,
        **options: Any,
    ) -> None:
        super().__init__(data, queryset, **options)
        self.user = user
        self.now = now or timezone.now()

    def unknown(self, allowed: Collection[str] = ()) -> list[str]:
        """Parameters that filter nothing here; `allowed` are the caller's own, such as `page`."""
        return sorted(set(self.data) - set(self.filters) - set(allowed))

    @property
    def active(self) -> dict[str, Any]:
        """The filters that were given and understood, without state and order, which have their own places."""
        self.form.is_valid()
        return {
            name: value
            for name, value in self.form.cleaned_data.items()
            if name not in {"ordering", "state"} and value not in (None, "")
        }

    def by_state(self, activities: Any, _name: str, value: str) -> Any:
        return activities.in_state(value, self.now)

    def by_assignee(self, activities: Any, _name: str, value: str) -> Any:
        return activities.filter(assignee_id=self.user.pk if value == "me" else int(value))

    def by_day(self, activities: Any, name: str, value: date) -> Any:
        start, lookup = midnight(value, self.user.zone), "gte" if name == "due_from" else "lt"
        return activities.filter(Q(**{f"due_on__{lookup}": value}) | Q(**{f"due_at__{lookup}": start}))

    def by_words(self, activities: Any, _name: str, value: str) -> Any:
        for word in sort_key(value).split():
            named = Q(deal__sort_key__contains=word) | Q(company__sort_key__contains=word)
            activities = activities.filter(Q(subject__icontains=word) | named)
        return activities

    def by_order(self, activities: Any, _name: str, value: str) -> Any:
        column = F(ORDERINGS[value.removeprefix("-")])
        first = column.desc(nulls_last=True) if value.startswith("-") else column.asc(nulls_last=True)
        return activities.order_by(first, "pk")
