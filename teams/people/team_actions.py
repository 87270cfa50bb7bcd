"""The tree of teams: adding, renaming, moving, archiving."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from crm.lib import memo
from crm.lib.errors import Conflict, FieldConflict, Refused
from teams.access.reach import subtree
from teams.audit.merging import validate
from teams.audit.models import AuditEntry
from teams.audit.record import record
from teams.people.guards import apply, must_administer
from teams.people.models import Team, TeamMembership, User
from teams.workspace.models import Workspace


@transaction.atomic
def add_team(*, by: User, name: str, parent: Team | None = None) -> Team:
    """A new team, below `parent` or at the top."""
    must_administer(by)
    _must_be_in_use(_locked_tree().get(parent.pk) if parent else None)
    team = Team(name=name.strip(), parent=parent, version=1)
    _save(team)
    record("team.added", by=by, subject=team, changes={"parent": [None, _name(parent)]})
    memo.forget()
    return team


@transaction.atomic
def rename_team(*, by: User, team_id: int, version: int | None, name: str) -> Team:
    """Raises Conflict when somebody renamed it since `version`."""
    return _change(by, team_id, version, {"name": name.strip()})


@transaction.atomic
def move_team(*, by: User, team_id: int, version: int | None, parent: Team | None) -> Team:
    """Hang a team, with all below it, under another one or at the top. Raises Refused for a team below itself."""
    return _change(by, team_id, version, {"parent": parent})


@transaction.atomic
def archive_team(*, by: User, at: datetime, team_id: int) -> Team:
    """Put a team aside. Refused while anybody belongs to it, now or planned, or a team in use hangs below it."""
    must_administer(by)
    _tree, team = _locked(team_id)
    if team.archived_at is not None:
        return team
    if Team.objects.filter(parent=team, archived_at__isnull=True).exists():
        raise Refused(_("There are teams below this one. Move or archive them first."), code="has_teams")
    today = Workspace.get().today(at)
    if TeamMembership.objects.lasting_beyond(today).filter(team=team).exists():
        raise Refused(_("People belong to this team. Give them another one first."), code="has_people")
    team.archived_at = at
    return _written(team, "team.archived", by, {})


@transaction.atomic
def restore_team(*, by: User, team_id: int) -> Team:
    """Use an archived team again."""
    must_administer(by)
    tree, team = _locked(team_id)
    if team.archived_at is None:
        return team
    _must_be_in_use(tree.get(team.parent_id) if team.parent_id else None)
    team.archived_at = None
    return _written(team, "team.unarchived", by, {})


def _change(by: User, team_id: int, version: int | None, wanted: dict[str, Any]) -> Team:
    must_administer(by)
    tree, team = _locked(team_id)
    _no_conflict(team, version, wanted)
    parent = wanted.get("parent")
    if parent is not None:
        _must_not_be_below(team, parent)
        _must_be_in_use(tree[parent.pk])
    before = tree.get(team.parent_id) if team.parent_id else None
    changed = apply(team, wanted)
    if not changed:
        return team
    if "parent" in changed:
        changed["parent"] = [_name(before), _name(parent)]
    return _written(team, "team.moved" if "parent" in changed else "team.renamed", by, changed)


def _locked_tree() -> dict[int, Team]:
    """Every team, locked: of two moves at once that would close a ring, the second sees the first."""
    return {team.pk: team for team in Team.objects.order_by("pk").select_for_update(no_key=True)}


def _locked(team_id: int) -> tuple[dict[int, Team], Team]:
    tree = _locked_tree()
    if team_id not in tree:
        raise Team.DoesNotExist
    return tree, tree[team_id]


def _must_not_be_below(team: Team, parent: Team) -> None:
    memo.forget()
    if parent.pk in subtree({team.pk}):
        message = _("%(parent)s is this team or lies below it.") % {"parent": parent.name}
        raise Refused(message, code="ring", field="parent")


def _must_be_in_use(parent: Team | None) -> None:
    if parent is not None and parent.archived_at is not None:
        raise Refused(_("%(team)s is archived.") % {"team": parent.name}, code="archived", field="parent")


def _no_conflict(team: Team, version: int | None, wanted: dict[str, Any]) -> None:
    """Raise Conflict when a wanted field was changed after `version`, as the audit trail tells."""
    if version is None or version >= team.version:
        return
    later = AuditEntry.objects.filter(subject_type="team", subject_id=team.pk, changes__version__1__gt=version)
    for entry in later.select_related("actor").order_by("-pk"):
        for name, value in wanted.items():
            if name in entry.changes and getattr(team, name) != value:
                theirs = entry.changes[name][1]
                conflict = FieldConflict(name, str(value or ""), theirs, str(entry.actor or ""), entry.at.isoformat())
                sentence = _("%(name)s changed this meanwhile. Nothing was saved yet.") % {"name": conflict.by}
                raise Conflict(sentence, [conflict])


def _written(team: Team, action: str, by: User, changes: dict[str, list[Any]]) -> Team:
    team.version += 1
    _save(team)
    record(action, by=by, subject=team, changes={**changes, "version": [team.version - 1, team.version]})
    memo.forget()
    return team


def _save(team: Team) -> None:
    if not team.name:
        raise Refused(_("Enter a name for the team."), code="invalid", field="name")
    validate(team, ["name"])
    try:
        with transaction.atomic():
            team.save()
    except IntegrityError as error:
        message = _("There is a team of this name in the same place.")
        raise Refused(message, code="duplicate", field="name") from error


def _name(team: Team | None) -> str | None:
    return team.name if team else None
