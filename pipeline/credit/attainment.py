"""What was credited against what was asked: quota attainment of people, teams and the company.

Credit is the frozen share of won deals, by the instant of closing in the workspace zone and in workspace currency.
Only revenue shares count, because those of a deal total 100: so no deal counts twice, and the credit of a team is
the sum of its members' credit at closing. Overlay shares are told apart and enter no attainment.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, Count, DateField, DecimalField, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, TruncMonth

from crm.lib.periods import Period
from pipeline.credit.models import CreditKind, CreditSplit
from teams.models import Quota, Workspace
from teams.quotas.placement import STAYS, placed, placement, stays_of_user

NOTHING = Decimal(0)
MONEY = DecimalField(max_digits=16, decimal_places=2)


@dataclass(frozen=True)
class Attainment:
    """Credit against quota, both in workspace currency.

    `quota` is None when nobody has one; 0 is a quota of nothing. `without_value` won deals (shares of them) have
    no amount and are in no sum. Attainments add up: months to quarters, people to teams.
    """

    achieved: Decimal = NOTHING
    quota: Decimal | None = None
    overlay: Decimal = NOTHING
    without_value: int = 0

    def __add__(self, other: "Attainment") -> "Attainment":
        return Attainment(
            self.achieved + other.achieved,
            self.quota if other.quota is None else (self.quota or NOTHING) + other.quota,
            self.overlay + other.overlay,
            self.without_value + other.without_value,
        )

    @property
    def share(self) -> Decimal | None:
        """`quota_attainment`: credited ÷ quota. May exceed 1; None without a quota or with one of 0."""
        return self.achieved / self.quota if self.quota else None

    @property
    def gap(self) -> Decimal | None:
        """`gap_to_quota`: max(0, quota − credited); None without a quota or with one of 0."""
        return max(NOTHING, self.quota - self.achieved) if self.quota else None


_Part = tuple[date, Attainment]


@dataclass(frozen=True)
class Whose:
    """Of people (their credit and quotas), of teams (credit of the team at closing), or of all when neither is given.

    Teams are taken as they are given: name those below them too. A person's quota counts to the team she belongs
    to in the month, as `teams.quotas.placement` decides.
    """

    people: frozenset[int] | None = None
    teams: frozenset[int] | None = None


def by_month(whose: Whose, period: Period, *, without_quota: bool = True) -> dict[date, Attainment]:
    """Every month of the period, in order. The period consists of whole months. One query.

    With `without_quota=False`, nothing at all when no month has a quota.
    """
    _refuse_parts_of_months(period)
    quotas, credited = _quotas_and_credit(whose, period)
    if not (quotas or without_quota):
        return {}
    found = {month.start: Attainment() for month in period.months()}
    for month, part in (*quotas, *credited):
        found[month] += part
    return found


def attainment(whose: Whose, period: Period) -> Attainment:
    """The whole period: Σ credited ÷ Σ quota, not a mean of rates."""
    return total(by_month(whose, period).values())


def by_person(people: Iterable[int], period: Period) -> dict[int, Attainment]:
    """The attainment of each of these people over a period of whole months, also of those without either part."""
    _refuse_parts_of_months(period)
    found = {user_id: Attainment() for user_id in people}
    whose = Whose(people=frozenset(found))
    for row in _credit(whose, period).values("user_id").annotate(**_SUMS):
        found[row["user_id"]] += _credited(row)
    for user_id, _month, amount in _quotas(whose, period):
        found[user_id] += Attainment(quota=amount)
    return found


def by_team(period: Period) -> dict[int, Attainment]:
    """The attainment of every team without those below it, over a period of whole months. Three queries.

    Absent are teams without credit and quota, and what belongs to no team.
    """
    _refuse_parts_of_months(period)
    found: dict[int, Attainment] = defaultdict(Attainment)
    for row in _credit(Whose(), period).filter(team__isnull=False).values("team_id").annotate(**_SUMS):
        found[row["team_id"]] += _credited(row)
    belongs = placement()
    for user_id, month, amount in _quotas(Whose(), period):
        if (team_id := belongs.team_of(user_id, month)) is not None:
            found[team_id] += Attainment(quota=amount)
    return dict(found)


def total(parts: Iterable[Attainment]) -> Attainment:
    """The sum of attainments."""
    return sum(parts, Attainment())


_SUMS: dict[str, Any] = {
    "achieved": Sum("amount", filter=Q(kind=CreditKind.REVENUE), default=NOTHING),
    "overlay": Sum("amount", filter=Q(kind=CreditKind.OVERLAY), default=NOTHING),
    "without_value": Count("pk", filter=Q(amount__isnull=True, kind=CreditKind.REVENUE)),
}


def _credited(row: dict[str, Any]) -> Attainment:
    return Attainment(row["achieved"], None, row["overlay"], row["without_value"])


def _credit(whose: Whose, period: Period) -> QuerySet[Any]:
    """Frozen shares of deals that are still won and not deleted, each with its `month`; unordered."""
    zone = Workspace.get().zone
    start, end = period.instants(zone)
    rows = CreditSplit.objects.filter(
        credited_at__gte=start,
        credited_at__lt=end,
        deal__deleted_at__isnull=True,
        deal__merged_into__isnull=True,
    )
    if whose.people is not None:
        rows = rows.filter(user_id__in=whose.people)
    if whose.teams is not None:
        rows = rows.filter(team_id__in=whose.teams)
    return rows.annotate(month=Cast(TruncMonth("credited_at", tzinfo=zone), DateField())).order_by()


def _quotas(whose: Whose, period: Period) -> list[tuple[int, date, Decimal]]:
    found = list(_quota_rows(whose, period).values_list("user_id", "month", "amount"))
    if whose.teams is None or not found:
        return found
    belongs = placement()
    return [row for row in found if belongs.team_of(row[0], row[1]) in whose.teams]


def _quota_rows(whose: Whose, period: Period) -> QuerySet[Any]:
    """Of teams, the quotas of everybody: `placement` tells to which team each counts."""
    rows = Quota.objects.current().of_won_value().within(period).filter(user__isnull=False, amount__isnull=False)
    return rows if whose.people is None else rows.filter(user_id__in=whose.people)


def _quotas_and_credit(whose: Whose, period: Period) -> tuple[list[_Part], list[_Part]]:
    """Both by month, in one question because the frame around every page asks it."""
    stays = Value(None, STAYS) if whose.teams is None else stays_of_user()
    quotas = _quota_rows(whose, period).annotate(stays=stays, overlay=Value(NOTHING, MONEY), without_value=Value(0))
    credit = (
        _credit(whose, period)
        .values("month")
        .annotate(**_SUMS, nobody=Value(None, BigIntegerField()), nowhere=Value(None, STAYS))
    )
    rows = quotas.values_list("user_id", "stays", "month", "amount", "overlay", "without_value").union(
        credit.values_list("nobody", "nowhere", "month", "achieved", "overlay", "without_value"), all=True
    )
    asked, credited, found = [], [], list(rows)
    belongs = placed({user_id: where for user_id, where, *_figures in found if where})
    for user_id, _where, month, amount, overlay, without_value in found:
        if user_id is None:
            credited.append((month, Attainment(amount, None, overlay, without_value)))
        elif whose.teams is None or belongs.team_of(user_id, month) in whose.teams:
            asked.append((month, Attainment(quota=amount)))
    return asked, credited


def _refuse_parts_of_months(period: Period) -> None:
    if period.start.day != 1 or period.end.day != 1:
        message = "Quotas are kept by month: name a period of whole months."
        raise ValueError(message)
