"""Roles as tables of permissions with their scope. Nothing else in the product looks at a role."""

from enum import IntEnum

from teams.access.permissions import Permission as P
from teams.people.models import Role


class Scope(IntEnum):
    """How far a permission reaches, each including the narrower ones."""

    NOTHING = 0
    OWN = 1
    VISIBLE = 2  # own, widened by the workspace's setting for reps
    SUBTREE = 3  # teams managed and all teams below them
    EVERYTHING = 4


_VIEWS = (P.DEAL_VIEW, P.COMPANY_VIEW, P.ACTIVITY_VIEW, P.METRICS_VIEW)

_REP = {
    **dict.fromkeys(_VIEWS, Scope.VISIBLE),
    P.DEAL_ADD: Scope.OWN,
    P.DEAL_EDIT: Scope.OWN,
    P.DEAL_DELETE: Scope.OWN,
    P.COMPANY_EDIT: Scope.VISIBLE,
    P.COMPANY_DISPOSE: Scope.OWN,
    P.ACTIVITY_EDIT: Scope.OWN,
    P.QUOTA_VIEW: Scope.OWN,
    P.TERRITORY_VIEW: Scope.OWN,
    P.PEOPLE_VIEW: Scope.EVERYTHING,
    P.STAGE_VIEW: Scope.EVERYTHING,
    P.AUDIT_VIEW: Scope.OWN,
    P.EXPORT: Scope.OWN,
}
_MANAGER = {
    **_REP,
    **dict.fromkeys(_VIEWS, Scope.SUBTREE),
    P.DEAL_ADD: Scope.SUBTREE,
    P.DEAL_EDIT: Scope.SUBTREE,
    P.DEAL_REASSIGN: Scope.SUBTREE,
    P.DEAL_DELETE: Scope.SUBTREE,
    P.DEAL_REOPEN_CLOSED_PERIOD: Scope.SUBTREE,
    P.COMPANY_EDIT: Scope.SUBTREE,
    P.COMPANY_DISPOSE: Scope.SUBTREE,
    P.ACTIVITY_EDIT: Scope.SUBTREE,
    P.QUOTA_VIEW: Scope.SUBTREE,
    P.QUOTA_SET: Scope.SUBTREE,
    P.TERRITORY_VIEW: Scope.EVERYTHING,
    P.AUDIT_VIEW: Scope.SUBTREE,
    P.EXPORT: Scope.SUBTREE,
}

SCOPES: dict[str, dict[P, Scope]] = {
    Role.REP: _REP,
    Role.MANAGER: _MANAGER,
    Role.ADMIN: dict.fromkeys(P, Scope.EVERYTHING),
    Role.CONTENT: {P.PEOPLE_VIEW: Scope.EVERYTHING, P.STAGE_VIEW: Scope.EVERYTHING},
    Role.READ_ONLY: {
        **dict.fromkeys(_VIEWS, Scope.SUBTREE),
        P.QUOTA_VIEW: Scope.SUBTREE,
        P.PEOPLE_VIEW: Scope.EVERYTHING,
        P.STAGE_VIEW: Scope.EVERYTHING,
    },
}

# What nobody does in the place of somebody else: it would outlast her absence.
ADMINISTRATION = frozenset({P.PEOPLE_EDIT, P.STAGE_EDIT, P.TERRITORY_EDIT, P.WORKSPACE_EDIT, P.AUDIT_VIEW})

# Longest span (days) by which a role may date an event back; None is without limit.
BACKDATE_DAYS: dict[str, int | None] = {
    Role.REP: 3,
    Role.MANAGER: 31,
    Role.ADMIN: None,
    Role.CONTENT: 0,
    Role.READ_ONLY: 0,
}


def roles_with(permission: P) -> list[str]:
    """The roles that hold a permission over anything."""
    return [role for role, scopes in SCOPES.items() if scopes.get(permission)]
