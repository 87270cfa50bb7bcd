"""The territories of the offices."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from crm.lib import memo
from pipeline.coverage.rules import check
from pipeline.imports.maven import AgentRow
from pipeline.imports.people_actions import People
from pipeline.imports.story import texts
from teams.territories.models import PlanStatus, Territory, TerritoryMembership, TerritoryPlan

CATCH_ALL_PRIORITY = 999


@transaction.atomic
def set_up_territories(
    agents: Sequence[AgentRow], rules: Mapping[str, list[Any]], *, people: People, at: datetime, language: str
) -> TerritoryPlan:
    """A published plan: below the world one territory for each office, worked by its managers and agents.

    `rules` are those of the offices.
    """
    plan = TerritoryPlan.objects.create(
        name=texts.TERRITORY_PLAN(language), status=PlanStatus.PUBLISHED, published_at=at
    )
    world = Territory.objects.create(plan=plan, name=texts.WORLD(language))
    for priority, (office, rule) in enumerate(rules.items(), start=1):
        check(rule)
        staff = [row for row in agents if row.office == office]
        territory = Territory.objects.create(
            plan=plan,
            parent=world,
            name=texts.REGION_NAME(language).format(office=office),
            priority=priority * 10,
            rules=rule,
            manager=people.users[staff[0].manager],
        )
        names = dict.fromkeys([*(row.manager for row in staff), *(row.name for row in staff)])
        TerritoryMembership.objects.bulk_create(
            TerritoryMembership(user=people.users[name], territory=territory) for name in names
        )
    Territory.objects.create(plan=plan, name=texts.ELSEWHERE(language), priority=CATCH_ALL_PRIORITY, is_catch_all=True)
    memo.forget()
    return plan
