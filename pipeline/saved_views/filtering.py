"""Lists that the address narrows and sorts: the words that every list knows, for pages and the API alike."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

BIGGEST_ID = 2**63 - 1
YES_OR_NO = [("true", _("Yes")), ("false", _("No"))]


class IdFilter(django_filters.Filter):
    """The id of a related row; whether it exists is not asked, a strange one finds nothing."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, min_value=1, max_value=BIGGEST_ID, **kwargs)


class PatternFilter(django_filters.Filter):
    """Text of a given form."""

    field_class = forms.RegexField

    def __init__(self, *args: Any, regex: str, **kwargs: Any) -> None:
        super().__init__(*args, regex=regex, **kwargs)


class PersonFilter(PatternFilter):
    """`me` or the id of a person."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, regex=r"^(me|[1-9]\d{0,17})\Z", **kwargs)


def by_ordering(orderings: Collection[str]) -> django_filters.ChoiceFilter:
    """The filter `ordering` of an `AddressFilter`: a name, or with a minus before it from high to low."""
    return django_filters.ChoiceFilter(
        choices=[(sign + name, name) for name in orderings for sign in ("", "-")], method="by_order"
    )


class AddressFilter(django_filters.FilterSet):
    """Narrows rows by parameters of an address. Invalid values are left out and named in `errors`.

    `orderings` maps each name to its column; equal values keep the order of the primary key.
    """

    orderings: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        queryset: QuerySet[Any] | None = None,
        *,
        request: Any = None,
        user: Any = None,
        now: datetime | None = None,
        prefix: str | None = None,
    ) -> None:
        super().__init__(data, queryset, request=request, prefix=prefix)
        self.user: Any = user or getattr(request, "user", None)
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

    def by_order(self, rows: Any, _name: str, value: str) -> Any:
        column = F(self.orderings[value.removeprefix("-")])
        first = column.desc(nulls_last=True) if value.startswith("-") else column.asc(nulls_last=True)
        return rows.order_by(first, "pk")
