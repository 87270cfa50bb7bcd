"""Forms for people who leave or change teams."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from crm.lib.forms import DayInput
from pipeline.handover.actions import possible_successors
from teams.models import TeamMembership, User
from teams.people.forms import TeamField
from teams.people.models import TeamRole


class SuccessorField(forms.ModelChoiceField):
    """Somebody with her team of today beside the name."""

    def label_from_instance(self, obj: Any) -> str:
        team = next((row.team.name for row in obj.current), "")
        return f"{obj.name} · {team}" if team else obj.name


class DeactivateForm(forms.Form):
    """Who takes over; not asked when there is nothing to take over."""

    successor = SuccessorField(label=_("Hand over to"), queryset=User.objects.none(), empty_label=_("Choose a person"))

    def __init__(self, *args: Any, person: User, today: date, needs_successor: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_successor:
            del self.fields["successor"]
            return
        field: Any = self.fields["successor"]
        teams = TeamMembership.objects.on(today).members().select_related("team")
        field.queryset = possible_successors(person).prefetch_related(
            Prefetch("memberships", queryset=teams, to_attr="current")
        )

    @property
    def chosen(self) -> User | None:
        return self.cleaned_data.get("successor")


class TeamChangeForm(forms.Form):
    team = TeamField(label=_("Team"), empty_label=_("Choose a team"))
    role_in_team = forms.ChoiceField(
        label=_("As"),
        choices=[
            (TeamRole.MEMBER, _("Member, instead of the team so far")),
            (TeamRole.MANAGER, _("Manager, besides other teams")),
        ],
        widget=forms.RadioSelect,
        initial=TeamRole.MEMBER,
    )
    on = forms.DateField(label=_("From"), widget=DayInput)


class TeamPersonForm(TeamChangeForm):
    person = forms.ModelChoiceField(label=_("Person"), queryset=User.objects.none(), empty_label=_("Choose a person"))
    field_order = ("person", "role_in_team", "on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["team"]
        person: Any = self.fields["person"]
        person.queryset = User.objects.active().by_name()
