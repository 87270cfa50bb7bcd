"""Whatever people do in whatever order: the derived history equals a replay and adds up."""

import itertools
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from crm.lib.errors import Refused
from pipeline.deals import actions, history
from pipeline.models import CloseReason, Deal
from tests.factories import NOW, make_deal, make_pipeline, make_user, make_workspace

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["move1", "move2", "move3", "win", "lose", "reopen", "delete", "restore"]), st.integers(0, 40)
    ),
    max_size=8,
)


class TestHistory(TestCase):
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(steps=STEPS)
    def test_spells_are_contiguous_and_intervals_answer_every_instant(self, steps):
        make_workspace()
        make_pipeline()
        admin = make_user("admin")
        deal, at = make_deal(admin), NOW
        for verb, hours in steps:
            at += timedelta(hours=hours)
            self._do(verb, deal.pk, admin, at)
        deal = Deal.objects.get(pk=deal.pk)
        assert history.differences(deal.pk) == []
        intervals = list(deal.intervals.order_by("valid_from"))
        assert all(a.valid_to == b.valid_from for a, b in itertools.pairwise(intervals))
        assert intervals[-1].valid_to is None
        assert intervals[-1].status == deal.status
        spells = list(deal.spells.in_order())
        assert all(a.left_at <= b.entered_at for a, b in itertools.pairwise(spells))
        assert sum(spell.left_at is None for spell in spells) == int(deal.is_open and deal.deleted_at is None)

    def _do(self, verb, deal_id, by, at):
        arguments = {"deal_id": deal_id, "by": by, "at": at, "version": None}
        deal = Deal.objects.get(pk=deal_id)
        try:
            if verb.startswith("move"):
                stage = deal.pipeline.stages.get(position=int(verb[-1]))
                actions.move_to_stage(stage_id=stage.pk, note="as it happens", **arguments)
            elif verb == "lose":
                actions.lose(reason=CloseReason.objects.get(outcome="lost", code="not_recorded"), **arguments)
            elif verb == "reopen":
                actions.reopen(reason="changed their mind", **arguments)
            else:
                getattr(actions, verb)(**arguments)
        except Refused:
            assert Deal.objects.get(pk=deal_id).version == deal.version
