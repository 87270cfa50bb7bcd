"""Two people at the same plan at the same time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from crm.lib.errors import Conflict
from teams.models import Quota
from teams.quotas.actions import QuotaChange, set_quotas
from tests.factories import NOW, make_user

pytestmark = pytest.mark.django_db(transaction=True)

MONTHS = [date(2026, month, 1) for month in range(1, 13)]


def together(*calls):
    """What each call returned or raised, all begun at once."""

    def run(call):
        try:
            return call()
        except Conflict as conflict:
            return conflict
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def test_an_empty_cell_is_filled_by_one_of_many(admin, manager, rep):
    def fill(by, amount):
        change = QuotaChange(rep, MONTHS[0], Decimal(amount), 0)
        return lambda: set_quotas(by=by, at=NOW, changes=[change])

    outcomes = together(*(fill(by, amount) for amount in range(1, 5) for by in (admin, manager)))
    winner = Quota.objects.get()
    assert outcomes.count(1) == 1
    assert winner.version == 1
    # Who wanted the amount that stands writes nothing; everybody else is told.
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 6


def test_plans_saved_in_opposite_order_do_not_wait_for_each_other_for_ever(admin, manager, team):
    people = [make_user(team=team) for _ in range(5)]

    def save(by, order, amount):
        changes = [QuotaChange(person, month, Decimal(amount)) for person in order for month in MONTHS]
        return lambda: set_quotas(by=by, at=NOW, changes=changes)

    outcomes = together(save(admin, people, 1), save(manager, people[::-1], 2), save(admin, people[2:], 3))
    assert all(isinstance(outcome, int) for outcome in outcomes)
    current = Quota.objects.current()
    assert current.count() == 60
    assert len(set(current.filter(user__in=people[2:]).values_list("amount", flat=True))) == 1
