"""The filters of deals: one vocabulary for the list, the board and the API."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.lib.periods import midnight
from crm.lib.text import sort_key
from pipeline.deals.models import Deal, DealStateInterval
from pipeline.deals.states import DealStatus, NextStepState
from teams.access.reach import subtree
from teams.models import Territory, Workspace

BIGGEST_ID = 2**63 - 1
YES_OR_NO = [("true", _("Yes")), ("false", _("No"))]
ORDERINGS = {
    "name": "sort_key",
    "company": "company__sort_key",
    "value": "value",
    "stage": "stage__position",
    "owner": "owner__sort_key",
    "expected_close_date": "expected_close_date",
    "created_at": "created_at",
    "changed_at": "changed_at",
    "closed_at": "closed_at",
    "stage_entered_at": "stage_entered_at",
}


class IdFilter(django_filters.Filter):
    """The id of a related row; whether it exists is not asked, a strange one finds nothing."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, min_value=1, max_value=BIGGEST_ID, **kwargs)


class PersonFilter(django_filters.Filter):
    """`me` or the id of a person."""

    field_class = forms.RegexField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, regex=r"^(me|[1-9]\d{0,17})\Z", **kwargs)


class DealFilter(django_filters.FilterSet):
    """Narrows deals by parameters of an address. Ranges are half-open; their days begin in the workspace zone.

    A team or territory means everything below it as well. Invalid values are left out and named in `errors`.
    """

    status = django_filters.ChoiceFilter(choices=DealStatus.choices, label=_("Status"))
    owner = PersonFilter(method="by_owner", label=_("Owner"))
    team = IdFilter(method="by_team", label=_("Team"))
    territory = IdFilter(method="by_territory", label=_("Territory"))
    pipeline = IdFilter(field_name="pipeline_id", label=_("Pipeline"))
    stage = IdFilter(field_name="stage_id", label=_("Stage"))
    company = IdFilter(field_name="company_id", label=_("Company"))
    source = IdFilter(field_name="source_id", label=_("Source"))
    created_from = django_filters.DateFilter(method="by_instant", label=_("Created from"))
    created_to = django_filters.DateFilter(method="by_instant", label=_("Created before"))
    closed_from = django_filters.DateFilter(method="by_instant", label=_("Closed from"))
    closed_to = django_filters.DateFilter(method="by_instant", label=_("Closed before"))
    expected_close_from = django_filters.DateFilter("expected_close_date", "gte", label=_("Closes from"))
    expected_close_to = django_filters.DateFilter("expected_close_date", "lt", label=_("Closes before"))
    open_at = django_filters.IsoDateTimeFilter(method="by_open_at", label=_("Open at"))
    has_value = django_filters.ChoiceFilter(choices=YES_OR_NO, method="by_has_value", label=_("Has a value"))
    next_step = django_filters.ChoiceFilter(choices=NextStepState.choices, method="by_next_step", label=_("Next step"))
    stalled = django_filters.ChoiceFilter(choices=YES_OR_NO, method="by_stalled", label=_("Stalled"))
    q = django_filters.CharFilter(method="by_words", label=_("Search"), max_length=200)
    ordering = django_filters.ChoiceFilter(
        choices=[(sign + name, name) for name in ORDERINGS for sign in ("", "-")], method="by_order"
    )

    class Meta:
        model = Deal
        fields: list[str] = []

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        queryset: QuerySet[Deal] | None = None,
        *,
        request: Any = None,
        user: Any = None,
        now: datetime | None = None,
        prefix: str | None = None,
    ) -> None:
        super().__init__(data, queryset, request=request, prefix=prefix)
        self.user = user or getattr(request, "user", None)
        self.now = now or timezone.now()

    def unknown(self, allowed: Collection[str] = ()) -> list[str]:
        """Parameters that filter nothing here; `allowed` are the caller's own, such as `page`."""
        return sorted(set(self.data) - set(self.filters) - set(allowed))

    @property
    def active(self) -> dict[str, Any]:
        """The filters that were given and understood, without the order."""
        self.form.is_valid()
        return {
            name: value
            for name, value in self.form.cleaned_data.items()
            if name != "ordering" and value not in (None, "")
        }

    def by_owner(self, deals: Any, _name: str, value: str) -> Any:
        return deals.filter(owner_id=getattr(self.user, "pk", None) if value == "me" else int(value))

    def by_team(self, deals: Any, _name: str, value: int) -> Any:
        return deals.filter(team_id__in=subtree({value}))

    def by_territory(self, deals: Any, _name: str, value: int) -> Any:
        return deals.filter(territory_id__in=_territories_below(value))

    def by_instant(self, deals: Any, name: str, value: date) -> Any:
        field, _separator, side = name.rpartition("_")
        lookup = f"{field}_at__{'gte' if side == 'from' else 'lt'}"
        return deals.filter(**{lookup: midnight(value, Workspace.get().zone)})

    def by_open_at(self, deals: Any, _name: str, value: datetime) -> Any:
        then = DealStateInterval.objects.at(value).in_funnel().filter(deal=OuterRef("pk"))
        return deals.filter(Exists(then))

    def by_has_value(self, deals: Any, _name: str, value: str) -> Any:
        return deals.filter(value__isnull=value == "false")

    def by_next_step(self, deals: Any, _name: str, value: str) -> Any:
        return deals.next_step_is(value, self.now)

    def by_stalled(self, deals: Any, _name: str, value: str) -> Any:
        if value == "true":
            return deals.stalled(self.now)
        return deals.with_stalled(self.now).filter(is_stalled=False)

    def by_words(self, deals: Any, _name: str, value: str) -> Any:
        for word in sort_key(value).split():
            deals = deals.filter(Q(sort_key__contains=word) | Q(company__sort_key__contains=word))
        return deals

    def by_order(self, deals: Any, _name: str, value: str) -> Any:
        column = F(ORDERINGS[value.removeprefix("-")])
        first = column.desc(nulls_last=True) if value.startswith("-") else column.asc(nulls_last=True)
        return deals.order_by(first, "pk")


def _territories_below(top: int) -> set[int]:
    children: dict[int | None, list[int]] = {}
    for pk, parent_id in Territory.objects.values_list("pk", "parent_id").order_by("pk"):
        children.setdefault(parent_id, []).append(pk)
    found: set[int] = set()
    waiting = [top]
    while waiting:
        pk = waiting.pop()
        if pk not in found:
            found.add(pk)
            waiting.extend(children.get(pk, ()))
    return found
