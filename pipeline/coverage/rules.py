"""Rules of territories: data in, verdict out. Nothing here reads the database.

A rule is a list of alternatives, each a list of conditions that must all hold:
`[[{"field": "country", "operator": "in", "values": ["DE"]}]]`.
An empty field of the company never matches, whatever the condition.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.lib.text import sort_key

Condition = Mapping[str, Any]
Rules = Sequence[Sequence[Condition]]
Test = Callable[["Facts"], bool]

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
_TEXTS = ("company", "country", "region", "postal_code", "industry")
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

    @cached_property
    def keys(self) -> dict[str, str]:
        """The texts as they are compared: whatever case and accents."""
        return {name: sort_key(getattr(self, name)) for name in _TEXTS}


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


def holds(condition: Condition, facts: Facts) -> bool:
    """Whether one condition holds; never for an unknown fact."""
    return _test_of(condition)(facts)


class Rulebook:
    """The territories of a plan in the order in which they are asked, made ready once for many companies.

    Lowest priority first; of equal ones the more specific (more conditions), then the older.
    """

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self.known = {candidate.pk: candidate for candidate in candidates}
        asked = (one for one in self.known.values() if one.rules and not one.is_catch_all)
        self.asked = sorted(asked, key=lambda one: (one.priority, -_conditions(one.rules), one.pk))
        self.catch_all = next((one for one in self.known.values() if one.is_catch_all), None)
        self._tests = {pk: _tests_of(one.rules) for pk, one in self.known.items()}

    def territory_of(self, facts: Facts) -> int | None:
        """The first territory whose rules and those of all its parents match; else the catch-all, if any."""
        for candidate in self.asked:
            if self._match(candidate, facts) is not None and self._outside_of(candidate, facts) is None:
                return candidate.pk
        return self.catch_all.pk if self.catch_all else None

    def explain(self, facts: Facts) -> Verdict:
        """As `territory_of`, with every step of the evaluation."""
        trail: list[dict[str, Any]] = []
        for candidate in self.asked:
            step = self._step(candidate, facts)
            trail.append(step)
            if step["matched"]:
                return Verdict(candidate.pk, by_catch_all=False, trail=trail)
        if self.catch_all:
            trail.append(_entry(self.catch_all, matched=True, code="catch_all"))
            return Verdict(self.catch_all.pk, by_catch_all=True, trail=trail)
        return Verdict(None, by_catch_all=False, trail=trail)

    def rival_of(self, territory_id: int, facts: Facts) -> int | None:
        """The next territory that would take the company too, neither above nor below the one that has it."""
        line = {territory_id, *(parent.pk for parent in _parents(self.known[territory_id], self.known))}
        for candidate in self.asked:
            related = candidate.pk in line or any(one.pk == territory_id for one in _parents(candidate, self.known))
            if not related and self._match(candidate, facts) is not None and not self._outside_of(candidate, facts):
                return candidate.pk
        return None

    def _step(self, candidate: Candidate, facts: Facts) -> dict[str, Any]:
        place = self._match(candidate, facts)
        if place is None:
            return _entry(candidate, matched=False, code="no_match")
        if parent := self._outside_of(candidate, facts):
            return _entry(candidate, matched=False, code="parent", parent=parent.name)
        conditions = [dict(condition) for condition in candidate.rules[place]]
        return _entry(candidate, matched=True, code="matched", conditions=conditions)

    def _match(self, candidate: Candidate, facts: Facts) -> int | None:
        """The place of the first alternative of which every condition holds. An empty one never does."""
        for place, tests in enumerate(self._tests[candidate.pk]):
            if tests and all(test(facts) for test in tests):
                return place
        return None

    def _outside_of(self, candidate: Candidate, facts: Facts) -> Candidate | None:
        """The nearest parent that keeps the company out. A parent without rules only groups."""
        for parent in _parents(candidate, self.known):
            if parent.rules and self._match(parent, facts) is None:
                return parent
        return None


def explain(candidates: Iterable[Candidate], facts: Facts) -> Verdict:
    """Where a company belongs, and why; for many companies make one `Rulebook`."""
    return Rulebook(candidates).explain(facts)


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
    either, both = _("or"), _("and")
    return f" {either} ".join(f" {both} ".join(map(_condition_in_words, one)) for one in rules)


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


def _conditions(rules: Rules) -> int:
    return max((len(alternative) for alternative in rules), default=0)


def _tests_of(rules: Rules) -> list[list[Test]]:
    return [[_test_of(condition) for condition in alternative] for alternative in rules]


def _test_of(condition: Condition) -> Test:
    field, operator, values = condition["field"], condition["operator"], condition["values"]
    if operator == "gte":
        return lambda facts: facts.employees is not None and facts.employees >= values[0]
    if operator == "lte":
        return lambda facts: facts.employees is not None and facts.employees <= values[0]
    wanted = frozenset(map(sort_key, values)) - {""}
    if operator == "starts_with":
        beginnings = tuple(wanted)
        return lambda facts: facts.keys[field].startswith(beginnings)
    return lambda facts: facts.keys[field] in wanted
