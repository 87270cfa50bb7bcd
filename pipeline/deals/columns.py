"""The columns that the list of deals can show. Which ones, the address says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class ListColumn:
    """`ordering` is its name in `DealFilter`; phones show what `on_phones` says, as their second line."""

    key: str
    label: str | Promise
    ordering: str
    numeric: bool = False
    on_phones: bool = False


COLUMNS = {
    column.key: column
    for column in (
        ListColumn("value", _("Value"), "value", numeric=True, on_phones=True),
        ListColumn("company", _("Company"), "company"),
        ListColumn("next_step", _("Next step"), "next_step", on_phones=True),
        ListColumn("close_date", _("Close date"), "expected_close_date", on_phones=True),
        ListColumn("stage", _("Stage"), "stage"),
        ListColumn("probability", _("Probability"), "probability", numeric=True),
        ListColumn("status", _("Status"), "status"),
        ListColumn("owner", _("Owner"), "owner"),
        ListColumn("team", _("Team"), "team"),
        ListColumn("territory", _("Territory"), "territory"),
        ListColumn("pipeline", _("Pipeline"), "pipeline"),
        ListColumn("source", _("Source"), "source"),
        ListColumn("in_stage", _("Days in stage"), "-stage_entered_at", numeric=True),
        ListColumn("created", _("Created"), "created_at"),
        ListColumn("changed", _("Last change"), "changed_at"),
        ListColumn("closed", _("Closed"), "closed_at"),
    )
}
USUAL = ("value", "company", "next_step", "close_date", "stage", "owner")


def chosen_columns(parameters: Mapping[str, Any]) -> list[ListColumn]:
    """Those that an address names, in its order, else the usual ones; what is no column is left out."""
    named = str(parameters.get("columns", ""))[:400].split(",")
    found = [COLUMNS[key] for key in dict.fromkeys(named) if key in COLUMNS]
    return found or [COLUMNS[key] for key in USUAL]
