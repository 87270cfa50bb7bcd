"""Where people and teams stand against their quotas: the card of the page and the leaderboard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from crm.lib.periods import Period
from pipeline.figures import Attainment, Pace, Whose, by_month, by_person, by_team, pace, total
from reporting.dashboards.choice import Choice
from reporting.dashboards.figures import months_shown
from teams.access import Permission, Reach, reach
from teams.access.reach import leads_others, subtree
from teams.models import LeaderboardNames, Quota, Team, TeamMembership, User, Workspace

SHOWN, LAST_SHOWN = 5, 2
TEAMS_SHOWN = 4


@dataclass(frozen=True)
class Card:
    """The quota of the period and what is credited against it; `pace` is None before the period begins."""

    attained: Attainment
    pace: Pace | None

    @property
    def expected(self) -> Decimal | None:
        return self.pace.elapsed if self.pace else None


@dataclass(frozen=True)
class TeamStanding:
    """A team with all below it; `url` narrows the dashboard to it."""

    name: str
    url: str
    share: Decimal
    pace: Pace | None


@dataclass(frozen=True)
class Standing:
    """`card` is None without a quota, or where the period is not one of whole months.

    `teams` are those next below what is shown, with a quota.
    """

    card: Card | None
    quotas: Mapping[date, Decimal | None]
    teams: Sequence[TeamStanding] = ()


NOTHING = Standing(None, {})


def standing(reader: User, choice: Choice, today: date, workspace: Workspace) -> Standing:
    """Of those whose quota the choice is about and the reader may see."""
    whose = _whose(reader, choice)
    if whose is None:
        return NOTHING
    shown = months_shown(choice.period)
    months = by_month(whose, Period(shown[0].start, shown[-1].end))
    quotas = {month: attained.quota for month, attained in months.items()} if _fits(reader, choice) else {}
    if not _is_whole_months(choice.period):
        return Standing(None, quotas)
    attained = total(part for month, part in months.items() if month in choice.period)
    if not attained.quota:
        return Standing(None, quotas)
    teams = _teams(whose, choice, today, workspace)
    return Standing(Card(attained, pace(attained, choice.period, today, workspace)), quotas, teams)


def _whose(reader: User, choice: Choice) -> Whose | None:
    """None where quotas do not fit what is chosen: they are of people and teams, not of a pipeline."""
    scope, chosen = reach(reader, Permission.QUOTA_VIEW), set(choice.narrowing)
    if chosen == {"owner"}:
        owner = choice.narrowing["owner"].pk
        return Whose(people=frozenset({owner})) if scope.covers_person(owner) else None
    if chosen == {"team"}:
        teams = frozenset(subtree({choice.narrowing["team"].pk}))
        return Whose(teams=teams) if scope.everything or teams <= scope.team_ids else None
    if chosen:
        return None
    if scope.everything:
        return Whose()
    return Whose(teams=scope.team_ids) if scope.team_ids else Whose(people=scope.user_ids)


def _fits(reader: User, choice: Choice) -> bool:
    """Whether what is won by those shown may stand beside these quotas: a rep may see more deals than her own."""
    deals, quotas = reach(reader, Permission.METRICS_VIEW), reach(reader, Permission.QUOTA_VIEW)
    return bool(choice.narrowing) or (deals.everything, deals.people_ids) == (quotas.everything, quotas.people_ids)


def _teams(whose: Whose, choice: Choice, today: date, workspace: Workspace) -> list[TeamStanding]:
    """The teams below the only one at the top of what is shown, or those at the top where they are several."""
    if whose.people is not None:
        return []
    teams = {team.pk: team for team in Team.objects.filter(archived_at__isnull=True).order_by("name", "pk")}
    shown = [team for team in teams.values() if whose.teams is None or team.pk in whose.teams]
    inside = {team.pk for team in shown}
    top = [team for team in shown if team.parent_id not in inside]
    if len(top) == 1:
        top = [team for team in shown if team.parent_id == top[0].pk]
    attained = by_team(choice.period) if top else {}
    found = []
    for team in top:
        both = total(part for pk, part in attained.items() if pk in subtree({team.pk}))
        if both.share is not None:
            url = choice.address(team=str(team.pk))
            found.append(TeamStanding(team.name, url, both.share, pace(both, choice.period, today, workspace)))
    return sorted(found, key=lambda team: -team.share)[:TEAMS_SHOWN]


@dataclass(frozen=True)
class Rank:
    """`name` and `team` are empty for a colleague who is not named. `skipped` people are left out before this one."""

    place: int
    name: str
    team: str
    url: str
    share: Decimal
    pace: Pace | None
    is_own: bool
    skipped: int = 0


@dataclass(frozen=True)
class Leaderboard:
    """The first few, the reader's own rank, and the last of those she leads, by quota attainment and nothing else.

    `skipped` people come after the last rank.
    """

    ranks: list[Rank]
    people: int
    skipped: int


def leaderboard(reader: User, choice: Choice, today: date, workspace: Workspace) -> Leaderboard | None:
    """None when it is switched off, when nobody has a quota, or for a period that is not one of whole months."""
    if workspace.leaderboard == LeaderboardNames.OFF or not _is_whole_months(choice.period):
        return None
    people = _people(choice, today)
    attained = by_person(people, choice.period) if people else {}
    shares = {pk: one.share for pk, one in attained.items() if one.share is not None}
    if not shares:
        return None
    in_order = sorted(shares, key=lambda pk: (-shares[pk], people[pk].sort_key, pk))
    named = workspace.leaderboard == LeaderboardNames.NAMES
    scope = reach(reader, Permission.METRICS_VIEW)
    teams = _team_names(in_order, today)
    shown = _shown(in_order, reader, scope)
    ranks = [
        Rank(
            place=1 + sum(share > shares[pk] for share in shares.values()),
            name=people[pk].name if named or pk == reader.pk else "",
            team=teams.get(pk, "") if named or pk == reader.pk else "",
            url=choice.address(owner=str(pk)) if named and scope.covers_person(pk) else "",
            share=shares[pk],
            pace=pace(attained[pk], choice.period, today, workspace),
            is_own=pk == reader.pk,
            skipped=position - before - 1,
        )
        for before, (position, pk) in zip((-1, *shown), shown.items(), strict=False)
    ]
    return Leaderboard(ranks, len(shares), len(in_order) - 1 - max(shown))


def _shown(in_order: list[int], reader: User, scope: Reach) -> dict[int, int]:
    """Who stands on the board, by the position in the order."""
    led = [pk for pk in in_order if leads_others(reader) and scope.covers_person(pk)]
    wanted = {*in_order[:SHOWN], reader.pk, *led[-LAST_SHOWN:]}
    return {position: pk for position, pk in enumerate(in_order) if pk in wanted}


def _people(choice: Choice, today: date) -> dict[int, User]:
    """Active people with a quota in the period, of the chosen team if there is one."""
    quotas = Quota.objects.current().of_won_value().within(choice.period).filter(amount__gt=0)
    people = User.objects.active().filter(pk__in=quotas.values("user_id"))
    if team := choice.narrowing.get("team"):
        members = TeamMembership.objects.on(today).filter(team_id__in=subtree({team.pk}))
        people = people.filter(pk__in=members.values("user_id"))
    return {user.pk: user for user in people}


def _team_names(people: list[int], today: date) -> dict[int, str]:
    members = TeamMembership.objects.on(today).members().filter(user_id__in=people)
    return dict(members.values_list("user_id", "team__name"))


def _is_whole_months(period: Period) -> bool:
    return period.start.day == 1 and period.end.day == 1
