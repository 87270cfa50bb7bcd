"""What to enter for the settings of the workspace and of oneself."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any, ClassVar
from zoneinfo import available_timezones

from babel import Locale
from babel.numbers import get_currency_name
from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import MONTHS
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from crm.lib.forms import entered, shows_what_it_was
from crm.lib.text import SingleLine
from teams.access import Permission, holds
from teams.access.roles import roles_with
from teams.models import LeaderboardNames, RepVisibility, Role, User, Workspace
from teams.people.models import StartPage
from teams.workspace.actions import currency_is_fixed

HUNDRED = Decimal(100)
# Those with a daily reference rate of the European Central Bank: amounts in others could not be compared.
_WITH_RATES = """
AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF IDR ILS INR ISK JPY KRW MXN MYR NOK
NZD PHP PLN RON SEK SGD THB TRY USD ZAR
"""
CURRENCIES = tuple(_WITH_RATES.split())


@dataclass(frozen=True)
class Section:
    """Fields that belong together, with what they are about."""

    title: str | Promise
    text: str | Promise
    names: tuple[str, ...]


class SectionedForm(forms.Form):
    """A long form in sections."""

    layout: ClassVar[tuple[Section, ...]] = ()

    @property
    def sections(self) -> Iterator[tuple[Section, list[forms.BoundField]]]:
        for section in self.layout:
            fields = [self[name] for name in section.names if name in self.fields]
            if fields:
                yield section, fields


class PercentField(forms.IntegerField):
    """A share from 0 to 1, entered as a percentage."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=100, **options)

    def clean(self, value: Any) -> Any:
        entered = super().clean(value)
        return None if entered is None else (Decimal(entered) / HUNDRED).quantize(Decimal("0.01"))

    def prepare_value(self, value: Any) -> Any:
        return int(value * HUNDRED) if isinstance(value, Decimal) else value


def zone_choices() -> list[Any]:
    """The zones by continent; UTC first."""
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))
    groups = [
        (continent, [(name, name.partition("/")[2].replace("_", " ").replace("/", " / ")) for name in found])
        for continent, found in groupby(names, key=lambda name: name.partition("/")[0])
    ]
    return [("UTC", "UTC"), *groups]


def currency_choices() -> list[tuple[str, str]]:
    language = (get_language() or "en")[:2]
    return [(code, f"{code} – {get_currency_name(code, locale=language)}") for code in CURRENCIES]


def country_choices() -> list[tuple[str, str]]:
    """The countries whose public holidays are known, in the reader's language."""
    names = Locale.parse((get_language() or "en")[:2]).territories
    found = [(code, str(names.get(code, code))) for code in _holiday_places()]
    return [("", str(_("No public holidays"))), *sorted(found, key=lambda pair: pair[1])]


def subdivision_choices(country: str) -> list[tuple[str, str]]:
    return [("", str(_("Whole country"))), *((code, code) for code in _holiday_places().get(country, ()))]


def _holiday_places() -> dict[str, list[str]]:
    # Loads the calendars of all countries: a fifth of a second that few processes need.
    import holidays  # noqa: PLC0415

    return holidays.list_supported_countries()


def _roles(*values: str) -> list[tuple[str, Any]]:
    return [(value, label) for value, label in Role.choices if value in values]


class WorkspaceForm(SectionedForm):
    layout = (
        Section(_("Company"), _("What everybody sees at the top of the rail."), ("name", "currency")),
        Section(
            _("Calendar"),
            _("The zone decides on which day a deal was won. Working days without public holidays set the pace."),
            ("time_zone", "fiscal_start_month", "holiday_country", "holiday_subdivision"),
        ),
        Section(
            _("Pace"),
            _("From which share of what would be due today somebody counts as behind."),
            ("pace_behind", "pace_far_behind"),
        ),
        Section(
            _("Visibility"),
            _("Whatever is chosen here, people change only what is theirs to change."),
            ("rep_visibility", "leaderboard"),
        ),
        Section(_("Security"), _("By role."), ("second_factor_required_for", "export_forbidden_for")),
    )

    version = forms.IntegerField(widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name"), max_length=80, validators=[SingleLine()])
    currency = forms.ChoiceField(label=_("Currency"), choices=currency_choices)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=zone_choices,
        help_text=_("In another zone, deals that were closed around midnight may fall into another month."),
    )
    fiscal_start_month = forms.TypedChoiceField(
        label=_("First month of the fiscal year"), choices=list(MONTHS.items()), coerce=int
    )
    holiday_country = forms.ChoiceField(label=_("Public holidays of"), choices=country_choices, required=False)
    holiday_subdivision = forms.CharField(label=_("State or province"), required=False)
    pace_behind = PercentField(label=_("Behind, below %"))
    pace_far_behind = PercentField(label=_("Far behind, below %"))
    rep_visibility = forms.ChoiceField(label=_("What reps see"), choices=RepVisibility)
    leaderboard = forms.ChoiceField(label=_("Leaderboards"), choices=LeaderboardNames)
    second_factor_required_for = forms.MultipleChoiceField(
        label=_("Second factor required for"),
        help_text=_("They set one up after their next sign-in."),
        choices=Role,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    export_forbidden_for = forms.MultipleChoiceField(
        label=_("No exports for"),
        choices=lambda: _roles(*roles_with(Permission.EXPORT)),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: Any = None, *, workspace: Workspace) -> None:
        initial = {name: getattr(workspace, name) for name in self.base_fields}
        super().__init__(data, initial=initial)
        self._keep_what_is_set(workspace)
        country = (data or {}).get("holiday_country", workspace.holiday_country)
        self.fields["holiday_subdivision"].widget = forms.Select(choices=subdivision_choices(country))
        if currency_is_fixed():
            self.fields["currency"].disabled = True
            self.fields["currency"].help_text = _("It stays as it is: deals or quotas already hold amounts in it.")

    def _keep_what_is_set(self, workspace: Workspace) -> None:
        """A currency or zone that was set otherwise can stay."""
        currency: Any = self.fields["currency"]
        if workspace.currency not in CURRENCIES:
            currency.choices = [(workspace.currency, workspace.currency), *currency_choices()]
        zone: Any = self.fields["time_zone"]
        if workspace.time_zone != "UTC" and "/" not in workspace.time_zone:
            zone.choices = [(workspace.time_zone, workspace.time_zone), *zone_choices()]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        behind, far_behind = values.get("pace_behind"), values.get("pace_far_behind")
        if behind is not None and far_behind is not None and far_behind >= behind:
            self.add_error("pace_far_behind", _("Enter less than for “behind”."))
        known = dict(subdivision_choices(values.get("holiday_country", "")))
        if values.get("holiday_subdivision", "") not in known:
            values["holiday_subdivision"] = ""  # that of the country before
        return values

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone not in available_timezones():
            raise ValidationError(_("Choose a time zone from the list."), code="invalid")
        return zone


def _model_field(name: str) -> Any:
    return User._meta.get_field(name).formfield()  # type: ignore[union-attr]


# The start pages that need a permission.
_START_PAGES = {
    StartPage.BOARD: Permission.DEAL_VIEW,
    StartPage.DEALS: Permission.DEAL_VIEW,
    StartPage.DASHBOARD: Permission.METRICS_VIEW,
}


class ProfileForm(SectionedForm):
    layout = (
        Section(_("You"), _("What colleagues see."), ("first_name", "last_name", "job_title")),
        Section(
            _("Language and time"),
            _("Activities and reminders without a time follow you into another zone."),
            ("language", "time_zone"),
        ),
        Section(_("Working with Kontor"), "", ("theme", "start_page", "single_keys")),
    )

    first_name = _model_field("first_name")
    last_name = _model_field("last_name")
    job_title = _model_field("job_title")
    language = _model_field("language")
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zone_choices)
    theme = _model_field("theme")
    start_page = _model_field("start_page")
    single_keys = _model_field("single_keys")

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data, initial={name: getattr(user, name) for name in self.base_fields})
        shows_what_it_was(self)
        zone: Any = self.fields["time_zone"]
        if user.time_zone != "UTC" and "/" not in user.time_zone:
            zone.choices = [(user.time_zone, user.time_zone), *zone_choices()]
        start: Any = self.fields["start_page"]
        start.choices = [
            (value, label)
            for value, label in StartPage.choices
            if value not in _START_PAGES or holds(user, _START_PAGES[StartPage(value)])
        ]
        if not holds(user, Permission.DEAL_VIEW):
            del self.fields["start_page"]

    def clean(self) -> dict[str, Any]:
        return entered(self)
