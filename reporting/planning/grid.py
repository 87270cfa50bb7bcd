"""The quota grid of a year: teams as a tree with their people, months in columns, sums of both.

A month of a person stands in one line, that of the team it counts to, so the sums count every quota once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from crm.lib.periods import Period, add_months, year_of
from crm.templatetags.formats import number, percent
from pipeline.figures import Whose, attainment
from reporting.planning.plan import Key, Plan, read_plan
from teams.access import Permission, Reach, reach
from teams.models import Quota, Team, User, Workspace

QUARTER = 3
# The line that sums several topmost teams.
ALL = "team-all"
NOWHERE = -1


@dataclass(frozen=True)
class Cell:
    """A quota of a month. `is_here` is False where the month counts to another line of the person."""

    month: date
    amount: Decimal | None = None
    version: int = 0
    is_here: bool = True
    may_edit: bool = False

    @property
    def text(self) -> str:
        """The exact amount in the active language, with cents only where there are some; empty without a quota."""
        return "" if self.amount is None else number(self.amount, 2 if self.amount % 1 else 0)

    @property
    def name(self) -> str:
        """How a form calls it: month and the version that was read."""
        return f"{self.month:%Y-%m}-v{self.version}"


@dataclass(frozen=True)
class Line:
    """A line of the grid.

    `kind` is team (the sum of the people below), target (what the team itself is asked for) or person. `subject`
    is the person or team of a line that can be edited. `over` lists the keys of the team lines that it counts to,
    nearest first. A target that is not set is not shown; `target_url` of the team's line is where to set it.
    """

    kind: str
    key: str
    label: str
    depth: int
    cells: tuple[Cell, ...]
    subject: Any = None
    over: tuple[str, ...] = ()
    people: int = 0
    note: str = ""
    tone: str = ""
    is_shown: bool = True
    target_url: str = ""

    @property
    def amounts(self) -> list[Decimal | None]:
        return [cell.amount for cell in self.cells]

    @property
    def quarters(self) -> list[Decimal | None]:
        return [total(self.amounts[start : start + QUARTER]) for start in range(0, len(self.cells), QUARTER)]

    @property
    def year(self) -> Decimal | None:
        return total(self.amounts)

    @property
    def columns(self) -> list[tuple[Cell, "Quarter | None"]]:
        """Each cell, with the sum that stands behind it at the end of a quarter."""
        ends = {(number + 1) * QUARTER - 1: Quarter(number, amount) for number, amount in enumerate(self.quarters)}
        return [(cell, ends.get(place)) for place, cell in enumerate(self.cells)]

    @property
    def may_edit(self) -> bool:
        return any(cell.may_edit for cell in self.cells)

    @property
    def url(self) -> str:
        """Where the line's history stands and its changes are posted to."""
        name = "quota-person" if self.kind == "person" else "quota-team"
        return reverse(name, args=[self.cells[0].month.year, self.subject.pk])


@dataclass(frozen=True)
class Quarter:
    """The sum of three months; `number` from 0, by the start of the year."""

    number: int
    amount: Decimal | None


@dataclass(frozen=True)
class Grid:
    """The lines in the order of the page. `won_before` is the credit of the year before, of the same people."""

    year: int
    period: Period
    lines: tuple[Line, ...]
    currency: str
    may_edit: bool
    last_change: Quota | None
    won_before: Decimal

    @property
    def months(self) -> list[date]:
        return [month.start for month in self.period.months()]

    @property
    def columns(self) -> list[tuple[date, str]]:
        """Each month, with the name of the quarter that it ends."""
        return [
            (month, _("Q%(number)s") % {"number": (place + 1) // QUARTER} if (place + 1) % QUARTER == 0 else "")
            for place, month in enumerate(self.months)
        ]

    @property
    def people(self) -> list[Line]:
        return [line for line in self.lines if line.kind == "person"]

    @property
    def assigned(self) -> Decimal | None:
        """The sum of all people's quotas of the year."""
        return total(line.year for line in self.people)

    @property
    def target(self) -> Decimal | None:
        """What the topmost teams are asked for; None as long as one of them has no target."""
        top = [line for line in self.lines if line.kind == "target" and line.depth == 0]
        years = [line.year for line in top]
        return None if None in years else total(years)

    @property
    def with_quota(self) -> int:
        return len({line.subject for line in self.people if line.year})

    @property
    def heads(self) -> int:
        return len({line.subject for line in self.people})

    @property
    def shown(self) -> list[Line]:
        return [line for line in self.lines if line.is_shown]

    def line(self, key: str) -> Line | None:
        return next((line for line in self.lines if line.key == key), None)

    def lines_of(self, kind: str, pk: int) -> list[Line]:
        """The lines with the quotas of a person ("user") or the targets of a team ("team")."""
        wanted = "person" if kind == "user" else "target"
        return [line for line in self.lines if line.kind == wanted and line.subject and line.subject.pk == pk]

    def find(self, kind: str, pk: int, month: date) -> tuple[Line, Cell] | None:
        """The line and cell in which a quota of a person or the target of a team stands."""
        for line in self.lines_of(kind, pk):
            for cell in line.cells:
                if cell.month == month and cell.is_here:
                    return line, cell
        return None


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of what is known; None when nothing is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def assignment(assigned: Decimal | None, target: Decimal | None) -> tuple[str, str]:
    """How the sum of people's quotas compares with the target, in words, and the tone to say it in.

    `over_assignment` = assigned ÷ target - 1.
    """
    if not target:
        return "", ""
    missing = target - (assigned or 0)
    if missing > 0:
        return _("%(amount)s not yet assigned") % {"amount": number(missing)}, "warn"
    if missing < 0:
        return _("over-assigned by %(share)s") % {"share": percent(-missing / target, 1)}, ""
    return _("fully assigned"), ""


def current_year(today: date, workspace: Workspace) -> int:
    """The year of the plan on a day: a fiscal year is named by the calendar year in which it starts."""
    return year_of(today, workspace.fiscal_start_month).start.year


def period_of(year: int, workspace: Workspace) -> Period:
    start = date(year, workspace.fiscal_start_month, 1)
    return Period(start, add_months(start, 12))


def grid_for(reader: User, year: int) -> Grid:
    """The grid as far as it is the reader's: everybody, the teams she leads, or herself. A fixed number of queries."""
    workspace = Workspace.get()
    period = period_of(year, workspace)
    plan = read_plan(reader, period)
    builder = _Builder(plan, period, reach(reader, Permission.QUOTA_SET))
    lines = builder.lines()
    return Grid(
        year=year,
        period=period,
        lines=lines,
        currency=workspace.currency,
        may_edit=any(line.may_edit for line in lines),
        last_change=plan.last_change,
        won_before=_won_before(plan.scope, period),
    )


def _won_before(scope: Reach, period: Period) -> Decimal:
    if scope.everything:
        whose = Whose()
    elif scope.team_ids:
        whose = Whose(teams=scope.team_ids)
    else:
        whose = Whose(people=scope.user_ids)
    return attainment(whose, period.previous()).achieved


class _Builder:
    """Makes lines out of a plan, each team's line after those of its people are known."""

    def __init__(self, plan: Plan, period: Period, may_set: Reach) -> None:
        self.plan = plan
        self.months = [month.start for month in period.months()]
        self.may_set = may_set

    def lines(self) -> tuple[Line, ...]:
        tops = [lines for team in self.plan.children_of.get(None, ()) if (lines := self._team(team, 0, ()))]
        without_team = self._people(None, 0, ())
        found = [line for lines in (*tops, without_team) for line in lines]
        if len(tops) + bool(without_team) < 2 or not tops:
            return tuple(found)
        under = [replace(line, over=(*line.over, ALL)) for line in found]
        return (self._sum(ALL, _("All teams"), 0, under, ()), *under)

    def _team(self, team: Team, depth: int, over: tuple[str, ...]) -> list[Line]:
        inner = (f"team-{team.pk}", *over)
        people = self._people(team.pk, depth + 1, inner)
        children = self.plan.children_of.get(team.pk, ())
        below = [line for child in children for line in self._team(child, depth + 1, inner)]
        line = self._sum(inner[0], team.name, depth, [*people, *below], over)
        target = self._target(team, line, inner)
        if team.archived_at and not (people or below or target.year):
            return []
        if target.may_edit:
            line = replace(line, target_url=target.url)
        return [line, target, *people, *below]

    def _sum(self, key: str, label: str, depth: int, below: list[Line], over: tuple[str, ...]) -> Line:
        people = [line for line in below if line.kind == "person"]
        cells = tuple(
            Cell(month, total(line.cells[number].amount for line in people)) for number, month in enumerate(self.months)
        )
        return Line("team", key, label, depth, cells, over=over, people=len({line.subject for line in people}))

    def _target(self, team: Team, assigned: Line, over: tuple[str, ...]) -> Line:
        may_edit = (self.may_set.everything or team.pk in self.may_set.team_ids) and team.archived_at is None
        cells = tuple(self._cell(("team", team.pk, month), may_edit=may_edit) for month in self.months)
        note, tone = assignment(assigned.year, total(cell.amount for cell in cells))
        label = _("Target")
        line = Line("target", f"target-{team.pk}", label, assigned.depth, cells, team, over, note=note, tone=tone)
        return replace(line, is_shown=line.year is not None)

    def _people(self, team_id: int | None, depth: int, over: tuple[str, ...]) -> list[Line]:
        return [self._person(person, team_id, depth, over) for person in self.plan.people_in.get(team_id, ())]

    def _person(self, person: User, team_id: int | None, depth: int, over: tuple[str, ...]) -> Line:
        may_edit = self.may_set.covers_person(person.pk)
        cells = tuple(
            self._cell(("user", person.pk, month), may_edit=may_edit)
            if self.plan.team_of.get((person.pk, month), NOWHERE) == team_id
            else Cell(month, is_here=False)
            for month in self.months
        )
        return Line("person", f"user-{person.pk}-{team_id or 0}", person.name, depth, cells, person, over)

    def _cell(self, key: Key, *, may_edit: bool) -> Cell:
        row = self.plan.quotas.get(key)
        amount, version = (row.amount, row.version) if row else (None, 0)
        return Cell(key[2], amount, version, may_edit=may_edit)
