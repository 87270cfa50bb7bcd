"""The least valid rows, by plain functions."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from pipeline.deals.actions import open_deal
from pipeline.models import CloseReason, Company, Contact, Deal, Pipeline, Stage
from teams.models import Role, Team, TeamMembership, Territory, TerritoryPlan, User, Workspace
from teams.quotas.actions import QuotaChange, set_quotas

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_numbers = count(1)


def make_workspace(**fields: Any) -> Workspace:
    workspace, _created = Workspace.objects.update_or_create(
        pk=1, defaults={"name": "MavenTech", "time_zone": "UTC", "currency": "EUR", **fields}
    )
    return workspace


def make_team(name: str = "", parent: Team | None = None) -> Team:
    return Team.objects.create(name=name or f"Team {next(_numbers)}", parent=parent)


def make_user(
    role: str = Role.REP, *, team: Team | None = None, manages: Team | None = None, email: str = "", **fields: Any
) -> User:
    number = next(_numbers)
    fields.setdefault("first_name", f"Person{number}")
    fields.setdefault("last_name", "Test")
    user = User.objects.create_user(email or f"person{number}@example.com", "kontor-demo", role=role, **fields)
    if team is not None:
        TeamMembership.objects.create(user=user, team=team, role_in_team="member")
    if manages is not None:
        TeamMembership.objects.create(user=user, team=manages, role_in_team="manager")
    return user


def make_pipeline(stages: tuple[str, ...] = ("Qualify", "Proposal", "Negotiation"), name: str = "Sales") -> Pipeline:
    pipeline = Pipeline.objects.create(name=name, position=Pipeline.objects.count())
    for position, stage in enumerate(stages, start=1):
        make_stage(pipeline, stage, position)
    return pipeline


def make_stage(pipeline: Pipeline, name: str, position: int, **fields: Any) -> Stage:
    fields.setdefault("probability", min(99, position * 20))
    return Stage.objects.create(pipeline=pipeline, name=name, position=position, **fields)


def make_reason(outcome: str = "lost", name: str = "", **fields: Any) -> CloseReason:
    return CloseReason.objects.create(outcome=outcome, name=name or f"Reason {next(_numbers)}", **fields)


def make_company(name: str = "", **fields: Any) -> Company:
    fields.setdefault("created_at", NOW)
    fields.setdefault("changed_at", NOW)
    return Company.objects.create(name=name or f"Company {next(_numbers)}", **fields)


def make_contact(last_name: str = "", **fields: Any) -> Contact:
    fields.setdefault("created_at", NOW)
    fields.setdefault("changed_at", NOW)
    return Contact.objects.create(last_name=last_name or f"Contact{next(_numbers)}", **fields)


def make_deal(
    owner: User | None = None, *, value: Decimal | int | None = 1000, at: datetime = NOW, name: str = "", **fields: Any
) -> Deal:
    """An open deal in the first stage of its pipeline, opened by its owner through the action."""
    owner = owner or make_user()
    if "stage" not in fields and "pipeline" not in fields and not Stage.objects.exists():
        make_pipeline()
    amount = None if value is None else Decimal(value)
    return open_deal(by=owner, at=at, name=name or f"Deal {next(_numbers)}", value=amount, **fields)


def make_territory(name: str = "", **fields: Any) -> Territory:
    plan, _created = TerritoryPlan.objects.get_or_create(status="published", defaults={"name": "Plan"})
    return Territory.objects.create(plan=plan, name=name or f"Territory {next(_numbers)}", **fields)


def set_quota(
    *, by: User, at: datetime, subject: User | Team, month: date, amount: Decimal | None, version: int | None = None
) -> int:
    return set_quotas(by=by, at=at, changes=[QuotaChange(subject, month, amount, version)])
