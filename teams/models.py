"""Registry of the models of `teams`; other packages import them from here."""

from teams.audit.models import AuditEntry
from teams.currencies.models import ExchangeRate
from teams.people.models import ApiToken, Deputy, Role, Team, TeamMembership, User
from teams.quotas.models import Quota, QuotaMetric
from teams.territories.models import (
    PlanStatus,
    Territory,
    TerritoryMembership,
    TerritoryPlan,
)
from teams.workspace.models import LeaderboardNames, RepVisibility, Workspace

__all__ = [
    "ApiToken",
    "AuditEntry",
    "Deputy",
    "ExchangeRate",
    "LeaderboardNames",
    "PlanStatus",
    "Quota",
    "QuotaMetric",
    "RepVisibility",
    "Role",
    "Team",
    "TeamMembership",
    "Territory",
    "TerritoryMembership",
    "TerritoryPlan",
    "User",
    "Workspace",
]
