"""Changing pipelines and their stages. Nothing is ever deleted: deals and their history refer to it.

A stage with another probability or limit is changed through `pipeline.deals.stage_changes`: its deals follow.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.lib.errors import Forbidden, Refused
from crm.lib.fields import only_known
from crm.lib.locking import held
from crm.lib.memo import forget
from crm.lib.ordering import strictly_rising
from crm.notifications.live import publish_change
from pipeline.stages.models import FormerPosition, Pipeline, Stage
from teams.access import Permission, holds, who_may
from teams.audit.merging import change, validate
from teams.audit.record import record
from teams.models import User

PIPELINE_FIELDS = ("name", "name_de")
STAGE_FIELDS = ("name", "name_de", "probability", "stalled_after_days", "required_fields")
# Deal fields that a stage may ask for; its entrance offers an input for each.
REQUIRABLE = ("value", "expected_close_date", "need")
MOST_STAGES = 20
# What the first pipeline begins with: English and German name, probability in percent, stalled after days.
USUAL_STAGES = (
    ("Qualify", "Qualifizierung", 10, 7),
    ("Discovery", "Bedarfsanalyse", 25, 14),
    ("Solution fit", "Lösungsabgleich", 40, 14),
    ("Proposal", "Angebot", 60, 8),
    ("Negotiation", "Verhandlung", 80, 7),
)


@transaction.atomic
def add_pipeline(*, by: User, name: str, like: Pipeline | None = None, name_de: str = "") -> Pipeline:
    """A new pipeline at the end, with copies of the stages that another one uses, without one with the usual stages."""
    must_edit_stages(by)
    pipeline = Pipeline(name=name, name_de=name_de, position=next_position(Pipeline.objects.all()))
    validate(pipeline, dict.fromkeys(PIPELINE_FIELDS))
    pipeline.save()
    stages = _usual_stages() if like is None else Stage.objects.in_use().filter(pipeline=like).in_order()
    for position, stage in enumerate(stages, start=1):
        copied = {name: getattr(stage, name) for name in STAGE_FIELDS}
        Stage.objects.create(pipeline=pipeline, position=position, **copied)
    forget()
    record("pipeline.added", by=by, subject=pipeline, changes={} if like is None else {"stages_of": [None, like.name]})
    return pipeline


def _usual_stages() -> list[Stage]:
    return [
        Stage(name=name, name_de=name_de, probability=probability, stalled_after_days=days)
        for name, name_de, probability, days in USUAL_STAGES
    ]


@transaction.atomic
def edit_pipeline(*, by: User, pipeline_id: int, version: int | None, changes: Mapping[str, Any]) -> Pipeline:
    pipeline = _locked_pipeline(pipeline_id, by)
    change(pipeline, only_known(changes, PIPELINE_FIELDS), action="pipeline.edited", by=by, version=version)
    return pipeline


@transaction.atomic
def move_pipeline(*, by: User, pipeline_id: int, by_places: int) -> Pipeline:
    """Move a pipeline up (-1) or down (1) among those in use."""
    pipeline = _locked_pipeline(pipeline_id, by)
    if exchange(Pipeline.objects.in_use().in_order().select_for_update(), pipeline, by_places):
        record("pipeline.moved", by=by, subject=pipeline)
    return pipeline


@transaction.atomic
def archive_pipeline(*, by: User, at: datetime, pipeline_id: int) -> Pipeline:
    """Offer a pipeline no longer. Refused while it holds open deals, and for the last one."""
    # All of them: of two that are archived at once, the second waits. With the stages go the deals that enter them.
    list(Pipeline.objects.order_by("pk").select_for_update(no_key=True))
    list(Stage.objects.filter(pipeline=pipeline_id).order_by("pk").select_for_update(no_key=True))
    pipeline = _locked_pipeline(pipeline_id, by)
    if pipeline.archived_at:
        return pipeline
    if not Pipeline.objects.in_use().exclude(pk=pipeline.pk).exists():
        raise Refused(_("This is the only pipeline. Add another one first."), code="last_pipeline")
    _must_be_without_open_deals(pipeline)
    change(pipeline, {"archived_at": at}, action="pipeline.archived", by=by)
    return pipeline


@transaction.atomic
def unarchive_pipeline(*, by: User, pipeline_id: int) -> Pipeline:
    pipeline = _locked_pipeline(pipeline_id, by)
    change(pipeline, {"archived_at": None}, action="pipeline.unarchived", by=by)
    return pipeline


@transaction.atomic
def add_stage(*, by: User, pipeline_id: int, **fields: Any) -> Stage:
    """A new stage at the end of a pipeline."""
    pipeline = _locked_pipeline(pipeline_id, by)
    known = only_known(fields, STAGE_FIELDS)
    stages = Stage.objects.filter(pipeline=pipeline)
    if stages.in_use().count() >= MOST_STAGES:
        message = _("A pipeline has at most %(number)s stages. Archive one first.")
        raise Refused(message % {"number": MOST_STAGES}, code="too_many")
    stage = Stage(pipeline=pipeline, position=next_position(stages), **known)
    _must_be_requirable(stage)
    validate(stage, known)
    stage.save()
    forget()
    record("stage.added", by=by, subject=stage, changes={"pipeline": [None, pipeline.name]})
    return stage


@transaction.atomic
def edit_stage(
    *, by: User, stage_id: int, version: int | None, changes: Mapping[str, Any]
) -> tuple[Stage, dict[str, list[Any]]]:
    """Change fields of `STAGE_FIELDS`; answers what really changed. Raises Conflict and Refused."""
    stage = locked_stage(stage_id, by)
    changed = change(stage, only_known(changes, STAGE_FIELDS), action="stage.edited", by=by, version=version)
    _must_be_requirable(stage)
    return stage, changed


@transaction.atomic
def move_stage(*, by: User, at: datetime, stage_id: int, by_places: int) -> Stage:
    """Move a stage up (-1) or down (1) among those in use of its pipeline. Earlier moves of deals keep their way."""
    stage = locked_stage(stage_id, by)
    stages = Stage.objects.in_use().filter(pipeline=stage.pipeline).in_order()
    before = dict(stages.values_list("pk", "position"))
    if exchange(stages, stage, by_places):
        moved = (each for each in stages.all() if each.position != before[each.pk])
        FormerPosition.objects.bulk_create(
            FormerPosition(stage=each, position=before[each.pk], until=at) for each in moved
        )
        forget()
        record("stage.moved", by=by, subject=stage)
    return stage


@transaction.atomic
def archive_stage(*, by: User, at: datetime, stage_id: int) -> Stage:
    """Offer a stage no longer. Refused while open deals stand in it, and for the last one of its pipeline."""
    stage = locked_stage(stage_id, by)
    if stage.archived_at:
        return stage
    if not Stage.objects.in_use().filter(pipeline=stage.pipeline).exclude(pk=stage.pk).exists():
        raise Refused(_("This is the only stage of the pipeline. Add another one first."), code="last_stage")
    _must_be_without_open_deals(stage)
    change(stage, {"archived_at": at}, action="stage.archived", by=by)
    return stage


@transaction.atomic
def unarchive_stage(*, by: User, stage_id: int) -> Stage:
    stage = locked_stage(stage_id, by)
    change(stage, {"archived_at": None}, action="stage.unarchived", by=by)
    return stage


def must_edit_stages(by: User) -> None:
    if not holds(by, Permission.STAGE_EDIT):
        raise Forbidden(who_may(Permission.STAGE_EDIT))


def locked_stage(stage_id: int, by: User) -> Stage:
    """The stage, behind the lock of its pipeline: whoever changes the order waits there, deals that enter it here."""
    must_edit_stages(by)
    _locked_pipeline(Stage.objects.only("pipeline_id").get(pk=stage_id).pipeline_id, by)
    stage: Stage = Stage.objects.select_related("pipeline").select_for_update(of=("self",)).get(pk=stage_id)
    return stage


def held_stage(stage_id: int) -> Stage | None:
    """A stage that a deal is about to enter: nobody archives or changes it, or archives its pipeline, meanwhile.

    To be held before the deal, in the order of those who change stages; `must_take_deals` says whether it may be
    entered, which is for those to know who may move the deal.
    """
    return next(iter(held(Stage.objects.filter(pk=stage_id))), None)


def must_take_deals(stage: Stage | None) -> Stage:
    """The stage. Raises Refused for one that is archived or does not exist."""
    if stage is None:
        raise Refused(_("This stage does not exist. Choose another one."), code="unknown_stage", field="stage")
    if stage.archived_at is not None:
        raise Refused(_("This stage is archived. Choose another one."), code="archived_stage", field="stage")
    return stage


def must_be_in_use(pipeline: Pipeline) -> None:
    """Raises Refused for an archived pipeline. With one of its stages held, it stays in use."""
    if pipeline.archived_at is not None:
        message = _("The pipeline “%(name)s” is archived. An admin can put it back.")
        raise Refused(message % {"name": pipeline.label}, code="archived_pipeline")


def stage_to_return_to(stage: Stage) -> Stage:
    """Where a deal goes on that left its pipeline in this stage: there, or where that is archived, in the one before.

    The first of the pipeline where there is none before. The answer is held. Raises Refused for an archived pipeline.
    """
    stages = Stage.objects.in_use().filter(pipeline=stage.pipeline_id).order_by("position")
    nearest = stages.filter(position__lte=stage.position).last() or stages.first() or stage
    # Held, and read anew with its pipeline: both may have been archived while one waited.
    found = must_take_deals(held_stage(nearest.pk))
    must_be_in_use(found.pipeline)
    return found


def open_deals_of(place: Pipeline | Stage) -> Any:
    """The open deals that stand in a stage or pipeline, archived ones included."""
    related: Any = place
    return related.deals.open()


def exchange(rows: QuerySet[Any], row: Any, by_places: int) -> bool:
    """Let a row of these, which are in order, change places with its neighbour; False at the ends or if it is none."""
    ordered = list(rows)
    here = ordered.index(row) if row in ordered else -1
    there = here + by_places
    if here < 0 or not 0 <= there < len(ordered):
        return False
    positions = strictly_rising(each.position for each in ordered)
    ordered[here], ordered[there] = ordered[there], ordered[here]
    for each, position in zip(ordered, positions, strict=True):
        type(each).objects.filter(pk=each.pk).update(position=position)
    return True


def next_position(rows: QuerySet[Any]) -> int:
    """The place after all of these."""
    last = rows.aggregate(last=Max("position"))["last"]
    return 1 if last is None else last + 1


def _must_be_without_open_deals(place: Pipeline | Stage) -> None:
    count = open_deals_of(place).count()
    if count:
        message = ngettext(
            "%(count)s open deal is in “%(name)s”. Move or close it first.",
            "%(count)s open deals are in “%(name)s”. Move or close them first.",
            count,
        )
        raise Refused(message % {"count": count, "name": place.label}, code="has_open_deals")


def _must_be_requirable(stage: Stage) -> None:
    if not set(stage.required_fields) <= set(REQUIRABLE):
        raise Refused(_("A stage cannot ask for this field."), code="invalid", field="required_fields")


def _locked_pipeline(pipeline_id: int, by: User) -> Pipeline:
    must_edit_stages(by)
    pipeline: Pipeline = Pipeline.objects.select_for_update(no_key=True).get(pk=pipeline_id)
    publish_change("deal")  # whoever comes here changes what boards show
    return pipeline
