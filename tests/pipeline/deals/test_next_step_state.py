"""The state of the next step is the same in a query and for a deal at hand."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from pipeline.deals.querysets import next_step_state
from pipeline.models import Deal
from tests import factories

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
instants = st.one_of(st.none(), st.integers(-2, 2).map(lambda hours: NOW + timedelta(hours=hours)))


class TestStates(TestCase):
    @settings(max_examples=60, deadline=None)
    @given(late_at=instants, today_from=instants)
    def test_agrees(self, late_at, today_from):
        deal = factories.make_deal(factories.make_user("rep"), at=NOW - timedelta(days=1))
        Deal.objects.filter(pk=deal.pk).update(next_step_late_at=late_at, next_step_today_from=today_from)
        row = Deal.objects.with_next_step_state(NOW).get(pk=deal.pk)
        assert next_step_state(row, NOW) == row.next_step_state


@pytest.mark.django_db
def test_without_a_next_step(rep, pipeline):
    assert next_step_state(factories.make_deal(rep, at=NOW), NOW) == "missing"
