"""A company of 100 people with as many deals as asked for, always the same for the same size."""

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection
from faker import Faker

from crm.lib.memo import remembering
from crm.lib.text import sort_key
from pipeline.deals.bulk import NewDeal, Step, open_deals_in_bulk
from pipeline.models import Activity, CloseReason, Company, Contact, Deal, EventKind, Pipeline, Stage
from teams.models import Role, Team, TeamMembership, User, Workspace

TEAMS, PEOPLE_PER_TEAM = 10, 9
COMPANIES, CONTACTS, ACTIVITIES = 0.2, 0.5, 3  # for each deal
OPEN_SHARE = 0.2
YEARS = 3
STAGES = (
    ("Qualify", 10, 7),
    ("Discovery", 25, 14),
    ("Solution fit", 40, 14),
    ("Proposal", 60, 8),
    ("Negotiation", 80, 7),
)
BATCH = 5_000


@dataclass
class World:
    """What deals refer to."""

    admin: User
    manager: User
    reps: list[User]
    team_of: dict[int, Team]
    stages: list[Stage]
    reasons: dict[str, CloseReason]
    companies: list[Company]
    contacts: list[Contact]
    now: datetime
    chance: random.Random

    @property
    def rep(self) -> User:
        return self.reps[0]


def fill(deals: int) -> World:
    """Write everything and tell how long it took."""
    began = time.perf_counter()
    world = _world(deals)
    with remembering():
        for start in range(0, deals, BATCH):
            rows = [_deal(world, start + number) for number in range(min(BATCH, deals - start))]
            written = open_deals_in_bulk(rows, by=world.admin, at=world.now)
            Activity.objects.bulk_create(_activities(world, written), batch_size=BATCH)
    _choose_next_steps()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(f"{deals:,} deals written in {time.perf_counter() - began:.0f} s")
    return world


def _world(deals: int) -> World:
    chance, names, now = random.Random(7), Faker(), datetime.now(UTC)
    names.seed_instance(7)
    zone = "Europe/Berlin"
    Workspace.objects.update_or_create(pk=1, defaults={"name": "Bench", "time_zone": zone, "currency": "EUR"})
    admin = _person("Ada", "Admin", Role.ADMIN)
    top = Team.objects.create(name="Sales")
    managers, reps, team_of = [], [], {}
    for number in range(TEAMS):
        team = Team.objects.create(name=f"Team {number}", parent=top)
        managers.append(_person(names.first_name(), names.last_name(), Role.MANAGER))
        TeamMembership.objects.create(user=managers[-1], team=team, role_in_team="manager")
        for _seat in range(PEOPLE_PER_TEAM):
            rep = _person(names.first_name(), names.last_name(), Role.REP)
            TeamMembership.objects.create(user=rep, team=team, role_in_team="member")
            reps.append(rep)
            team_of[rep.pk] = team
    companies = [_company(names, chance, reps, now) for _number in range(int(deals * COMPANIES))]
    Company.objects.bulk_create(companies, batch_size=BATCH)
    contacts = [_contact(names, chance, companies, now) for _number in range(int(deals * CONTACTS))]
    Contact.objects.bulk_create(contacts, batch_size=BATCH)
    reasons = {code: CloseReason.objects.get(code="not_recorded", outcome=code) for code in ("won", "lost")}
    return World(admin, managers[0], reps, team_of, _stages(), reasons, companies, contacts, now, chance)


def _person(first: str, last: str, role: str) -> User:
    number = User.objects.count()
    return User.objects.create_user(f"person{number}@example.com", None, first_name=first, last_name=last, role=role)


def _stages() -> list[Stage]:
    pipeline = Pipeline.objects.create(name="Sales", position=0)
    return [
        Stage.objects.create(
            pipeline=pipeline, name=name, position=position, probability=share, stalled_after_days=days
        )
        for position, (name, share, days) in enumerate(STAGES, start=1)
    ]


def _company(names: Faker, chance: random.Random, reps: list[User], now: datetime) -> Company:
    name = names.company()
    return Company(name=name, sort_key=sort_key(name), country="DE", postal_code=names.postcode()[:12],
                   owner=chance.choice(reps), created_at=now, changed_at=now)  # fmt: skip


def _contact(names: Faker, chance: random.Random, companies: list[Company], now: datetime) -> Contact:
    first, last = names.first_name(), names.last_name()
    company = chance.choice(companies)
    return Contact(first_name=first, last_name=last, sort_key=sort_key(f"{last} {first}"), company=company,
                   owner=company.owner, created_at=now, changed_at=now)  # fmt: skip


def _deal(world: World, number: int) -> NewDeal:
    """Created within the last years, through some stages, a fifth of them still open and young."""
    chance = world.chance
    is_open = chance.random() < OPEN_SHARE
    age = timedelta(days=chance.uniform(1, 120 if is_open else 365 * YEARS))
    owner, company = chance.choice(world.reps), chance.choice(world.companies)
    deal = Deal(
        name=f"{company.name} {number}",
        company=company,
        pipeline=world.stages[0].pipeline,
        stage=world.stages[0],
        value=None if chance.random() < 0.05 else Decimal(chance.randrange(500_00, 90_000_00)) / 100,
        currency="EUR",
        probability=world.stages[0].probability,
        owner=owner,
        team=world.team_of[owner.pk],
        expected_close_date=(world.now + timedelta(days=chance.randrange(-10, 120))).date(),
        created_at=world.now - age,
        created_by=owner,
    )
    return NewDeal(deal, _steps(world, deal, age, owner, is_open=is_open))


def _steps(world: World, deal: Deal, age: timedelta, owner: User, *, is_open: bool) -> list[Step]:
    chance = world.chance
    life = age if is_open else min(age, timedelta(days=chance.uniform(5, 150)))
    reached = chance.randrange(1, len(STAGES) + 1)
    moments = sorted(deal.created_at + life * chance.uniform(0.05, 0.95) for _stage in range(reached - 1))
    steps = [
        Step(EventKind.STAGE_CHANGED, moment, {"stage": stage, "probability": stage.probability}, owner)
        for stage, moment in zip(world.stages[1:reached], moments, strict=True)
    ]
    if not is_open:
        outcome = "won" if chance.random() < 0.4 else "lost"
        fields = {"status": outcome, "probability": 100 if outcome == "won" else 0, "fx_rate": Decimal(1),
                  "closed_at": deal.created_at + life, "close_reason": world.reasons[outcome]}  # fmt: skip
        steps.append(Step(EventKind(outcome), deal.created_at + life, fields, owner))
    return steps


def _activities(world: World, deals: list[Deal]) -> list[Activity]:
    return [_activity(world, deal, number) for deal in deals for number in range(ACTIVITIES)]


def _activity(world: World, deal: Deal, number: int) -> Activity:
    """The first of an open deal is planned for somewhen around now, all others are done."""
    chance, zone = world.chance, ZoneInfo("Europe/Berlin")
    row = Activity(
        kind=chance.choice(("call", "email", "meeting")),
        subject=f"Talk {number}",
        assignee_id=deal.owner_id,
        deal=deal,
        company_id=deal.company_id,
        created_at=deal.created_at,
        changed_at=deal.created_at,
    )
    if deal.is_open and number == 0:
        row.due_on = (world.now + timedelta(days=chance.randrange(-5, 20))).date()
        row.today_from = datetime(row.due_on.year, row.due_on.month, row.due_on.day, tzinfo=zone)
        row.late_at = row.today_from + timedelta(days=1)
    else:
        row.done_at = deal.created_at + ((deal.closed_at or world.now) - deal.created_at) * chance.random()
        row.done_by_id = deal.owner_id
    return row


def _choose_next_steps() -> None:
    with connection.cursor() as cursor:
        cursor.execute("""
            UPDATE pipeline_deal AS deal
            SET next_step_id = step.id, next_step_subject = step.subject, next_step_kind = step.kind,
                next_step_due_on = step.due_on, next_step_today_from = step.today_from, next_step_late_at = step.late_at
            FROM (SELECT DISTINCT ON (deal_id) * FROM pipeline_activity
                  WHERE done_at IS NULL AND deal_id IS NOT NULL ORDER BY deal_id, late_at) AS step
            WHERE step.deal_id = deal.id
        """)
