"""Putting companies into territories: by rule, by hand, and back to the rules."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from crm.lib.errors import Forbidden, Refused
from crm.lib.locking import held
from pipeline.coverage.models import AssignmentSource, TerritoryAssignment
from pipeline.coverage.rules import Candidate, Facts, Rulebook, Verdict
from teams.access import Permission, holds, who_may
from teams.audit.merging import validate
from teams.audit.record import record
from teams.models import User
from teams.territories.models import PlanStatus, Territory, TerritoryPlan

BATCH = 1000


@transaction.atomic
def place(companies: "QuerySet[Any]", *, by: User | None, at: datetime) -> list[int]:
    """Put each company where the published plan's rules say, from `at` on. Pinned ones stay.

    Answers the ids of the companies whose territory changed, so that the caller can let deals follow.
    """
    plan = TerritoryPlan.objects.filter(status=PlanStatus.PUBLISHED).first()
    rulebook = Rulebook(candidates_of(plan) if plan else [])
    rows = list(companies.order_by("pk").select_for_update(of=("self",)))
    changed: list[int] = []
    for start in range(0, len(rows), BATCH):
        changed += _place_batch(rows[start : start + BATCH], rulebook, plan.version if plan else 0, by=by, at=at)
    return changed


def hold_plan() -> None:
    """Let nobody reshape the plan until the end of the transaction: a company that appears meanwhile would be missed.

    To be asked for before any company is locked, which is the order of those who reshape.
    """
    held(TerritoryPlan.objects.filter(status=PlanStatus.PUBLISHED))


def held_territory(company: Any) -> Territory | None:
    """The territory of a company, which it keeps until the end of the transaction: a new deal would not follow it.

    Raises Refused for a company in the bin.
    """
    row = held_company(company)
    must_be_live(row)
    territory: Territory | None = row.territory
    return territory


def held_company(company: Any) -> Any:
    """The company as it is now and stays until the end of the transaction, one in the bin too."""
    return held(type(company)._default_manager.filter(pk=company.pk))[0]


def must_be_live(company: Any) -> None:
    """Raises Refused for a company in the bin."""
    if company.deleted_at is not None:
        message = _("The company %(name)s was deleted. Restore it first, or choose another one.")
        raise Refused(message % {"name": company.name}, code="company_deleted", field="company")


@transaction.atomic
def pin(*, company: Any, territory: Territory, by: User, at: datetime, reason: str = "") -> bool:
    """Put a company into a territory by hand; the rules leave it there until it is released.

    Answers whether the territory changed. Raises `Forbidden` for people who may not change territories.
    """
    _may_change_territories(by)
    company = _locked(company)
    if territory.archived_at or territory.plan.status != PlanStatus.PUBLISHED:
        raise Refused(_("This territory is not in use. Choose one of the published plan."), field="territory")
    before = company.territory_id
    running = _current([company.pk]).first()
    pinned = TerritoryAssignment(
        company=company,
        territory=territory,
        starts_at=max(at, running.starts_at) if running else at,
        source=AssignmentSource.MANUAL,
        pinned=True,
        rule_version=territory.plan.version,
        reason=reason,
        assigned_by=by,
    )
    validate(pinned, ["reason"])
    _close_current([company.pk], at)
    pinned.save()
    _set_territory([company.pk], territory.pk, type(company))
    record("territory.pinned", by=by, subject=company, changes={"territory": [before, territory.pk]})
    return bool(before != territory.pk)


@transaction.atomic
def release(*, company: Any, by: User, at: datetime) -> bool:
    """Give a pinned company back to the rules. Answers whether its territory changed."""
    _may_change_territories(by)
    company = _locked(company)
    if not _current([company.pk]).filter(pinned=True).update(pinned=False):
        raise Refused(_("This company already follows the rules."))
    record("territory.released", by=by, subject=company)
    return bool(place(type(company)._default_manager.filter(pk=company.pk), by=by, at=at))


def candidates_of(plan: TerritoryPlan, *, and_also: Collection[int] = ()) -> list[Candidate]:
    """The territories of a plan as the rules see them: those in use, `and_also` archived ones by id."""
    territories = plan.territories.filter(Q(archived_at__isnull=True) | Q(pk__in=and_also)).order_by("priority", "pk")
    return [
        Candidate(
            territory.pk,
            territory.name,
            territory.priority,
            territory.rules,
            territory.parent_id,
            territory.is_catch_all,
        )
        for territory in territories
    ]


def facts_of(company: Any) -> Facts:
    """What the rules may know about a company."""
    return Facts(
        company=company.name,
        country=company.country,
        region=company.region,
        postal_code=company.postal_code,
        industry=company.industry,
        employees=company.employees,
    )


def _place_batch(
    companies: list[Any], rulebook: Rulebook, rule_version: int, *, by: User | None, at: datetime
) -> list[int]:
    current = {one.company_id: one for one in _current([company.pk for company in companies])}
    moved: dict[int, Verdict] = {}
    for company in companies:
        now = current.get(company.pk)
        if now and now.pinned:
            continue
        verdict = rulebook.explain(facts_of(company))
        if verdict.territory_id != (now.territory_id if now else None) or verdict.territory_id != company.territory_id:
            moved[company.pk] = verdict
    if moved:
        _write(moved, {pk: one.starts_at for pk, one in current.items()}, rule_version, by=by, at=at)
        for territory_id, ids in _by_territory(moved).items():
            _set_territory(ids, territory_id, type(companies[0]))
    return list(moved)


def _write(
    moved: dict[int, Verdict], since: dict[int, datetime], rule_version: int, *, by: User | None, at: datetime
) -> None:
    _close_current(list(moved), at)
    TerritoryAssignment.objects.bulk_create(
        TerritoryAssignment(
            company_id=company_id,
            territory_id=verdict.territory_id,
            starts_at=max(at, since.get(company_id, at)),
            source=AssignmentSource.CATCH_ALL if verdict.by_catch_all else AssignmentSource.RULE,
            rule_version=rule_version,
            trail=verdict.trail,
            assigned_by=by,
        )
        for company_id, verdict in moved.items()
        if verdict.territory_id is not None
    )


def _by_territory(moved: dict[int, Verdict]) -> dict[int | None, list[int]]:
    grouped: dict[int | None, list[int]] = defaultdict(list)
    for company_id, verdict in moved.items():
        grouped[verdict.territory_id].append(company_id)
    return grouped


def _current(company_ids: Iterable[int]) -> "QuerySet[TerritoryAssignment]":
    return TerritoryAssignment.objects.filter(company_id__in=company_ids, ends_at__isnull=True)


def _close_current(company_ids: list[int], at: datetime) -> None:
    """End what runs at `at`; what began later (a move recorded afterwards) ends where it began."""
    _current(company_ids).filter(starts_at__gt=at).update(ends_at=F("starts_at"))
    _current(company_ids).update(ends_at=at)


def _set_territory(company_ids: list[int], territory_id: int | None, model: Any) -> None:
    model._default_manager.filter(pk__in=company_ids).update(territory_id=territory_id)


def _locked(company: Any) -> Any:
    return type(company)._default_manager.select_for_update().get(pk=company.pk)


def _may_change_territories(by: User) -> None:
    if not holds(by, Permission.TERRITORY_EDIT):
        raise Forbidden(who_may(Permission.TERRITORY_EDIT))
