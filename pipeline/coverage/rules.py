"""Rules of territories: data in, verdict out. Nothing here reads the database.

A rule is a list of alternatives, each a list of conditions that must all hold:
`[[{"field": "country", "operator": "in", "values": ["DE"]}]]`.
An empty field of the company never matches, whatever the condition.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.lib.text import sort_key

Condition = Mapping[str, Any]
Rules = Sequence[Sequence[Condition]]

# Which comparisons each field knows.
VOCABULARY: dict[str, tuple[str, ...]] = {
    "country": ("in",),
    "region": ("in",),
    "postal_code": ("starts_with",),
    "industry": ("in",),
    "employees": ("gte", "lte"),
    "company": ("in",),
}
LABELS = {
    "country": gettext_lazy("Country"),
    "region": gettext_lazy("Region"),
    "postal_code": gettext_lazy("Postal code"),
    "industry": gettext_lazy("Industry"),
    "employees": gettext_lazy("Employees"),
    "company": gettext_lazy("Company"),
}
MOST_ALTERNATIVES = 50
MOST_VALUES = 2000


class NotARule(ValueError):
    """The data is not a rule; the message says where."""


@dataclass(frozen=True)
class Facts:
    """What the rules know about a company. Empty text and None are unknown."""

    company: str = ""
    country: str = ""
    region: str = ""
    postal_code: str = ""
    industry: str = ""
    employees: int | None = None


@dataclass(frozen=True)
class Candidate:
    """A territory as the rules see it."""

    pk: int
    name: str
    priority: int
    rules: Rules
    parent_id: int | None = None
    is_catch_all: bool = False


@dataclass(frozen=True)
class Verdict:
    """Where a company belongs, and the evaluation that led there (the match last).

    `territory_id` is None when nothing matches and nobody catches the rest.
    """

    territory_id: int | None
    by_catch_all: bool
    trail: list[dict[str, Any]]


def matches(rules: Rules, facts: Facts) -> bool:
    """Whether an alternative holds. No alternatives match nothing."""
    return first_match(rules, facts) is not None


def first_match(rules: Rules, facts: Facts) -> Sequence[Condition] | None:
    """The first alternative of which every condition holds."""
    for alternative in rules:
        if alternative and all(holds(condition, facts) for condition in alternative):
            return alternative
    return None


def holds(condition: Condition, facts: Facts) -> bool:
    """Whether one condition holds; never for an unknown fact."""
    fact = getattr(facts, condition["field"])
    if fact is None or fact == "":
        return False
    return _COMPARISONS[condition["operator"]](fact, condition["values"])


def explain(candidates: Iterable[Candidate], facts: Facts) -> Verdict:
    """The first territory by priority whose rules and those of all its parents match; else the catch-all."""
    known = {candidate.pk: candidate for candidate in candidates}
    trail: list[dict[str, Any]] = []
    for candidate in sorted(known.values(), key=lambda one: (one.priority, one.pk)):
        if candidate.is_catch_all or not candidate.rules:
            continue
        step = _step(candidate, known, facts)
        trail.append(step)
        if step["matched"]:
            return Verdict(candidate.pk, by_catch_all=False, trail=trail)
    for candidate in known.values():
        if candidate.is_catch_all:
            trail.append(_entry(candidate, matched=True, code="catch_all"))
            return Verdict(candidate.pk, by_catch_all=True, trail=trail)
    return Verdict(None, by_catch_all=False, trail=trail)


def sentence(entry: Mapping[str, Any]) -> str:
    """A step of the trail in words, in the reader's language."""
    because = entry["because"]
    if because["code"] == "matched":
        return in_words([because["conditions"]])
    if because["code"] == "parent":
        return _("Outside of %(parent)s") % {"parent": because["parent"]}
    if because["code"] == "catch_all":
        return _("No rule matches")
    return _("Does not match")


def in_words(rules: Rules) -> str:
    """A rule as people read it: `Country = DE, AT and Employees ≥ 250`."""
    return f" {_('or')} ".join(f" {_('and')} ".join(map(_condition_in_words, one)) for one in rules)


def check(rules: Any) -> None:
    """Raise `NotARule` unless the data follows the vocabulary."""
    if not isinstance(rules, list) or len(rules) > MOST_ALTERNATIVES:
        raise NotARule(_("A rule is a list of alternatives."))
    for alternative in rules:
        if not isinstance(alternative, list) or not alternative:
            raise NotARule(_("Every alternative needs a condition."))
        for condition in alternative:
            _check_condition(condition)


def _check_condition(condition: Any) -> None:
    if not isinstance(condition, dict) or condition.get("operator") not in VOCABULARY.get(
        str(condition.get("field")), ()
    ):
        raise NotARule(_("Choose a field and a comparison that fits it."))
    values = condition.get("values")
    if not isinstance(values, list) or not values or len(values) > MOST_VALUES:
        raise NotARule(_("Enter at least one value."))
    wanted = int if condition["field"] == "employees" else str
    if not all(type(value) is wanted and value != "" for value in values):
        raise NotARule(_("Enter whole numbers for employees and text for everything else."))


def _step(candidate: Candidate, known: Mapping[int, Candidate], facts: Facts) -> dict[str, Any]:
    alternative = first_match(candidate.rules, facts)
    if alternative is None:
        return _entry(candidate, matched=False, code="no_match")
    for parent in _parents(candidate, known):
        # A parent without rules only groups; it keeps nothing out.
        if parent.rules and not matches(parent.rules, facts):
            return _entry(candidate, matched=False, code="parent", parent=parent.name)
    return _entry(candidate, matched=True, code="matched", conditions=[dict(one) for one in alternative])


def _parents(candidate: Candidate, known: Mapping[int, Candidate]) -> list[Candidate]:
    """The parents from the nearest up; a ring, should one exist, ends where it began."""
    found: list[Candidate] = []
    parent = known.get(candidate.parent_id or 0)
    while parent and parent not in found and parent is not candidate:
        found.append(parent)
        parent = known.get(parent.parent_id or 0)
    return found


def _entry(candidate: Candidate, *, matched: bool, code: str, **details: Any) -> dict[str, Any]:
    because = {"code": code, **details}
    return {"territory": candidate.pk, "name": candidate.name, "matched": matched, "because": because}


def _condition_in_words(condition: Condition) -> str:
    sign = {"gte": "≥", "lte": "≤", "in": "="}.get(condition["operator"]) or _("begins with")
    values = ", ".join(str(value) for value in condition["values"])
    return f"{LABELS[condition['field']]} {sign} {values}"


def _is_one_of(fact: str, values: Sequence[str]) -> bool:
    return sort_key(fact) in {sort_key(value) for value in values}


def _starts_with(fact: str, values: Sequence[str]) -> bool:
    return any(value and sort_key(fact).startswith(sort_key(value)) for value in values)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "in": _is_one_of,
    "starts_with": _starts_with,
    "gte": lambda fact, values: fact >= values[0],
    "lte": lambda fact, values: fact <= values[0],
}
