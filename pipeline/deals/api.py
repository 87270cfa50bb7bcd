"""Deals through the API: shapes in and out, one call of an action each."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from crm.lib.api.serializers import CustomFields, Money, Shown, Strict
from crm.lib.api.versions import version_read, without_version
from crm.lib.text import SingleLine
from pipeline.contacts.api import ReachableCompany, not_taken
from pipeline.deals import actions
from pipeline.deals.actions.opening import NO_RATE
from pipeline.deals.as_of import as_they_were
from pipeline.deals.filters import DealFilter
from pipeline.deals.models import Competitor, Deal, DealEvent, LeadSource, Product
from pipeline.deals.querysets import DealQuerySet, next_step_state
from pipeline.deals.states import ForecastCategory
from pipeline.stages.models import CloseReason, Pipeline, Stage
from teams.access import Permission
from teams.access.api import ReadOnlyResource
from teams.currencies.rates import can_convert
from teams.models import User

_TAGS = Deal.tags.through.objects
# A list in pages cannot be ordered by what a deal may lack: these stand for it.
_NEVER_EMPTY = {
    "value": ("value_or_nothing", Coalesce("value", Value(-1), output_field=Deal._meta.get_field("value"))),
    "expected_close_date": ("close_date_or_last", Coalesce("expected_close_date", Value(date(9999, 12, 31)))),
}


def as_shown(deals: DealQuerySet) -> DealQuerySet:
    """With all that `DealOut` prints, in one query."""
    tags = _TAGS.filter(deal=OuterRef("pk")).order_by("tag_id").values("tag_id")
    return deals.with_stalled(timezone.now()).annotate(tag_ids=ArraySubquery(tags))


def shown(deal: Any) -> Any:
    """A deal at hand with all that `DealOut` prints."""
    now = timezone.now()
    rows: Any = Deal.objects.filter(pk=deal.pk)
    past_limit = deal.is_open and deal.stalled_from <= now
    deal.is_stalled = past_limit and rows.with_stalled(now).get().is_stalled
    deal.tag_ids = list(_TAGS.filter(deal=deal.pk).order_by("tag_id").values_list("tag_id", flat=True))
    return deal


class DealOut(Shown):
    value = Money(allow_null=True)
    stalled = serializers.BooleanField(source="is_stalled")
    next_step_state = serializers.SerializerMethodField()
    tags = serializers.ListField(child=serializers.IntegerField(), source="tag_ids", read_only=True)

    class Meta:
        model = Deal
        fields = [
            "id",
            "name",
            "external_id",
            "company",
            "pipeline",
            "stage",
            "status",
            "value",
            "currency",
            "probability",
            "probability_overridden",
            "forecast_category",
            "source",
            "competitor",
            "tags",
            "need",
            "owner",
            "team",
            "territory",
            "expected_close_date",
            "close_reason",
            "close_note",
            "try_again_on",
            "created_at",
            "created_by",
            "changed_at",
            "closed_at",
            "stage_entered_at",
            "last_contact_at",
            "archived_at",
            "stalled",
            "next_step",
            "next_step_state",
            "next_step_subject",
            "next_step_kind",
            "next_step_due_on",
            "next_step_due_at",
            "custom_fields",
            "version",
        ]

    def get_next_step_state(self, deal: Any) -> str | None:
        return next_step_state(deal, timezone.now()) if deal.is_open else None


class Currency(serializers.RegexField):
    """A code of ISO 4217 that the workspace can convert."""

    def __init__(self, **options: Any) -> None:
        super().__init__(r"^[A-Z]{3}\Z", **options)

    def to_internal_value(self, data: Any) -> Any:
        code = super().to_internal_value(data)
        self.run_validators(code)
        if not can_convert(code):
            raise ValidationError(NO_RATE, code="currency")
        return code


class DealChange(Strict):
    """What a PATCH may set, and what a move may fill; nothing is required."""

    name = serializers.CharField(max_length=200, required=False)
    company = ReachableCompany(required=False, allow_null=True)
    value = Money(required=False, allow_null=True)
    currency = Currency(required=False)
    expected_close_date = serializers.DateField(required=False, allow_null=True)
    probability = serializers.IntegerField(min_value=1, max_value=99, required=False, allow_null=True)
    forecast_category = serializers.ChoiceField(ForecastCategory.choices, required=False)
    source = serializers.PrimaryKeyRelatedField(  # type: ignore[assignment]
        queryset=LeadSource.objects.all(), required=False, allow_null=True
    )
    competitor = serializers.PrimaryKeyRelatedField(queryset=Competitor.objects.all(), required=False, allow_null=True)
    need = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    custom_fields = CustomFields(required=False)


class DealIn(Strict):
    """What a new deal may start with."""

    name = serializers.CharField(max_length=200)
    external_id = serializers.CharField(max_length=120, required=False, allow_blank=True)
    pipeline = serializers.PrimaryKeyRelatedField(queryset=Pipeline.objects.in_use(), required=False)
    stage = serializers.PrimaryKeyRelatedField(
        queryset=Stage.objects.in_use().filter(pipeline__archived_at__isnull=True), required=False
    )
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.active(), required=False)
    company = ReachableCompany(required=False, allow_null=True)
    value = Money(required=False, allow_null=True)
    currency = Currency(required=False)
    expected_close_date = serializers.DateField(required=False, allow_null=True)
    probability = serializers.IntegerField(min_value=1, max_value=99, required=False, allow_null=True)
    source = serializers.PrimaryKeyRelatedField(  # type: ignore[assignment]
        queryset=LeadSource.objects.all(), required=False, allow_null=True
    )

    def validate_external_id(self, external_id: str) -> str:
        return not_taken(Deal, external_id, by=self.context["request"].user)


class Move(Strict):
    # The action looks for it, and holds what it finds.
    stage = serializers.IntegerField(min_value=1, max_value=models.BigIntegerField.MAX_BIGINT, source="stage_id")
    at = serializers.DateTimeField(required=False, source="occurred_at")
    fields = DealChange(required=False)  # type: ignore[assignment]
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, validators=[SingleLine()])


class Win(Strict):
    reason = serializers.PrimaryKeyRelatedField(queryset=CloseReason.objects.in_use(), required=False)
    value = Money(required=False, allow_null=True)
    at = serializers.DateTimeField(required=False, source="closed_at")
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, validators=[SingleLine()])


class Lose(Strict):
    reason = serializers.PrimaryKeyRelatedField(queryset=CloseReason.objects.in_use())
    competitor = serializers.PrimaryKeyRelatedField(queryset=Competitor.objects.all(), required=False)
    at = serializers.DateTimeField(required=False, source="closed_at")
    try_again_on = serializers.DateField(required=False, allow_null=True)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, validators=[SingleLine()])


class Reason(Strict):
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, validators=[SingleLine()])


class NewOwner(Strict):
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.active())


class Nothing(Strict):
    """A call that says all by its address."""


class EventOut(Shown):
    class Meta:
        model = DealEvent
        fields = [
            "id",
            "kind",
            "occurred_at",
            "recorded_at",
            "actor",
            "source",
            "changes",
            "note",
            "corrects",
            "version",
        ]


class DealResource(ReadOnlyResource):
    door = Permission.DEAL_VIEW
    # Verbs are for whoever sees the deal; the actions know who may and say so.
    doors = {"create": Permission.DEAL_ADD}
    parameters = frozenset(DealFilter.base_filters)  # type: ignore[attr-defined]
    orderings = {
        "created_at": "created_at",
        "changed_at": "changed_at",
        "name": "sort_key",
        "value": "value_or_nothing",
        "expected_close_date": "close_date_or_last",
        "id": "pk",
    }
    serializer_class = DealOut
    # The instant whose state a list asks for; None is now.
    instant: datetime | None = None

    def get_queryset(self) -> QuerySet[Any]:
        return as_shown(Deal.objects.live().reachable_by(self.request.user, Permission.DEAL_VIEW))

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.action != "list":
            return queryset
        given = {name: value for name, value in self.request.query_params.items() if name in self.parameters}
        given.pop("ordering", None)
        if given:
            chosen = DealFilter(given, queryset, request=self.request)
            if chosen.errors:
                raise ValidationError(chosen.errors)
            self.instant, queryset = chosen.instant, chosen.qs
        ordering = self.request.query_params.get("ordering", "").removeprefix("-")
        return queryset.annotate(**dict([_NEVER_EMPTY[ordering]])) if ordering in _NEVER_EMPTY else queryset

    def paginate_queryset(self, queryset: Any) -> list[Any] | None:
        """A page of deals; as they were, where the address asks for an instant."""
        page = super().paginate_queryset(queryset)
        return as_they_were(page, self.instant) if page and self.action == "list" else page

    def create(self, request: Request) -> Response:
        fields = self.read(DealIn, request.data)
        deal = actions.open_deal(by=self.person, at=timezone.now(), event_source="api", **fields)
        answer = self._answer(shown(deal), status.HTTP_201_CREATED)
        answer["Location"] = f"{request.path}{deal.pk}/"
        return answer

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._answer(self.get_object())

    def partial_update(self, request: Request, pk: str) -> Response:
        version = version_read(request)
        changes = self.read(DealChange, without_version(request))
        deal = actions.edit_deal(
            deal_id=int(pk), by=self.person, at=timezone.now(), version=version, changes=changes, event_source="api"
        )
        return self._answer(shown(deal))

    def destroy(self, request: Request, pk: str) -> Response:
        self._act(actions.delete, Reason)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=Move)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        return self._act(actions.move_to_stage, Move, event_source="api")

    @extend_schema(request=Win)
    @action(detail=True, methods=["post"])
    def win(self, request: Request, pk: str) -> Response:
        return self._act(actions.win, Win, event_source="api")

    @extend_schema(request=Lose)
    @action(detail=True, methods=["post"])
    def lose(self, request: Request, pk: str) -> Response:
        return self._act(actions.lose, Lose, event_source="api")

    @extend_schema(request=Reason)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        return self._act(actions.reopen, Reason)

    @extend_schema(request=NewOwner)
    @action(detail=True, methods=["post"])
    def reassign(self, request: Request, pk: str) -> Response:
        return self._act(actions.reassign, NewOwner)

    @extend_schema(request=Nothing)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        return self._act(actions.restore, Nothing)

    @extend_schema(responses=EventOut(many=True))
    @action(detail=True, methods=["get"], orderings={"occurred_at": "occurred_at"})
    def events(self, request: Request, pk: str) -> Response:
        """What happened to the deal, in order."""
        page = self.paginate_queryset(self.get_object().events.all())
        return self.get_paginated_response(EventOut(page, many=True).data)

    def _act(self, act: Callable[..., Deal], shape: type[Strict], **more: Any) -> Response:
        """Do with the deal of the address what the body says, from the version that was read."""
        version = version_read(self.request)
        fields = self.read(shape, without_version(self.request))
        deal = act(deal_id=int(self.kwargs["pk"]), by=self.person, at=timezone.now(), version=version, **fields, **more)
        return self._answer(shown(deal))

    def _answer(self, deal: Deal, code: int = status.HTTP_200_OK) -> Response:
        """The deal as it is now; who has just handed it over sees it once more."""
        answer = Response(DealOut(deal).data, status=code)
        answer["ETag"] = f'"{deal.version}"'
        return answer


class ProductOut(Shown):
    list_price = Money(allow_null=True)

    class Meta:
        model = Product
        fields = ["id", "name", "name_de", "series", "list_price", "external_id", "archived_at"]


class ProductResource(ReadOnlyResource):
    door = Permission.STAGE_VIEW
    serializer_class = ProductOut

    def get_queryset(self) -> QuerySet[Any]:
        return Product.objects.all()
