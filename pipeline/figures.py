"""Quota attainment and pace for the outside: dashboards, the frame around every page, the API.

    whose = Whose(people=frozenset({user.pk}))        # one person, or some
    whose = Whose(teams=frozenset(subtree({team})))   # teams by the credit they had at closing
    whose = Whose()                                   # the company
    by_month(whose, year_of(today))                   # {date(2026, 1, 1): Attainment(achieved, quota, …), …}, in order
    attainment(whose, month_of(today)).share          # Σ credited ÷ Σ quota, None without a quota
    by_person(user_ids, quarter)                      # {user id: Attainment}, for leaderboards
    by_team(quarter)                                  # {team id: Attainment}, each without the teams below it
    pace(attained, period, today, workspace)          # Pace(index, points, state, words) or None
    standings_of(user, today)                         # her month and quarter with their pace, or None

Periods are whole months. Whose figures a reader may see, the caller decides with `teams.access.reach`.
"""

from pipeline.credit.attainment import Attainment, Whose, attainment, by_month, by_person, by_team, total
from pipeline.credit.pace import Pace, PaceState, WorkingDays, days_of, pace
from pipeline.credit.standing import Standing, Standings, standings_of

__all__ = [
    "Attainment",
    "Pace",
    "PaceState",
    "Standing",
    "Standings",
    "Whose",
    "WorkingDays",
    "attainment",
    "by_month",
    "by_person",
    "by_team",
    "days_of",
    "pace",
    "standings_of",
    "total",
]
