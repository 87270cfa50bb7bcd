"""Activities through the API: planned, logged, changed, done, moved and dropped by the same actions as on pages."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from crm.lib.api.serializers import Strict
from crm.lib.api.versions import version_read, without_version
from crm.lib.text import MultiLine, SingleLine
from pipeline.activities import actions
from pipeline.activities.filters import ActivityFilter
from pipeline.activities.lines import known_subjects, state_of
from pipeline.activities.models import Activity, ActivityKind, CallOutcome
from pipeline.contacts.models import Company, Contact
from pipeline.deals.models import Deal
from teams.access import Permission
from teams.access.api import ReadOnlyResource
from teams.models import User

MOST_REMINDERS = 5
# Where an ordering needs a due date and an activity has none.
_LAST_INSTANT = parse_datetime("9999-12-31T00:00:00Z")


class Reached(serializers.PrimaryKeyRelatedField):
    """A record that the person may see; any other does not exist for her."""

    def __init__(self, model: Any = None, **options: Any) -> None:
        self.model = model
        super().__init__(queryset=model.objects.none() if model else None, **options)

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model.objects.live().reachable_by(self.context["request"].user)
        return rows


class ActivityOut(serializers.ModelSerializer):
    """A deal, company or contact that the person may not know is left out; `known` in the context are those she may."""

    state = serializers.SerializerMethodField()

    class Meta:
        model = Activity
        fields = [
            "id",
            "kind",
            "subject",
            "text",
            "state",
            "due_on",
            "due_at",
            "due_zone",
            "duration_minutes",
            "reminder_offsets",
            "assignee",
            "deal",
            "company",
            "contact",
            "outcome",
            "done_at",
            "done_by",
            "cancelled_at",
            "snoozed_until",
            "snooze_count",
            "created_at",
            "created_by",
            "changed_at",
            "version",
        ]

    def get_state(self, activity: Activity) -> str:
        """overdue, today, planned or missing (without a date) while open, else done or cancelled."""
        if activity.is_open:
            return state_of(activity, self.context.get("now") or timezone.now())
        return "done" if activity.done_at else "cancelled"

    def to_representation(self, activity: Activity) -> dict[str, Any]:
        shown = super().to_representation(activity)
        for name, pks in self.context["known"].items():
            shown[name] = shown[name] if shown[name] in pks else None
        return shown


class ActivityChange(Strict):
    """What a PATCH may set; nothing is required. Dates have their own verb, people too."""

    kind = serializers.ChoiceField(ActivityKind.choices, required=False)
    subject = serializers.CharField(max_length=200, required=False, validators=[SingleLine()])
    text = serializers.CharField(max_length=20000, required=False, allow_blank=True, validators=[MultiLine()])
    duration_minutes = serializers.IntegerField(min_value=0, max_value=100_000, required=False, allow_null=True)
    reminder_offsets = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=527_040), max_length=MOST_REMINDERS, required=False
    )
    deal = Reached(Deal, required=False, allow_null=True)
    company = Reached(Company, required=False, allow_null=True)
    contact = Reached(Contact, required=False, allow_null=True)


class Due(Strict):
    """A day or an instant, not both; neither is without a date."""

    due_on = serializers.DateField(required=False, allow_null=True)
    due_at = serializers.DateTimeField(required=False, allow_null=True)


class ActivityIn(ActivityChange, Due):
    """A planned activity, or with `done` one that took place."""

    subject = serializers.CharField(max_length=200, validators=[SingleLine()])
    kind = serializers.ChoiceField(ActivityKind.choices, default=ActivityKind.TASK)
    assignee = serializers.PrimaryKeyRelatedField(queryset=User.objects.active(), required=False)
    done = serializers.BooleanField(default=False)
    done_at = serializers.DateTimeField(required=False)
    outcome = serializers.ChoiceField(CallOutcome.choices, required=False, allow_blank=True)

    def validate(self, fields: dict[str, Any]) -> dict[str, Any]:
        unfit = {"due_on", "due_at", "assignee", "reminder_offsets"} if fields["done"] else {"done_at", "outcome"}
        if wrong := unfit & fields.keys():
            raise ValidationError({name: [_("This field does not fit the value of “done”.")] for name in sorted(wrong)})
        return fields


class Done(Strict):
    outcome = serializers.ChoiceField(CallOutcome.choices, required=False, allow_blank=True)
    text = serializers.CharField(max_length=20000, required=False, allow_blank=True, validators=[MultiLine()])


class Snooze(Strict):
    until = serializers.DateTimeField()


class NewAssignee(Strict):
    assignee = serializers.PrimaryKeyRelatedField(queryset=User.objects.active())


class Nothing(Strict):
    """A call that says all by its address."""


class ActivityResource(ReadOnlyResource):
    door = Permission.ACTIVITY_VIEW
    doors = {"create": Permission.ACTIVITY_EDIT}
    parameters = frozenset(ActivityFilter.base_filters)  # type: ignore[attr-defined]
    orderings = {
        "due": "due_or_last",
        "created_at": "created_at",
        "changed_at": "changed_at",
        "id": "pk",
    }
    serializer_class = ActivityOut

    def get_queryset(self) -> QuerySet[Any]:
        return Activity.objects.reachable_by(self.request.user)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "now": timezone.now()}

    def get_serializer(self, *rows: Any, **options: Any) -> Any:
        """One activity, or with `many` those of a page."""
        shown = rows[0] if options.get("many") and rows else rows
        known = known_subjects(shown, self.person) if shown else {}
        context = {**self.get_serializer_context(), "known": known}
        return super().get_serializer(*rows, **{"context": context, **options})

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.action != "list":
            return queryset
        given = {name: value for name, value in self.request.query_params.items() if name in self.parameters}
        given.pop("ordering", None)
        chosen = ActivityFilter(given, queryset, user=self.person)
        if chosen.errors:
            raise ValidationError(chosen.errors)
        return chosen.qs.annotate(due_or_last=Coalesce("late_at", Value(_LAST_INSTANT)))

    def create(self, request: Request) -> Response:
        fields = self.read(ActivityIn, request.data)
        write = actions.log if fields.pop("done") else actions.plan
        made = write(by=self.person, at=timezone.now(), **fields)
        answer = self._answer(made, status.HTTP_201_CREATED)
        answer["Location"] = f"{request.path}{made.pk}/"
        return answer

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._answer(self.get_object())

    def partial_update(self, request: Request, pk: str) -> Response:
        version = version_read(request)
        changes = self.read(ActivityChange, without_version(request))
        changed = actions.edit_activity(
            activity_id=int(pk), by=self.person, at=timezone.now(), version=version, changes=changes
        )
        return self._answer(changed)

    @extend_schema(request=Done)
    @action(detail=True, methods=["post"])
    def done(self, request: Request, pk: str) -> Response:
        return self._act(actions.complete, Done)

    @extend_schema(request=Due)
    @action(detail=True, methods=["post"])
    def reschedule(self, request: Request, pk: str) -> Response:
        return self._act(actions.reschedule, Due)

    @extend_schema(request=Snooze)
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, pk: str) -> Response:
        return self._act(actions.snooze, Snooze)

    @extend_schema(request=NewAssignee)
    @action(detail=True, methods=["post"])
    def reassign(self, request: Request, pk: str) -> Response:
        return self._act(actions.reassign_activity, NewAssignee)

    @extend_schema(request=Nothing)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        return self._act(actions.cancel, Nothing)

    @extend_schema(request=Nothing)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        return self._act(actions.reopen_activity, Nothing)

    def _act(self, act: Callable[..., Activity], shape: type[Strict]) -> Response:
        """Do with the activity of the address what the body says, from the version that was read."""
        version = version_read(self.request)
        fields = self.read(shape, without_version(self.request))
        pk = int(self.kwargs["pk"])
        return self._answer(act(activity_id=pk, by=self.person, at=timezone.now(), version=version, **fields))

    def _answer(self, activity: Activity, code: int = status.HTTP_200_OK) -> Response:
        answer = Response(self.get_serializer(activity).data, status=code)
        answer["ETag"] = f'"{activity.version}"'
        return answer
