"""What a change of the tree would move. Reads only; `actions.apply` does exactly this."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Count, Sum

from pipeline.contacts.models import Company
from pipeline.coverage.actions import candidates_of, facts_of
from pipeline.coverage.models import TerritoryAssignment
from pipeline.coverage.rules import Candidate, Rulebook, Verdict
from pipeline.deals.models import Deal
from pipeline.deals.totals import MONEY, converted_value
from teams.models import PlanStatus, Territory, TerritoryPlan
from teams.territories.actions import Changes

NOTHING = Decimal(0)
_FACTS = ("name", "country", "region", "postal_code", "industry", "employees", "city", "territory_id")


@dataclass(frozen=True)
class Move:
    """One company that would change its territory, with its open deals (value in workspace currency)."""

    company: Company
    before: Territory | None
    after: Territory | None
    open_deals: int
    value: Decimal
    verdict: Verdict


@dataclass(frozen=True)
class Preview:
    """What would move. `pinned` companies stay where they are, whatever the rules say."""

    moves: list[Move]
    pinned: int
    unassigned: int

    @property
    def open_deals(self) -> int:
        return sum(move.open_deals for move in self.moves)

    @property
    def value(self) -> Decimal:
        return sum((move.value for move in self.moves), NOTHING)

    @cached_property
    def fingerprint(self) -> str:
        """The same for the same moves, so that nobody applies what she has not seen."""
        moves = [
            (move.company.pk, move.before.pk if move.before else None, move.after.pk if move.after else None)
            for move in self.moves
        ]
        return hashlib.sha256(json.dumps(moves).encode()).hexdigest()[:32]

    def into(self, territory: Territory) -> int:
        return sum(move.after == territory for move in self.moves)

    def out_of(self, territory: Territory) -> int:
        return sum(move.before == territory for move in self.moves)

    @cached_property
    def difference(self) -> Counter[int]:
        """Territory id -> companies it would gain (or lose, below zero)."""
        counts: Counter[int] = Counter()
        for move in self.moves:
            if move.before:
                counts[move.before.pk] -= 1
            if move.after:
                counts[move.after.pk] += 1
        return counts


@dataclass(frozen=True)
class Conflict:
    """So many companies match both territories; the rule of `winner` is asked first."""

    winner: Territory
    rival: Territory
    companies: int


def conflicts() -> list[Conflict]:
    """Where two rules of the published plan claim the same companies, the most frequent first."""
    plan = TerritoryPlan.objects.filter(status=PlanStatus.PUBLISHED).first()
    if plan is None:
        return []
    rulebook = Rulebook(candidates_of(plan))
    pairs: Counter[tuple[int, int]] = Counter()
    for company in Company.objects.live().only(*_FACTS).iterator(2000):
        facts = facts_of(company)
        winner = rulebook.territory_of(facts)
        if winner is not None and (rival := rulebook.rival_of(winner, facts)) is not None:
            pairs[winner, rival] += 1
    territories = plan.territories.in_bulk()
    return [Conflict(territories[winner], territories[rival], n) for (winner, rival), n in pairs.most_common()]


def preview(changes: Changes, *, now: datetime) -> Preview:
    """What `changes` to the published plan would move, companies by name."""
    plan = TerritoryPlan.objects.filter(status=PlanStatus.PUBLISHED).first()
    rulebook = Rulebook(_with(changes, plan)) if plan else Rulebook([])
    pinned = set(_pinned().values_list("company_id", flat=True))
    moving: list[tuple[Company, int | None]] = []
    unassigned = 0
    for company in Company.objects.live().by_name().only(*_FACTS).iterator(2000):
        after = company.territory_id if company.pk in pinned else rulebook.territory_of(facts_of(company))
        unassigned += after is None
        if after != company.territory_id:
            moving.append((company, after))
    return Preview(_moves(moving, rulebook, now), len(pinned), unassigned)


def _pinned() -> Any:
    return TerritoryAssignment.objects.filter(ends_at__isnull=True, pinned=True, company__deleted_at__isnull=True)


def _moves(moving: list[tuple[Company, int | None]], rulebook: Rulebook, now: datetime) -> list[Move]:
    territories = Territory.objects.in_bulk()
    deals = _open_deals([company.pk for company, _after in moving], now)
    return [
        Move(
            company,
            territories.get(company.territory_id or 0),
            territories.get(after or 0),
            *deals.get(company.pk, (0, NOTHING)),
            rulebook.explain(facts_of(company)),
        )
        for company, after in moving
    ]


def _open_deals(company_ids: list[int], now: datetime) -> dict[int, tuple[int, Decimal]]:
    deals = Deal.objects.open().filter(company_id__in=company_ids).order_by()
    rows = (
        deals.annotate(converted=converted_value(now))
        .values("company_id")
        .annotate(number=Count("pk"), amount=Sum("converted", default=NOTHING, output_field=MONEY))
    )
    return {row["company_id"]: (row["number"], row["amount"]) for row in rows}


def _with(changes: Changes, plan: TerritoryPlan) -> Iterable[Candidate]:
    """The plan as the rules would see it after the changes."""
    for candidate in candidates_of(
        plan, and_also=[pk for pk, wanted in changes.items() if not wanted.get("archived", True)]
    ):
        wanted = dict(changes.get(candidate.pk, {}))
        if not wanted.pop("archived", False):
            yield replace(candidate, **wanted)
