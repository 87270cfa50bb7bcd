"""Pipelines, stages and reasons in the order people know them."""

from typing import Self

from django.db import models


class PipelineQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def in_use(self) -> Self:
        return self.filter(archived_at__isnull=True)

    def in_order(self) -> Self:
        return self.order_by("position", "pk")


class StageQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def in_use(self) -> Self:
        return self.filter(archived_at__isnull=True)

    def in_order(self) -> Self:
        return self.order_by("pipeline__position", "pipeline_id", "position", "pk")


class ReasonQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def in_use(self) -> Self:
        return self.filter(archived_at__isnull=True)

    def offered(self, outcome: str) -> Self:
        """What a person may choose from; "Not recorded" is for imports only."""
        return self.in_use().filter(outcome=outcome).exclude(code="not_recorded").order_by("position", "pk")
