"""What is usual for a stage and a pipeline, from won deals and nothing else."""

from datetime import timedelta

import pytest

from pipeline.deals import actions
from pipeline.models import StageBenchmark
from pipeline.tasks import renew_benchmarks
from tests.factories import NOW, make_deal, make_reason, make_user

pytestmark = pytest.mark.django_db


def go_through(pipeline, admin, *days, end="win"):
    """A deal that stays some days in each stage of its way and then ends."""
    at = NOW - timedelta(days=100)
    stages = list(pipeline.stages.order_by("position"))
    deal = make_deal(admin, at=at, pipeline=pipeline)
    for stage, stay in zip(stages, days, strict=False):
        if stage != stages[0]:
            actions.move_to_stage(deal_id=deal.pk, stage_id=stage.pk, by=admin, at=at, version=None)
        at += timedelta(days=stay)
    known = {"deal_id": deal.pk, "by": admin, "at": at, "version": None}
    if end == "win":
        actions.win(**known)
    elif end == "lose":
        actions.lose(reason=make_reason("lost"), **known)


def test_medians_of_won_deals(workspace, pipeline):
    admin = make_user("admin")
    for days in ((2, 4), (4, 8), (9, 30)):
        go_through(pipeline, admin, *days)
    go_through(pipeline, admin, 90, 1, end="lose")
    go_through(pipeline, admin, 50, end="")
    renew_benchmarks()
    renew_benchmarks()
    found = {one.stage.position: one for one in StageBenchmark.objects.select_related("stage")}
    assert (found[1].deals, found[1].median_days, found[1].p75_days) == (3, 4, 6.5)
    assert (found[2].deals, found[2].median_days, found[2].p75_days) == (3, 8, 19)
    assert (found[3].deals, found[3].median_days) == (0, None)
    pipeline.refresh_from_db()
    assert pipeline.usual_cycle_days == 12


def test_stays_in_a_stage_add_up(workspace, pipeline):
    admin = make_user("admin")
    first, second = pipeline.stages.order_by("position")[:2]
    start = NOW - timedelta(days=10)
    deal = make_deal(admin, at=start, pipeline=pipeline)
    for day, stage in ((1, second), (3, first), (6, second)):
        actions.move_to_stage(
            deal_id=deal.pk, stage_id=stage.pk, by=admin, at=start + timedelta(days=day), version=None
        )
    actions.win(deal_id=deal.pk, by=admin, at=NOW, version=None)
    renew_benchmarks()
    assert first.benchmark.median_days == pytest.approx(4)
    assert second.benchmark.median_days == pytest.approx(6)


def test_nothing_won_is_nothing_usual(workspace, pipeline):
    renew_benchmarks()
    pipeline.refresh_from_db()
    assert pipeline.usual_cycle_days is None
