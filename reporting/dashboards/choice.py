"""What a dashboard shows: period, comparison, whose deals, and which deals have a size. All of it is its address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model

from crm.lib.periods import Period, quarter_of
from crm.lib.text import whole_number
from pipeline.models import Pipeline
from pipeline.populations import offered_territories
from reporting.dashboards.calendar import COMPARISONS, CUSTOM, Comparison, named_period, own_period
from reporting.metrics.average_deal_size import SizeBasis
from reporting.metrics.population import Scope
from reporting.metrics.rows import NARROWINGS
from teams.models import Team, User, Workspace

MODELS: dict[str, type[Model]] = {"owner": User, "team": Team, "pipeline": Pipeline}
DEFAULTS = {"period": "quarter", "compare": Comparison.PREVIOUS.value, "size_basis": SizeBasis.OPEN.value}


@dataclass(frozen=True)
class Choice:
    """`query` are the parameters that were understood, without defaults; `ignored` the names of all others."""

    period: Period
    name: str
    comparison: Comparison
    basis: SizeBasis
    narrowing: Mapping[str, Model]
    query: Mapping[str, str]
    ignored: tuple[str, ...] = ()

    def scope(self, reader: User | AnonymousUser) -> Scope:
        return Scope(reader, **{name: row.pk for name, row in self.narrowing.items()})

    def address(self, **changes: str) -> str:
        """The query string of this choice with some parameters changed; an empty one is left out."""
        chosen = {name: value for name, value in (dict(self.query) | changes).items() if value}
        if "period" in changes and changes["period"] != CUSTOM:
            chosen = {name: value for name, value in chosen.items() if name not in {"from", "to"}}
        return f"?{urlencode(chosen)}"


@dataclass
class Reading:
    """Reads a choice out of parameters; what is not understood chooses nothing and is named."""

    given: Mapping[str, str]
    reader: User
    today: date
    workspace: Workspace
    query: dict[str, str] = field(default_factory=dict)
    narrowing: dict[str, Model] = field(default_factory=dict)

    def choice(self) -> Choice:
        period = self._period()
        comparison = self._one_of("compare", [*COMPARISONS])
        basis = self._one_of("size_basis", [*SizeBasis])
        for name in NARROWINGS:
            self._narrow(name)
        ignored = tuple(sorted(name for name, value in self.given.items() if value and name not in self.query))
        return Choice(
            period,
            self.query.get("period", DEFAULTS["period"]),
            Comparison(comparison),
            SizeBasis(basis),
            self.narrowing,
            self.query,
            ignored,
        )

    def _period(self) -> Period:
        name = self.given.get("period", "")
        found = self._own_period if name == CUSTOM else named_period(name, self.today, self.workspace)
        if found is None:
            return quarter_of(self.today, self.workspace.fiscal_start_month)
        self.query["period"] = name
        return found

    @cached_property
    def _own_period(self) -> Period | None:
        days = {name: _day(self.given.get(name, "")) for name in ("from", "to")}
        if days["from"] is None or days["to"] is None:
            return None
        found = own_period(days["from"], days["to"])
        if found:
            self.query |= {name: self.given[name] for name in days}
        return found

    def _one_of(self, name: str, allowed: list[str]) -> str:
        value = self.given.get(name, "")
        if value not in allowed:
            return DEFAULTS[name]
        self.query[name] = value
        return value

    def _narrow(self, name: str) -> None:
        value = self.given.get(name, "")
        own = name == "owner" and value == "me"
        row = self.reader if own else _row(self._rows(name), value)
        if row is not None:
            self.narrowing[name] = row
            self.query[name] = value

    def _rows(self, name: str) -> Any:
        """What may be named; territories only as far as the form offers them."""
        return offered_territories(self.reader) if name == "territory" else MODELS[name]._default_manager


def _row(rows: Any, value: str) -> Model | None:
    number = whole_number(value)
    found: Model | None = None if number is None else rows.filter(pk=number).first()
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
