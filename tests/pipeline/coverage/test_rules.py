"""Rules of territories are pure: same facts, same verdict, and blanks never match."""

from itertools import product

import pytest

from pipeline.coverage.rules import VOCABULARY, Candidate, Facts, NotARule, Rulebook, check, explain, holds, in_words

GERMANY = [[{"field": "country", "operator": "in", "values": ["DE"]}]]
LARGE = [[{"field": "employees", "operator": "gte", "values": [250]}]]
SOUTH = [[{"field": "postal_code", "operator": "starts_with", "values": ["7", "8"]}]]

DACH = Candidate(1, "Germany", 50, GERMANY)
SOUTHERN = Candidate(2, "South", 10, SOUTH, parent_id=1)
BIG = Candidate(3, "Large", 20, LARGE)
REST = Candidate(9, "Rest", 1, [], is_catch_all=True)


def test_a_blank_fact_matches_no_condition():
    for field, operators in VOCABULARY.items():
        for operator, values in product(operators, ([0], [10**9]) if field == "employees" else ([""], ["x"])):
            assert not holds({"field": field, "operator": operator, "values": values}, Facts())


@pytest.mark.parametrize(
    ("facts", "territory"),
    [
        (Facts(country="DE", postal_code="80331"), 2),
        (Facts(country="de", postal_code="10115", employees=250), 3),
        (Facts(country="DE", postal_code="10115", employees=249), 1),
        (Facts(country="US", postal_code="80202"), 9),
        (Facts(), 9),
    ],
)
def test_the_first_match_by_priority_wins_and_a_child_needs_its_parent(facts, territory):
    verdict = explain([DACH, SOUTHERN, BIG, REST], facts)
    assert verdict.territory_id == territory
    assert verdict.by_catch_all == (territory == 9)
    assert [step["matched"] for step in verdict.trail] == [False] * (len(verdict.trail) - 1) + [True]


def test_the_order_of_the_territories_changes_nothing():
    facts = Facts(country="DE", postal_code="80331", employees=900)
    assert explain([REST, BIG, SOUTHERN, DACH], facts) == explain([DACH, SOUTHERN, BIG, REST], facts)


def test_without_a_catch_all_nobody_gets_what_nothing_matches():
    assert explain([DACH], Facts(country="FR")).territory_id is None


def test_of_equal_priorities_the_more_specific_rule_is_asked_first():
    specific = Candidate(7, "Large in Germany", 50, [[GERMANY[0][0], LARGE[0][0]]])
    older = Candidate(6, "Large", 50, LARGE)
    facts = Facts(country="DE", employees=900)
    assert explain([older, specific], facts).territory_id == 7
    assert explain([older, Candidate(5, "Older", 50, LARGE)], facts).territory_id == 5


def test_the_quick_answer_and_the_explained_one_are_the_same():
    book = Rulebook([DACH, SOUTHERN, BIG, REST])
    for country, code, size in product(("DE", "FR", ""), ("80331", "10115", ""), (None, 10, 900)):
        facts = Facts(country=country, postal_code=code, employees=size)
        assert book.territory_of(facts) == book.explain(facts).territory_id


def test_a_rival_claims_the_same_company_from_another_branch():
    book = Rulebook([DACH, SOUTHERN, BIG, REST])
    assert book.rival_of(2, Facts(country="DE", postal_code="80331", employees=900)) == 3
    assert book.rival_of(2, Facts(country="DE", postal_code="80331", employees=9)) is None
    assert book.rival_of(1, Facts(country="DE", postal_code="10115", employees=9)) is None


def test_a_ring_of_parents_ends():
    ring = [Candidate(1, "A", 1, GERMANY, parent_id=2), Candidate(2, "B", 2, GERMANY, parent_id=1)]
    assert explain(ring, Facts(country="DE")).territory_id == 1


def test_a_rule_reads_as_a_sentence():
    assert in_words([[GERMANY[0][0], LARGE[0][0]]]) == "Country = DE and Employees ≥ 250"


@pytest.mark.parametrize(
    "rules",
    [
        {},
        [[]],
        [[{"field": "revenue", "operator": "gte", "values": [1]}]],
        [[{"field": "country", "operator": "gte", "values": ["DE"]}]],
        [[{"field": "employees", "operator": "gte", "values": ["250"]}]],
        [[{"field": "country", "operator": "in", "values": []}]],
    ],
)
def test_data_outside_the_vocabulary_is_no_rule(rules):
    with pytest.raises(NotARule):
        check(rules)
