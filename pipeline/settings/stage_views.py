"""Pipelines and their stages: /stages/."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.lib.repeats import once
from pipeline.deals.models import Deal
from pipeline.deals.stage_changes import archive_stage, edit_stage
from pipeline.settings.answering import Question, answer
from pipeline.settings.dialogs import FORM, edit, places
from pipeline.settings.stage_forms import ArchiveStageForm, NamesForm, NewPipelineForm, StageForm
from pipeline.stages import actions
from pipeline.stages.models import Pipeline, Stage
from teams.access import Permission
from teams.access.doors import door
from teams.access.http import SignedInRequest

ARCHIVE = "pipeline/settings/archive_dialog.html"


@dataclass(frozen=True)
class StageRow:
    stage: Stage
    open_deals: int
    is_first: bool
    is_last: bool

    @property
    def needs(self) -> str:
        """The names of the fields that entering asks for."""
        return ", ".join(str(Deal._meta.get_field(name).verbose_name) for name in self.stage.required_fields)  # type: ignore[union-attr]


@dataclass(frozen=True)
class PipelineRows:
    pipeline: Pipeline
    stages: list[StageRow]
    archived: list[Stage]
    is_first: bool
    is_last: bool


@require_safe
@door(Permission.STAGE_EDIT)
def stage_settings(request: SignedInRequest) -> HttpResponse:
    pipelines = list(Pipeline.objects.in_order())
    in_use = [pipeline for pipeline in pipelines if pipeline.archived_at is None]
    counts = dict(Deal.objects.open().order_by().values_list("stage_id").annotate(Count("pk")))
    by_pipeline: dict[int, list[Stage]] = {}
    for stage in Stage.objects.in_order():
        by_pipeline.setdefault(stage.pipeline_id, []).append(stage)
    context = {
        "pipelines": [
            _rows(pipeline, by_pipeline.get(pipeline.pk, []), counts, (in_use[0], in_use[-1])) for pipeline in in_use
        ],
        "archived_pipelines": [pipeline for pipeline in pipelines if pipeline.archived_at],
        "most_stages": actions.MOST_STAGES,
    }
    return render(request, "pipeline/settings/stages.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.STAGE_EDIT)
@once
def pipeline_add(request: SignedInRequest) -> HttpResponse:
    def save(values: dict[str, Any]) -> None:
        wanted = {name: values[name] for name in ("name", "name_de", "like") if name in values}
        actions.add_pipeline(by=request.user, **wanted)

    question = Question(FORM, NewPipelineForm, save, reverse("stage-settings"), _("Pipeline added"))
    return answer(request, question, title=_("Add pipeline"), submit=_("Add pipeline"))


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.STAGE_EDIT)
def pipeline_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    pipeline = get_object_or_404(Pipeline, pk=pk)
    action = partial(actions.edit_pipeline, by=request.user, pipeline_id=pk)
    return edit(request, pipeline, NamesForm, actions.PIPELINE_FIELDS, action, back=reverse("stage-settings"))


@require_POST
@door(Permission.STAGE_EDIT)
def pipeline_move(request: SignedInRequest, pk: int) -> HttpResponse:
    get_object_or_404(Pipeline, pk=pk)
    actions.move_pipeline(by=request.user, pipeline_id=pk, by_places=places(request))
    return redirect(f"{reverse('stage-settings')}#pipeline-{pk}")


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.STAGE_EDIT)
def pipeline_archive(request: SignedInRequest, pk: int) -> HttpResponse:
    pipeline = get_object_or_404(Pipeline, pk=pk)
    question = Question(
        ARCHIVE,
        forms.Form,
        lambda _values: actions.archive_pipeline(by=request.user, at=timezone.now(), pipeline_id=pk),
        reverse("stage-settings"),
        _("Archived"),
    )
    address = f"{reverse('deal-list')}?status=open&pipeline={pk}"
    return answer(request, question, title=pipeline.label, **_in_the_way(pipeline, address))


@require_POST
@door(Permission.STAGE_EDIT)
def pipeline_unarchive(request: SignedInRequest, pk: int) -> HttpResponse:
    get_object_or_404(Pipeline, pk=pk)
    actions.unarchive_pipeline(by=request.user, pipeline_id=pk)
    messages.success(request, _("Taken back into use"))
    return redirect("stage-settings")


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.STAGE_EDIT)
@once
def stage_add(request: SignedInRequest, pk: int) -> HttpResponse:
    pipeline = get_object_or_404(Pipeline, pk=pk)

    def save(values: dict[str, Any]) -> None:
        del values["version"]
        actions.add_stage(by=request.user, pipeline_id=pk, **values)

    question = Question(FORM, StageForm, save, reverse("stage-settings"), _("Stage added"))
    return answer(request, question, title=_("Add stage"), sub=pipeline.label, submit=_("Add stage"))


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.STAGE_EDIT)
def stage_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    stage = get_object_or_404(Stage.objects.select_related("pipeline"), pk=pk)
    action = partial(edit_stage, stage_id=pk, by=request.user, at=timezone.now())
    back, sub = reverse("stage-settings"), stage.pipeline.label
    return edit(request, stage, StageForm, actions.STAGE_FIELDS, action, back=back, sub=sub)


@require_POST
@door(Permission.STAGE_EDIT)
def stage_move(request: SignedInRequest, pk: int) -> HttpResponse:
    get_object_or_404(Stage, pk=pk)
    actions.move_stage(by=request.user, at=timezone.now(), stage_id=pk, by_places=places(request))
    return redirect(f"{reverse('stage-settings')}#stage-{pk}")


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.STAGE_EDIT)
def stage_archive(request: SignedInRequest, pk: int) -> HttpResponse:
    """Also while deals are in it, if it is said which stage takes them."""
    stage = get_object_or_404(Stage.objects.select_related("pipeline"), pk=pk)
    in_the_way = _in_the_way(stage, f"{reverse('deal-list')}?status=open&stage={pk}")

    def save(values: dict[str, Any]) -> None:
        archive_stage(stage_id=pk, by=request.user, at=timezone.now(), to=values.get("to"))

    question = Question(
        ARCHIVE,
        lambda data: ArchiveStageForm(data, stage=stage, open_deals=in_the_way["open_deals"]),
        save,
        reverse("stage-settings"),
        _("Deals moved, stage archived") if in_the_way["open_deals"] else _("Archived"),
    )
    return answer(request, question, title=stage.label, sub=stage.pipeline.label, **in_the_way)


@require_POST
@door(Permission.STAGE_EDIT)
def stage_unarchive(request: SignedInRequest, pk: int) -> HttpResponse:
    get_object_or_404(Stage, pk=pk)
    actions.unarchive_stage(by=request.user, stage_id=pk)
    messages.success(request, _("Taken back into use"))
    return redirect("stage-settings")


def _rows(
    pipeline: Pipeline, stages: list[Stage], counts: dict[int, int], ends: tuple[Pipeline, Pipeline]
) -> PipelineRows:
    in_use = [stage for stage in stages if stage.archived_at is None]
    return PipelineRows(
        pipeline,
        [StageRow(each, counts.get(each.pk, 0), each is in_use[0], each is in_use[-1]) for each in in_use],
        [stage for stage in stages if stage.archived_at],
        is_first=pipeline is ends[0],
        is_last=pipeline is ends[1],
    )


def _in_the_way(place: Pipeline | Stage, address: str) -> dict[str, Any]:
    return {"open_deals": actions.open_deals_of(place).count(), "deals_url": address}
