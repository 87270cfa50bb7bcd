"""What the dashboard can be narrowed to; all of it stands in the URL."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.lib.periods import Period, month_of, quarter_of, year_of
from pipeline.models import Pipeline
from teams.models import Team, Workspace

PERIODS = [
    ("", _("This quarter")),
    ("month", _("This month")),
    ("last-month", _("Last month")),
    ("last-quarter", _("Last quarter")),
    ("year", _("This year")),
    ("last-year", _("Last year")),
]


class DashboardForm(forms.Form):
    """Period, team and pipeline of the dashboard."""

    period = forms.ChoiceField(label=_("Period"), choices=PERIODS, required=False)
    team = forms.ModelChoiceField(Team.objects.none(), label=_("Team"), required=False, empty_label=_("All teams"))
    pipeline = forms.ModelChoiceField(
        Pipeline.objects.none(), label=_("Pipeline"), required=False, empty_label=_("All pipelines")
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        for field in self.fields.values():
            field.widget.attrs["class"] = "input"
        self.fields["team"].queryset = Team.objects.filter(archived_at__isnull=True).order_by("name", "pk")  # type: ignore[attr-defined]
        self.fields["pipeline"].queryset = Pipeline.objects.in_order()  # type: ignore[attr-defined]

    @property
    def narrowed(self) -> dict[str, int]:
        """The chosen team and pipeline by id."""
        chosen = {name: self.cleaned_data.get(name) for name in ("team", "pipeline")}
        return {name: record.pk for name, record in chosen.items() if record is not None}


def period_of(choice: str, today: date, workspace: Workspace) -> Period:
    """The days of a named period of the workspace's calendar."""
    start = workspace.fiscal_start_month
    periods = {
        "month": month_of(today),
        "last-month": month_of(today).previous(),
        "last-quarter": quarter_of(today, start).previous(),
        "year": year_of(today, start),
        "last-year": year_of(today, start).previous(),
    }
    return periods.get(choice) or quarter_of(today, start)
