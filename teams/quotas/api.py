"""Quotas to read, and to set many at once."""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from crm.lib.api.serializers import Money, Shown, Strict
from teams.access import Permission
from teams.access.api import ReadOnlyResource
from teams.people.models import Team, User
from teams.quotas.actions import MOST_CHANGES, QuotaChange, Subject, set_quotas
from teams.quotas.models import Quota


class QuotaOut(Shown):
    amount = Money(allow_null=True)

    class Meta:
        model = Quota
        fields = [
            "id",
            "user",
            "team",
            "territory",
            "metric",
            "month",
            "amount",
            "currency",
            "status",
            "version",
            "set_by",
            "set_at",
            "note",
        ]


class QuotaIn(Strict):
    """One cell: of a person or a team, by the first day of its month; `amount` null takes the quota away.

    `version` is that of the quota that was read, 0 where there was none.
    """

    user = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    team = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    month = serializers.DateField()
    amount = Money(allow_null=True)
    version = serializers.IntegerField(min_value=0, max_value=2**31 - 1)

    def validate_month(self, month: date) -> date:
        if month.day != 1:
            raise ValidationError(_("Name the month by its first day."))
        return month

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("user" in attrs) == ("team" in attrs):
            raise ValidationError({"user": [ErrorDetail(_("Name either a user or a team."), code="subject")]})
        return attrs


class QuotasIn(Strict):
    quotas = QuotaIn(many=True, allow_empty=False, max_length=MOST_CHANGES)  # type: ignore[call-arg]
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class QuotasOut(serializers.Serializer):
    """How many were changed, and how all that were named stand now."""

    changed = serializers.IntegerField()
    quotas = QuotaOut(many=True)


class QuotaResource(ReadOnlyResource):
    """Current quotas; of other people and teams only within reach, of territories and the company with all of it."""

    door = Permission.QUOTA_VIEW
    doors = {"create": Permission.QUOTA_SET}
    serializer_class = QuotaOut

    def get_queryset(self) -> QuerySet[Any]:
        return Quota.objects.current().reachable_by(self.person)

    @extend_schema(request=QuotasIn, responses=QuotasOut)
    def create(self, request: Request) -> Response:
        """Sets all of them or none."""
        body = self.read(QuotasIn, request.data)
        changes = _changes(body["quotas"])
        changed = set_quotas(by=self.person, at=timezone.now(), changes=changes, note=body["note"])
        answer = {"changed": changed, "quotas": list(_standing(self.get_queryset(), changes))}
        return Response(QuotasOut(answer).data)


def _changes(cells: list[dict[str, Any]]) -> list[QuotaChange]:
    people = _found(User, {cell["user"] for cell in cells if "user" in cell})
    teams = _found(Team, {cell["team"] for cell in cells if "team" in cell})
    return [
        QuotaChange(
            people[cell["user"]] if "user" in cell else teams[cell["team"]],
            cell["month"],
            cell["amount"],
            cell["version"],
        )
        for cell in cells
    ]


def _found(model: type[Any], keys: set[int]) -> dict[int, Subject]:
    """The rows by id; the model's DoesNotExist unless all are there."""
    rows: dict[int, Subject] = model.objects.in_bulk(keys)
    if len(rows) < len(keys):
        raise model.DoesNotExist
    return rows


def _standing(rows: Any, changes: list[QuotaChange]) -> QuerySet[Any]:
    people = {change.subject.pk for change in changes if isinstance(change.subject, User)}
    teams = {change.subject.pk for change in changes if isinstance(change.subject, Team)}
    months = {change.month for change in changes}
    named: QuerySet[Any] = rows.of_won_value().filter(Q(user__in=people) | Q(team__in=teams), month__in=months)
    return named.order_by("month", "pk")
