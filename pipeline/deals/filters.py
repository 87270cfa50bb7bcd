"""The filters of deals: one vocabulary for the list, the board and the API."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.lib.periods import midnight
from crm.lib.text import sort_key
from pipeline.contacts.choosing import known
from pipeline.deals.as_of import (
    Narrowing,
    converted_value,
    converted_value_at,
    counted_in_win_rate,
    in_funnel_at,
    reached,
    states_before,
)
from pipeline.deals.models import Deal
from pipeline.deals.states import DealStatus, NextStepState
from pipeline.saved_views.filtering import YES_OR_NO, AddressFilter, IdFilter, PersonFilter, by_ordering
from pipeline.stages.models import Stage
from teams.models import Workspace

FIGURES = [("win_rate", _("Win rate")), ("deal_size", _("Average deal size"))]
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
    "next_step": "next_step_late_at",
    "probability": "probability",
    "status": "status",
    "team": "team__name",
    "territory": "territory__name",
    "pipeline": "pipeline__position",
    "source": "source__name",
}


# Instants with a day around them in every time zone.
FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
SENSIBLE_INSTANT = [MinValueValidator(FIRST), MaxValueValidator(LAST)]
SENSIBLE_DAY = [MinValueValidator(FIRST.date()), MaxValueValidator(LAST.date())]


class StateFilter:
    """A filter about columns that the states of a deal repeat: see `DealFilter`. What it asks stands in `_ASKED`."""


class StateChoice(StateFilter, django_filters.ChoiceFilter):
    pass


class StatePerson(StateFilter, PersonFilter):
    pass


class StateId(StateFilter, IdFilter):
    pass


class DayFilter(django_filters.DateFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, validators=SENSIBLE_DAY, **kwargs)


class StateDay(StateFilter, DayFilter):
    pass


class StateAmount(StateFilter, django_filters.NumberFilter):
    """An amount in the deal's own currency."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, max_digits=14, decimal_places=2, **kwargs)

    def get_max_validator(self) -> None:
        """The number of digits is limited already."""


class ReachableId(forms.IntegerField):
    """The id of a company that `reader` may know; any other is as wrong as one that does not exist."""

    reader: Any = None

    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        if number is not None and known(number, by=self.reader) is None:
            raise ValidationError(forms.ModelChoiceField.default_error_messages["invalid_choice"], code="invalid")
        return number


class CompanyFilter(IdFilter):
    field_class = ReachableId

    @property
    def field(self) -> Any:
        field = super().field
        field.reader = self.parent.user  # type: ignore[attr-defined]
        return field


class DealFilter(AddressFilter):
    """Narrows deals by parameters of an address. Ranges are half-open; their days begin in the workspace zone.

    A team or territory means everything below it as well. Invalid values are left out and named in `errors`.

    `as_of` asks for the deals as they were after everything before an instant, `open_at` for those in the funnel
    then. With one of them every `StateFilter` is about that state: whose the deal was, in which stage, at which
    value. All others, and whether the person may see a deal, are about the present.
    """

    status = StateChoice(choices=DealStatus.choices, label=_("Status"))
    owner = StatePerson(label=_("Owner"))
    team = StateId(label=_("Team"))
    territory = StateId(label=_("Territory"))
    pipeline = StateId(label=_("Pipeline"))
    stage = StateId(label=_("Stage"))
    reached = StateId(label=_("Reached stage"))
    not_reached = StateId(label=_("Did not reach stage"))
    reason = StateId(label=_("Reason"))
    company = CompanyFilter(field_name="company_id", label=_("Company"))
    source = IdFilter(field_name="source_id", label=_("Source"))
    created_from = DayFilter(method="by_creation", label=_("Created from"))
    created_to = DayFilter(method="by_creation", label=_("Created before"))
    closed_from = StateDay(label=_("Closed from"))
    closed_to = StateDay(label=_("Closed before"))
    expected_close_from = StateDay(label=_("Closes from"))
    expected_close_to = StateDay(label=_("Closes before"))
    open_at = django_filters.IsoDateTimeFilter(validators=SENSIBLE_INSTANT, label=_("Open at"))
    as_of = django_filters.IsoDateTimeFilter(validators=SENSIBLE_INSTANT, label=_("As of"))
    value_from = StateAmount(label=_("Value from"))
    value_to = StateAmount(label=_("Value below"))
    has_value = StateChoice(choices=YES_OR_NO, label=_("Has a value"))
    counted_in = StateChoice(choices=FIGURES, label=_("Counted in"))
    next_step = django_filters.ChoiceFilter(choices=NextStepState.choices, method="by_next_step", label=_("Next step"))
    stalled = django_filters.ChoiceFilter(choices=YES_OR_NO, method="by_stalled", label=_("Stalled"))
    q = django_filters.CharFilter(method="by_words", label=_("Search"), max_length=200)
    ordering = by_ordering(ORDERINGS)
    orderings = ORDERINGS

    class Meta:
        model = Deal
        fields: list[str] = []

    @property
    def instant(self) -> datetime | None:
        """The instant whose state is asked for; None is now."""
        given = self.active
        return given.get("open_at") or given.get("as_of")

    def filter_queryset(self, queryset: Any) -> Any:
        given = self.active
        about_state = {name: value for name, value in given.items() if isinstance(self.filters[name], StateFilter)}
        for name in given.keys() - about_state.keys() - {"open_at", "as_of"}:
            queryset = self.filters[name].filter(queryset, given[name])
        queryset = self._in_state(queryset, about_state)
        return self.filters["ordering"].filter(queryset, self.form.cleaned_data.get("ordering"))

    def _in_state(self, deals: Any, given: dict[str, Any]) -> Any:
        instant = self.instant
        if instant is None:
            return self._narrowed(deals, given, "pk", converted_value(self.now))
        states = in_funnel_at(instant) if "open_at" in self.active else states_before(instant)
        states = self._narrowed(states, given, "deal_id", converted_value_at(instant))
        return deals.filter(pk__in=states.values("deal_id"))

    def _narrowed(self, rows: Any, given: dict[str, Any], deal: str, amount: Any) -> Any:
        """Rows are deals or states; `deal` is their column of the deal's id, `amount` their value when converted."""
        for name, value in given.items():
            if name in {"reached", "not_reached"}:
                condition = _about_reaching(value, deal, self.instant, wanted=name == "reached")
            elif name == "owner":
                condition = Q(owner_id=getattr(self.user, "pk", None) if value == "me" else int(value))
            elif (name, value) == ("counted_in", "deal_size"):
                rows = rows.alias(counted_amount=amount)
                condition = Q(counted_amount__isnull=False)
            else:
                condition = _ASKED[name](value)
            rows = rows.filter(condition)
        return rows

    def by_creation(self, deals: Any, name: str, value: date) -> Any:
        return deals.filter(Q(**{f"created_at__{'gte' if name.endswith('from') else 'lt'}": _midnight(value)}))

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


def _midnight(day: date) -> datetime:
    return midnight(day, Workspace.get().zone)


def _about_reaching(stage_id: int, deal: str, instant: datetime | None, *, wanted: bool) -> Q:
    stage = Stage.objects.filter(pk=stage_id).first()
    if stage is None:
        return Q(pk__in=[])
    came = reached(stage, deal=deal, before=instant)
    return came if wanted else Q(pipeline_id=stage.pipeline_id) & ~came


_ASKED: dict[str, Callable[[Any], Q]] = {
    "status": lambda value: Q(status=value),
    "team": lambda value: Narrowing(team=value).condition(),
    "territory": lambda value: Narrowing(territory=value).condition(),
    "pipeline": lambda value: Narrowing(pipeline=value).condition(),
    "stage": lambda value: Q(stage_id=value),
    "reason": lambda value: Q(close_reason_id=value),
    "closed_from": lambda value: Q(closed_at__gte=_midnight(value)),
    "closed_to": lambda value: Q(closed_at__lt=_midnight(value)),
    "expected_close_from": lambda value: Q(expected_close_date__gte=value),
    "expected_close_to": lambda value: Q(expected_close_date__lt=value),
    "value_from": lambda value: Q(value__gte=value),
    "value_to": lambda value: Q(value__lt=value),
    "has_value": lambda value: Q(value__isnull=value == "false"),
    "counted_in": lambda _value: counted_in_win_rate(),
}
