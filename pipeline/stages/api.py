"""Pipelines, stages and close reasons, to read."""

from typing import Any

from django.db.models import QuerySet

from crm.lib.api.serializers import Shown
from pipeline.stages.models import CloseReason, Pipeline, Stage
from teams.access.api import ReadOnlyResource
from teams.access.permissions import Permission


class PipelineOut(Shown):
    class Meta:
        model = Pipeline
        fields = ["id", "name", "name_de", "position", "usual_cycle_days", "archived_at", "version"]


class StageOut(Shown):
    class Meta:
        model = Stage
        fields = [
            "id",
            "pipeline",
            "name",
            "name_de",
            "position",
            "probability",
            "stalled_after_days",
            "required_fields",
            "archived_at",
            "version",
        ]


class CloseReasonOut(Shown):
    class Meta:
        model = CloseReason
        fields = [
            "id",
            "outcome",
            "name",
            "name_de",
            "code",
            "counts_in_win_rate",
            "needs_competitor",
            "position",
            "archived_at",
            "version",
        ]


class PipelineResource(ReadOnlyResource):
    door = Permission.STAGE_VIEW
    serializer_class = PipelineOut

    def get_queryset(self) -> QuerySet[Any]:
        return Pipeline.objects.all()


class StageResource(ReadOnlyResource):
    door = Permission.STAGE_VIEW
    serializer_class = StageOut

    def get_queryset(self) -> QuerySet[Any]:
        return Stage.objects.all()


class CloseReasonResource(ReadOnlyResource):
    door = Permission.STAGE_VIEW
    serializer_class = CloseReasonOut

    def get_queryset(self) -> QuerySet[Any]:
        return CloseReason.objects.all()
