"""The form that narrows the dashboard; all of it stands in the URL afterwards."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.lib.forms import DayInput
from pipeline.models import Pipeline
from pipeline.populations import offered_territories
from reporting.dashboards.calendar import COMPARISONS, CUSTOM, PERIODS
from reporting.dashboards.choice import DEFAULTS
from reporting.metrics.average_deal_size import SizeBasis
from teams.access import Permission, reach
from teams.models import Team, User

OWN_PERIOD = (CUSTOM, _("From a day to another"))
BASES = [(SizeBasis.OPEN.value, _("Open deals")), (SizeBasis.WON.value, _("Deals won"))]


class NarrowingForm(forms.Form):
    """Period, comparison and whose deals. It is only printed: `choice.Reading` reads the address."""

    period = forms.ChoiceField(label=_("Period"), choices=[*PERIODS.items(), OWN_PERIOD])
    first = forms.CharField(label=_("First day"), widget=DayInput)
    last = forms.CharField(label=_("Last day"), widget=DayInput)
    compare = forms.ChoiceField(label=_("Compared with"), choices=COMPARISONS.items())
    team = forms.ChoiceField(label=_("Team"))
    owner = forms.ChoiceField(label=_("Owner"))
    territory = forms.ChoiceField(label=_("Territory"))
    pipeline = forms.ChoiceField(label=_("Pipeline"))
    size_basis = forms.ChoiceField(label=_("Deal size of"), choices=BASES)

    def __init__(self, *, reader: User, chosen: Mapping[str, str]) -> None:
        initial = {**DEFAULTS, **chosen, "first": chosen.get("from", ""), "last": chosen.get("to", "")}
        super().__init__(initial=initial, auto_id="narrow-%s", use_required_attribute=False)
        offered = {
            "team": (_("All teams"), Team.objects.filter(archived_at__isnull=True).order_by("name", "pk")),
            "owner": (_("Everybody"), _people(reader)),
            "territory": (_("All territories"), offered_territories(reader)),
            "pipeline": (_("All pipelines"), Pipeline.objects.in_use().in_order()),
        }
        for name, (everything, rows) in offered.items():
            choices = [("", everything), *((str(row.pk), str(row)) for row in rows)]
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    def add_prefix(self, field_name: str) -> str:
        """`from` is no name for a field in this language, but a good one for a parameter."""
        return super().add_prefix({"first": "from", "last": "to"}.get(field_name, field_name))


def _people(reader: User) -> Any:
    scope = reach(reader, Permission.METRICS_VIEW)
    people = User.objects.active().by_name()
    return people if scope.everything else people.filter(pk__in=scope.people_ids)
