"""Forms for users, teams and deputies."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.lib.forms import SENSIBLE_DAY, DayInput, shows_what_it_was
from teams.access.reach import subtree
from teams.people.models import Role, Team, User
from teams.people.querysets import UserQuerySet
from teams.people.tree import branches

DAY = timedelta(days=1)
ROLES: list[tuple[str, str | Promise]] = [
    (Role.REP, _("Sales rep: works on their own deals")),
    (Role.MANAGER, _("Manager: sees and handles the deals of their teams, sets quotas")),
    (Role.ADMIN, _("Admin: everything, with users and settings")),
    (Role.CONTENT, _("Content: no deals, no figures")),
    (Role.READ_ONLY, _("Read-only: sees deals and figures of their teams, changes nothing")),
]


def _model_field(name: str, **options: Any) -> Any:
    return User._meta.get_field(name).formfield(**options)  # type: ignore[union-attr]


class TeamField(forms.ChoiceField):
    """A team in use, chosen from the tree; cleans to the team, or None."""

    def __init__(self, *, empty_label: str | Promise = "–", **options: Any) -> None:
        def choices() -> Iterator[tuple[Any, Any]]:
            yield "", empty_label
            yield from ((branch.team.pk, branch.path) for branch in branches())

        super().__init__(choices=choices, **options)

    def clean(self, value: Any) -> Team | None:
        key = super().clean(value)
        return Team.objects.get(pk=key) if key else None


class UserFilter(forms.Form):
    """What the list of users shows; people who can sign in unless said otherwise."""

    ACTIVE, INACTIVE, ALL, NO_PASSWORD = "", "inactive", "all", "no-password"

    q = forms.CharField(required=False)
    role = forms.ChoiceField(label=_("Role"), required=False, choices=[("", _("Any role")), *Role.choices])
    team = TeamField(label=_("Team"), required=False, empty_label=_("Any team"))
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            (ACTIVE, _("Active")),
            (NO_PASSWORD, _("Without a password yet")),
            (INACTIVE, _("Deactivated")),
            (ALL, _("All")),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("role", "team", "state"):
            self.fields[name].widget.attrs["class"] = "input"

    def narrow(self, people: UserQuerySet, today: Any) -> UserQuerySet:
        """The people who fit; a field that is not understood narrows nothing."""
        self.is_valid()
        wanted = self.cleaned_data
        if wanted.get("q"):
            people = people.matching(wanted["q"])
        if wanted.get("role"):
            people = people.filter(role=wanted["role"])
        if wanted.get("team"):
            people = people.belonging_to(subtree({wanted["team"].pk}), today)
        state = wanted.get("state", self.ACTIVE)
        if state == self.ALL:
            return people
        if state == self.NO_PASSWORD:
            return people.active().without_password()
        return people.filter(is_active=state != self.INACTIVE)


class PersonForm(forms.Form):
    """Facts about a person; what she decides herself is on her own profile."""

    first_name = _model_field("first_name")
    last_name = _model_field("last_name", required=True)
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    job_title = _model_field("job_title")
    language = _model_field("language")


class FactsForm(PersonForm):
    """The facts of somebody who is there, which others may change at the same time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shows_what_it_was(self)


class InviteForm(PersonForm):
    role = forms.ChoiceField(label=_("Role"), choices=ROLES, widget=forms.RadioSelect, initial=Role.REP)
    team = TeamField(label=_("Team"), required=False, empty_label=_("No team"))


class RoleForm(forms.Form):
    """`was` is the role that was read."""

    role = forms.ChoiceField(label=_("Role"), choices=ROLES, widget=forms.RadioSelect)
    was = forms.ChoiceField(choices=ROLES, required=False, widget=forms.HiddenInput)


class TeamForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    parent = TeamField(label=_("Below"), required=False, empty_label=_("At the top"))


class TeamNameForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class TeamPlaceForm(forms.Form):
    parent = TeamField(label=_("Below"), required=False, empty_label=_("At the top"))
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class DeputyForm(forms.Form):
    deputy = forms.ModelChoiceField(label=_("Deputy"), queryset=User.objects.none(), empty_label=_("Choose a person"))
    starts_on = forms.DateField(label=_("First day"), validators=SENSIBLE_DAY, widget=DayInput)
    last_day = forms.DateField(
        label=_("Last day"),
        required=False,
        validators=SENSIBLE_DAY,
        widget=DayInput,
        help_text=_("Without a last day until somebody ends it."),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        deputies: Any = self.fields["deputy"]
        deputies.queryset = User.objects.active().exclude(pk=person.pk).by_name()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        last_day, starts_on = cleaned.get("last_day"), cleaned.get("starts_on")
        if last_day and starts_on and last_day < starts_on:
            self.add_error("last_day", ValidationError(_("The last day lies before the first."), code="order"))
        return cleaned

    @property
    def days(self) -> dict[str, Any]:
        """The half-open range of days."""
        last_day = self.cleaned_data["last_day"]
        return {"starts_on": self.cleaned_data["starts_on"], "ends_on": last_day + DAY if last_day else None}
