"""Rows change in actions and in nothing else."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("crm", "teams", "pipeline", "reporting")
ALWAYS = {"bulk_create", "bulk_update", "get_or_create", "update_or_create"}
# Of the same name are functions of ours, which take something, and methods of dictionaries.
WITHOUT_ARGUMENTS = {"save", "delete"}
ON_QUERYSETS = {"create", "update"}
QUERYSET = {"objects", "filter", "exclude", "all", "_default_manager"}

# Modules beside `actions.py`, `*_actions.py` and `actions/` that write, and why.
EXCEPTIONS = {
    "crm/lib/repeats.py": "claims a key and keeps its answer",
    "crm/notifications/mail.py": "claims of the outbox",
    "teams/access/tokens.py": "notes when a token was last used",
    "teams/audit/merging.py": "the change of a versioned row that actions share",
    "teams/audit/record.py": "the audit entry itself",
    "teams/people/models.py": "the manager that Django's own commands use",
    "pipeline/activities/bulk.py": "the bulk form of actions",
    "pipeline/contacts/bulk.py": "the bulk form of actions",
    "pipeline/deals/bulk.py": "the bulk form of actions",
    "pipeline/deals/follow.py": "what deals take over from their company, owner and activities",
    "pipeline/deals/stage_changes.py": "what deals take over from their stage",
    "pipeline/deals/history.py": "what is derived from events",
    "pipeline/deals/benchmarks.py": "medians, derived again and again",
    "pipeline/handover/moving.py": "the part of handing over that touches many rows",
    "pipeline/work/reminding.py": "claims of reminders",
}


def writes(source):
    """Lines on which a method that changes rows is called."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            if _is_write(name, node.func.value, node.args):
                yield node.lineno, name


def _is_write(name, receiver, arguments):
    if name in WITHOUT_ARGUMENTS:
        return not arguments and not _is_super(receiver)
    return name in ALWAYS or (name in ON_QUERYSETS and bool(QUERYSET & _names(receiver)))


def _is_super(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def _names(node):
    return {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}


def modules():
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in file.parts and "devstack" not in file.parts:
                yield file.relative_to(ROOT)


def is_action(path):
    return path.stem == "actions" or path.stem.endswith("_actions") or "actions" in path.parts


def test_rows_change_in_actions_only():
    found = {
        str(path): list(writes((ROOT / path).read_text()))
        for path in modules()
        if not is_action(path) and str(path) not in EXCEPTIONS
    }
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize("path", EXCEPTIONS)
def test_the_exceptions_still_write(path):
    assert list(writes((ROOT / path).read_text()))


@pytest.mark.parametrize(
    ("source", "number"),
    [
        ("deal.save(update_fields=['name'])", 1),
        ("Deal.objects.filter(pk=1).update(name='x')", 1),
        ("Deal.objects.create(name='x')", 1),
        ("super().save()", 0),
        ("facts.update(name='x')", 0),
    ],
)
def test_what_counts_as_a_write(source, number):
    assert len(list(writes(source))) == number
