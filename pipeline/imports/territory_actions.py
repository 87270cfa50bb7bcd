"""The territories of the offices, made as an admin would make them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import translation

from pipeline.coverage.rules import check
from pipeline.imports.maven import AgentRow
from pipeline.imports.people_actions import People
from pipeline.imports.story import texts
from teams.territories.actions import add_member, add_territory, reshape
from teams.territories.models import Territory


@transaction.atomic
def set_up_territories(
    agents: Sequence[AgentRow], rules: Mapping[str, list[Any]], *, people: People, at: datetime, language: str
) -> list[Territory]:
    """Below the world one territory for each office, worked by its managers and agents; `rules` are by office."""
    with translation.override(language):
        world = add_territory(by=people.admin, at=at, name=texts.WORLD(language))
        offices = [_of_office(office, agents, world, people, at=at, language=language) for office in rules]
        elsewhere = add_territory(by=people.admin, at=at, name=texts.ELSEWHERE(language))
    for rule in rules.values():
        check(rule)
    shapes: dict[int, dict[str, Any]] = {
        territory.pk: {"rules": rule} for territory, rule in zip(offices, rules.values(), strict=True)
    }
    reshape(changes={**shapes, elsewhere.pk: {"is_catch_all": True}}, by=people.admin, at=at)
    return offices


def _of_office(
    office: str, agents: Sequence[AgentRow], world: Territory, people: People, *, at: datetime, language: str
) -> Territory:
    staff = [row for row in agents if row.office == office]
    territory = add_territory(
        by=people.admin,
        at=at,
        name=texts.REGION_NAME(language).format(office=office),
        parent=world,
        manager=people.users[staff[0].manager],
    )
    for name in dict.fromkeys([*(row.manager for row in staff), *(row.name for row in staff)]):
        add_member(territory_id=territory.pk, user=people.users[name], by=people.admin, at=at)
    return territory
