"""How a person stands this month and this quarter: with her own quota, or with that of the teams she leads."""

from dataclasses import dataclass
from datetime import date

from crm.lib.memo import remembered
from crm.lib.periods import Period, month_of, quarter_of
from pipeline.credit.attainment import Attainment, Whose, by_month, total
from pipeline.credit.pace import Pace, pace
from teams.access import Permission, reach
from teams.access.reach import carries_quota
from teams.models import User, Workspace


@dataclass(frozen=True)
class Standing:
    """Attainment and pace of a period with a quota."""

    period: Period
    attained: Attainment
    pace: Pace


@dataclass(frozen=True)
class Standings:
    """Either may be missing, for a period without a quota; never both."""

    whose: Whose
    month: Standing | None
    quarter: Standing | None


def whose_pace(reader: User) -> Whose | None:
    """Herself for who sells, the teams below her for who leads; None for everybody else."""
    if carries_quota(reader):
        return Whose(people=frozenset({reader.pk}))
    teams = reach(reader, Permission.QUOTA_VIEW).team_ids
    return Whose(teams=teams) if teams else None


def standings_of(reader: User, today: date) -> Standings | None:
    """None without any quota in the quarter. One query, once in a request."""
    return remembered(("standings", reader.pk, today), lambda: _standings(reader, today))


def _standings(reader: User, today: date) -> Standings | None:
    whose = whose_pace(reader)
    if whose is None:
        return None
    workspace = Workspace.get()
    quarter, month = quarter_of(today, workspace.fiscal_start_month), month_of(today)
    months = by_month(whose, quarter, without_quota=False)
    if not months:
        return None
    found = Standings(
        whose,
        _standing(months[month.start], month, today, workspace),
        _standing(total(months.values()), quarter, today, workspace),
    )
    return found if found.month or found.quarter else None


def _standing(attained: Attainment, period: Period, today: date, workspace: Workspace) -> Standing | None:
    stands = pace(attained, period, today, workspace)
    return None if stands is None else Standing(period, attained, stands)
