"""The columns that the list of deals can show. Which ones, the address says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pipeline.deals.cards import OWNER_ON_A_CARD, STEP_ON_A_CARD
from pipeline.deals.models import Deal


@dataclass(frozen=True)
class ListColumn:
    """`ordering` is its name in `DealFilter`; phones show what `on_phones` says, as their second line.

    `reads` names the fields that its cells print: what no column reads is not loaded.
    """

    key: str
    label: str | Promise
    ordering: str
    reads: tuple[str, ...]
    numeric: bool = False
    on_phones: bool = False


COLUMNS = {
    column.key: column
    for column in (
        ListColumn("value", _("Value"), "value", ("value", "currency"), numeric=True, on_phones=True),
        ListColumn("company", _("Company"), "company", ("company__name",)),
        ListColumn("next_step", _("Next step"), "next_step", STEP_ON_A_CARD, on_phones=True),
        ListColumn("close_date", _("Close date"), "expected_close_date", ("expected_close_date",), on_phones=True),
        ListColumn("stage", _("Stage"), "stage", ("stage__name", "stage__name_de", "last_contact_at")),
        ListColumn("probability", _("Probability"), "probability", ("probability",), numeric=True),
        ListColumn("status", _("Status"), "status", ()),
        ListColumn("owner", _("Owner"), "owner", OWNER_ON_A_CARD),
        ListColumn("team", _("Team"), "team", ("team__name",)),
        ListColumn("territory", _("Territory"), "territory", ("territory__name",)),
        ListColumn("pipeline", _("Pipeline"), "pipeline", ("pipeline__name", "pipeline__name_de")),
        ListColumn("source", _("Source"), "source", ("source__name", "source__name_de")),
        ListColumn("in_stage", _("Days in stage"), "-stage_entered_at", (), numeric=True),
        ListColumn("created", _("Created"), "created_at", ("created_at",)),
        ListColumn("changed", _("Last change"), "changed_at", ("changed_at",)),
        ListColumn("closed", _("Closed"), "closed_at", ("closed_at",)),
    )
}
USUAL = ("value", "company", "next_step", "close_date", "stage", "owner")
ALWAYS_READ = ("name", "status", "stage_entered_at")


def chosen_columns(parameters: Mapping[str, Any]) -> list[ListColumn]:
    """Those that an address names, in its order, else the usual ones; what is no column is left out."""
    named = str(parameters.get("columns", ""))[:400].split(",")
    found = [COLUMNS[key] for key in dict.fromkeys(named) if key in COLUMNS]
    return found or [COLUMNS[key] for key in USUAL]


def rows_with(columns: Iterable[ListColumn], keys: Iterable[int], *, now: datetime) -> list[Deal]:
    """These deals in this order, with what the columns print of them. One query."""
    wanted = list(keys)
    reads = [name for column in columns for name in column.reads]
    related = {name.partition("__")[0] for name in reads if "__" in name}
    shown = Deal.objects.filter(pk__in=wanted).with_next_step_state(now).with_stalled(now)
    found = shown.only(*ALWAYS_READ, *reads).select_related(*related).in_bulk() if wanted else {}
    return [found[pk] for pk in wanted if pk in found]
