"""The forms of territories: the rule as rows, the place in the tree, names, and who works here."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from crm.lib.forms import SENSIBLE_DAY, DayInput
from crm.lib.localised import NotUnderstood, parse_amount
from crm.lib.text import SingleLine
from pipeline.coverage.rules import LABELS, VOCABULARY, NotARule, Rules, check
from teams.models import Territory, User
from teams.territories.visible import below

OPERATORS = {
    "in": gettext_lazy("is"),
    "starts_with": gettext_lazy("begins with"),
    "gte": gettext_lazy("at least"),
    "lte": gettext_lazy("at most"),
}
LONGEST_RANGE = 1000
_ROW = re.compile(r"c(\d{1,3})-(\d{1,3})-(field|operator|values)\Z")
_RANGE = re.compile(r"(\d{1,6})\s*[-–]\s*(\d{1,6})\Z")

# A row as typed: field, operator, values.
Row = dict[str, str]


class ConditionForm(forms.Form):
    """One condition; a row with neither field nor values is not there."""

    field = forms.ChoiceField(
        label=gettext_lazy("Field"), choices=[("", gettext_lazy("Choose")), *LABELS.items()], required=False
    )
    operator = forms.ChoiceField(label=gettext_lazy("Comparison"), choices=[*OPERATORS.items()], required=False)
    values = forms.CharField(label=gettext_lazy("Values"), max_length=40_000, required=False)

    def clean(self) -> dict[str, Any]:
        entered: dict[str, Any] = super().clean() or self.cleaned_data
        field, text = entered.get("field", ""), entered.get("values", "")
        if not field and not text:
            return entered
        if not field:
            self.add_error("field", _("Choose a field."))
        elif not text:
            self.add_error("values", _("Enter at least one value."))
        else:
            entered["condition"] = self._condition(field, entered.get("operator", ""), text)
        return entered

    def _condition(self, field: str, operator: str, text: str) -> dict[str, Any]:
        known = VOCABULARY[field]
        if len(known) == 1:
            operator = known[0]
        elif operator not in known:
            self.add_error("operator", _("Choose at least or at most."))
        return {"field": field, "operator": operator, "values": self._values(field, text)}

    def _values(self, field: str, text: str) -> list[Any]:
        if field == "employees":
            return self._whole_number(text)
        parts = [part.strip() for part in re.split(r";" if field == "company" else r"[,;]", text)]
        values = [value for part in parts if part for value in (_expanded(part) if field == "postal_code" else [part])]
        if field == "country":
            values = [value.upper() for value in values]
            if any(not re.fullmatch(r"[A-Z]{2}", value) for value in values):
                self.add_error("values", _("Use a two-letter country code, such as DE."))
        return list(dict.fromkeys(values))

    def _whole_number(self, text: str) -> list[int]:
        try:
            amount = parse_amount(text, language=get_language() or "en")
        except NotUnderstood:
            amount = None
        if amount is None or amount != amount.to_integral_value() or amount < 0:
            self.add_error("values", _("Enter a whole number."))
            return []
        return [int(amount)]


class PlaceForm(forms.Form):
    """Where a territory stands: below which other, and when it is asked."""

    parent = forms.ModelChoiceField(
        label=gettext_lazy("Below"), queryset=Territory.objects.none(), required=False, empty_label=gettext_lazy("Top")
    )
    priority = forms.IntegerField(
        label=gettext_lazy("Priority"),
        min_value=0,
        max_value=100_000,
        help_text=gettext_lazy("The lowest number is asked first."),
    )
    is_catch_all = forms.BooleanField(label=gettext_lazy("Catches what no rule matches"), required=False)

    def __init__(self, *args: Any, territory: Territory, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.territory = territory
        in_use = Territory.objects.filter(plan=territory.plan_id, archived_at__isnull=True)
        parents: Any = self.fields["parent"]
        parents.queryset = in_use.exclude(pk__in=below(territory.pk)).order_by("priority", "pk")

    def clean_is_catch_all(self) -> bool:
        wanted = bool(self.cleaned_data["is_catch_all"])
        others = Territory.objects.filter(plan=self.territory.plan_id, is_catch_all=True).exclude(pk=self.territory.pk)
        if wanted and others.exists():
            raise forms.ValidationError(_("Another territory already catches the rest."))
        return wanted


class RuleEditor:
    """The rule and the place of a territory as one form of plain rows.

    `data` is what was posted. A button named `edit` changes the rows instead of sending them: `add:0` a condition
    to the first alternative, `remove:0:2` its third, `alternative` another one.
    """

    def __init__(self, territory: Territory, data: Mapping[str, Any] | None = None) -> None:
        self.territory = territory
        self.changing_rows = bool(data and data.get("edit"))
        bound = data is not None and not self.changing_rows
        rows = _rows_of(data) if data is not None else _rows_of_rules(territory.rules)
        if self.changing_rows:
            rows = _with_edit(rows, str((data or {})["edit"]))
        self.alternatives = [
            [_condition_form(place, number, row, bound=bound) for number, row in enumerate(alternative)]
            for place, alternative in enumerate(rows or _one_empty_row())
        ]
        self.error = ""
        self.place = self._place_form(data)

    def _place_form(self, data: Mapping[str, Any] | None) -> PlaceForm:
        initial = {name: getattr(self.territory, name) for name in ("parent", "priority", "is_catch_all")}
        return PlaceForm(data, initial=initial, territory=self.territory, auto_id="place-%s")

    def is_valid(self) -> bool:
        conditions = [form.is_valid() for alternative in self.alternatives for form in alternative]
        if not self.place.is_valid() or not all(conditions):
            return False
        try:
            check(self.rules)
        except NotARule as fault:
            self.error = str(fault)
        return not self.error

    @property
    def rules(self) -> list[list[dict[str, Any]]]:
        """The rule as data, without empty rows."""
        rows = [
            [form.cleaned_data["condition"] for form in alternative if "condition" in form.cleaned_data]
            for alternative in self.alternatives
        ]
        return [row for row in rows if row]

    @property
    def changes(self) -> dict[str, Any]:
        """What the form says, in the words of `reshape`."""
        place = self.place.cleaned_data
        parent = place["parent"]
        return {
            "rules": self.rules,
            "parent_id": parent.pk if parent else None,
            "priority": place["priority"],
            "is_catch_all": place["is_catch_all"],
        }


class NameForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80, validators=[SingleLine()])
    manager = forms.ModelChoiceField(
        label=gettext_lazy("Manager"), queryset=User.objects.none(), required=False, empty_label="–"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        managers: Any = self.fields["manager"]
        managers.queryset = User.objects.active().by_name()


class AddForm(NameForm):
    parent = forms.ModelChoiceField(
        label=gettext_lazy("Below"), queryset=Territory.objects.none(), required=False, empty_label=gettext_lazy("Top")
    )

    def __init__(self, *args: Any, territories: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parents: Any = self.fields["parent"]
        parents.queryset = territories


class MemberForm(forms.Form):
    user = forms.ModelChoiceField(
        label=gettext_lazy("Person"), queryset=User.objects.none(), empty_label=gettext_lazy("Choose a person")
    )
    starts_on = forms.DateField(label=gettext_lazy("From"), required=False, validators=SENSIBLE_DAY, widget=DayInput)
    ends_on = forms.DateField(
        label=gettext_lazy("Until before"), required=False, validators=SENSIBLE_DAY, widget=DayInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["user"]
        people.queryset = User.objects.active().by_name()


class EndForm(forms.Form):
    ends_on = forms.DateField(
        label=gettext_lazy("No longer works here from"),
        validators=SENSIBLE_DAY,
        widget=DayInput,
    )


def in_text(field: str, values: Sequence[Any]) -> str:
    """The values of a condition as they are typed; a run of postal codes as `80–87`."""
    texts = [str(value) for value in values]
    if field == "company":
        return "; ".join(texts)
    return ", ".join(_collapsed(texts) if field == "postal_code" else texts)


def _expanded(text: str) -> list[str]:
    """`80–87` is each beginning from 80 to 87; anything else is itself."""
    match = _RANGE.fullmatch(text)
    if not match or len(match[1]) != len(match[2]):
        return [text]
    first, last = int(match[1]), int(match[2])
    if not 0 <= last - first < LONGEST_RANGE:
        return [text]
    return [str(number).zfill(len(match[1])) for number in range(first, last + 1)]


def _collapsed(texts: list[str]) -> Iterable[str]:
    def run(pair: tuple[int, str]) -> tuple[int, int]:
        place, text = pair
        return (len(text), int(text) - place) if text.isdecimal() else (0, -place)

    for _key, pairs in groupby(enumerate(texts), key=run):
        group = [text for _place, text in pairs]
        yield f"{group[0]}–{group[-1]}" if len(group) > 2 else ", ".join(group)


def _condition_form(place: int, number: int, row: Row, *, bound: bool) -> ConditionForm:
    prefix = f"c{place}-{number}"
    if bound:
        return ConditionForm({f"{prefix}-{name}": value for name, value in row.items()}, prefix=prefix)
    return ConditionForm(initial=row, prefix=prefix)


def _rows_of(data: Mapping[str, Any]) -> list[list[Row]]:
    found: dict[tuple[int, int], Row] = {}
    for key, value in data.items():
        if match := _ROW.fullmatch(key):
            found.setdefault((int(match[1]), int(match[2])), {})[match[3]] = str(value)
    ordered = sorted(found)
    return [[found[key] for key in keys] for _place, keys in groupby(ordered, key=lambda one: one[0])]


def _rows_of_rules(rules: Rules) -> list[list[Row]]:
    return [
        [
            {
                "field": condition["field"],
                "operator": condition["operator"],
                "values": in_text(condition["field"], condition["values"]),
            }
            for condition in alternative
        ]
        for alternative in rules
    ]


def _one_empty_row() -> list[list[Row]]:
    return [[{}]]


def _with_edit(rows: list[list[Row]], edit: str) -> list[list[Row]]:
    """The rows after a button; one that no longer fits changes nothing."""
    verb, *numbers = edit.split(":")
    places = [int(number) for number in numbers if number.isdecimal() and len(number) < 4]
    if verb == "alternative":
        return [*rows, [{}]]
    if verb == "add" and places and places[0] < len(rows):
        return [[*one, {}] if place == places[0] else one for place, one in enumerate(rows)]
    if verb == "remove" and len(places) == 2:
        kept = [[row for number, row in enumerate(one) if [place, number] != places] for place, one in enumerate(rows)]
        return [one for one in kept if one]
    return rows
