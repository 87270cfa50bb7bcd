"""Contacts through the API, and the shapes of companies; their resource is in `pipeline.work`."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from phonenumber_field.serializerfields import PhoneNumberField
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from crm.lib.api.serializers import CustomFields, Money, Strict
from crm.lib.api.versions import version_read, without_version
from crm.lib.text import SingleLine
from pipeline.contacts import actions
from pipeline.contacts.filters import ContactFilter, RecordFilter
from pipeline.contacts.models import Company, Contact
from teams.access import Permission
from teams.access.api import ReadOnlyResource
from teams.models import User

_BIGGEST_INTEGER = 2**31 - 1


@extend_schema_field(OpenApiTypes.INT)
class ReachableCompany(serializers.PrimaryKeyRelatedField):
    """A company that the person may see; any other does not exist for her."""

    def get_queryset(self) -> QuerySet[Any]:
        return Company.objects.live().reachable_by(self.context["request"].user)


class KnownCompany(serializers.IntegerField):
    """The id of a company, null for one that the reader may not know. `companies` of the context are those she may."""

    def to_representation(self, value: int) -> int | None:  # type: ignore[override]
        return value if value in self.context["companies"] else None


class CompanyOut(serializers.ModelSerializer):
    revenue = Money(max_digits=16, allow_null=True)
    parent = KnownCompany(source="parent_id", read_only=True, allow_null=True)  # type: ignore[assignment]

    class Meta:
        model = Company
        fields = [
            "id",
            "name",
            "external_id",
            "parent",
            "industry",
            "employees",
            "revenue",
            "founded",
            "street",
            "postal_code",
            "city",
            "region",
            "country",
            "website",
            "phone",
            "owner",
            "territory",
            "custom_fields",
            "created_at",
            "created_by",
            "changed_at",
            "version",
        ]


class CompanyChange(Strict):
    """What a PATCH may set; nothing is required."""

    name = serializers.CharField(max_length=160, required=False, validators=[SingleLine()])
    parent = ReachableCompany(required=False, allow_null=True)  # type: ignore[assignment]
    industry = serializers.CharField(max_length=80, required=False, allow_blank=True, validators=[SingleLine()])
    employees = serializers.IntegerField(min_value=0, max_value=_BIGGEST_INTEGER, required=False, allow_null=True)
    revenue = Money(max_digits=16, required=False, allow_null=True)
    founded = serializers.IntegerField(min_value=1000, max_value=2199, required=False, allow_null=True)
    street = serializers.CharField(max_length=120, required=False, allow_blank=True, validators=[SingleLine()])
    postal_code = serializers.CharField(max_length=12, required=False, allow_blank=True, validators=[SingleLine()])
    city = serializers.CharField(max_length=80, required=False, allow_blank=True, validators=[SingleLine()])
    region = serializers.CharField(max_length=80, required=False, allow_blank=True, validators=[SingleLine()])
    country = serializers.RegexField(r"^([A-Z]{2})?\Z", required=False, allow_blank=True)
    website = serializers.URLField(max_length=200, required=False, allow_blank=True)
    phone = PhoneNumberField(required=False, allow_blank=True)
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.active(), required=False)
    custom_fields = CustomFields(required=False)


class CompanyIn(CompanyChange):
    """What a new company may start with."""

    name = serializers.CharField(max_length=160, validators=[SingleLine()])
    external_id = serializers.CharField(max_length=120, required=False, allow_blank=True)

    def validate_external_id(self, external_id: str) -> str:
        return not_taken(Company, external_id, by=self.context["request"].user)


class ContactOut(serializers.ModelSerializer):
    company = KnownCompany(source="company_id", read_only=True, allow_null=True)

    class Meta:
        model = Contact
        fields = [
            "id",
            "name",
            "salutation",
            "first_name",
            "last_name",
            "external_id",
            "job_title",
            "company",
            "email",
            "phone",
            "mobile",
            "owner",
            "custom_fields",
            "created_at",
            "created_by",
            "changed_at",
            "version",
        ]


class ContactChange(Strict):
    """What a PATCH may set; nothing is required."""

    salutation = serializers.CharField(max_length=40, required=False, allow_blank=True, validators=[SingleLine()])
    first_name = serializers.CharField(max_length=80, required=False, allow_blank=True, validators=[SingleLine()])
    last_name = serializers.CharField(max_length=80, required=False, validators=[SingleLine()])
    job_title = serializers.CharField(max_length=120, required=False, allow_blank=True, validators=[SingleLine()])
    company = ReachableCompany(required=False, allow_null=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    phone = PhoneNumberField(required=False, allow_blank=True)
    mobile = PhoneNumberField(required=False, allow_blank=True)
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.active(), required=False)
    custom_fields = CustomFields(required=False)


class ContactIn(ContactChange):
    """What a new contact may start with."""

    last_name = serializers.CharField(max_length=80, validators=[SingleLine()])
    external_id = serializers.CharField(max_length=120, required=False, allow_blank=True)

    def validate_external_id(self, external_id: str) -> str:
        return not_taken(Contact, external_id, by=self.context["request"].user)


class Nothing(Strict):
    """A call that says all by its address."""


class RecordResource(ReadOnlyResource):
    """List, read, create, change, delete and restore of one kind of record."""

    door = Permission.COMPANY_VIEW
    # Changing is for whoever sees the record; the actions know who may and say so.
    doors = {"create": Permission.COMPANY_EDIT}
    orderings = {"name": "sort_key", "created_at": "created_at", "changed_at": "changed_at", "id": "pk"}
    model: type[Company | Contact]
    filters: type[RecordFilter]
    shape_in: type[Strict]
    shape_of_changes: type[Strict]
    # The column that names a company, whether the reader may know it or not.
    company_column: str

    def get_serializer(self, *rows: Any, **options: Any) -> Any:
        """One record, or with `many` those of a page."""
        shown = rows[0] if options.get("many") and rows else rows
        named = {pk for row in shown if (pk := getattr(row, self.company_column))}
        known = Company.objects.reachable_by(self.person).filter(pk__in=named).values_list("pk", flat=True)
        context = {**self.get_serializer_context(), "companies": set(known) if named else set()}
        return super().get_serializer(*rows, **{"context": context, **options})

    def get_queryset(self) -> QuerySet[Any]:
        rows: Any = self.model.objects
        return rows.live().reachable_by(self.request.user)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.action != "list":
            return queryset
        given = {name: value for name, value in self.request.query_params.items() if name in self.parameters}
        chosen = self.filters(given, queryset, request=self.request)
        if chosen.errors:
            raise ValidationError(chosen.errors)
        return chosen.qs

    def add_row(self, **fields: Any) -> Any:
        raise NotImplementedError

    def edit_row(self, pk: int, **what: Any) -> Any:
        raise NotImplementedError

    def delete_row(self, pk: int, *, version: int) -> Any:
        raise NotImplementedError

    def restore_row(self, pk: int, *, version: int) -> Any:
        raise NotImplementedError

    def create(self, request: Request) -> Response:
        row = self.add_row(**self.read(self.shape_in, request.data))
        answer = self._answer(row, status.HTTP_201_CREATED)
        answer["Location"] = f"{request.path}{row.pk}/"
        return answer

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._answer(self.get_object())

    def partial_update(self, request: Request, pk: str) -> Response:
        version = version_read(request)
        changes = self.read(self.shape_of_changes, without_version(request))
        return self._answer(self.edit_row(int(pk), version=version, changes=changes))

    def destroy(self, request: Request, pk: str) -> Response:
        version = version_read(request)
        self.read(Nothing, without_version(request))
        self.delete_row(int(pk), version=version)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=Nothing)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Out of the bin again."""
        version = version_read(request)
        self.read(Nothing, without_version(request))
        return self._answer(self.restore_row(int(pk), version=version))

    def _answer(self, row: Any, code: int = status.HTTP_200_OK) -> Response:
        answer = Response(self.get_serializer(row).data, status=code)
        answer["ETag"] = f'"{row.version}"'
        return answer

    @property
    def who_and_when(self) -> dict[str, Any]:
        return {"by": self.person, "at": timezone.now()}


class ContactResource(RecordResource):
    parameters = frozenset(ContactFilter.base_filters) - {"ordering", "deleted"}  # type: ignore[attr-defined]
    model, filters = Contact, ContactFilter
    shape_in, shape_of_changes = ContactIn, ContactChange
    serializer_class = ContactOut
    company_column = "company_id"

    def add_row(self, **fields: Any) -> Contact:
        return actions.add_contact(**self.who_and_when, **fields)

    def edit_row(self, pk: int, **what: Any) -> Contact:
        return actions.edit_contact(contact_id=pk, **self.who_and_when, **what)

    def delete_row(self, pk: int, *, version: int) -> Contact:
        return actions.delete_contact(contact_id=pk, version=version, **self.who_and_when)

    def restore_row(self, pk: int, *, version: int) -> Contact:
        return actions.restore_contact(contact_id=pk, version=version, **self.who_and_when)


def not_taken(model: Any, external_id: str, *, by: User) -> str:
    """The id, unless a record within reach has it, or one that this person made.

    Ids out of reach count as free: a refusal would tell that there is such a record.
    """
    rows = model.objects
    if external_id and (
        rows.reachable_by(by).filter(external_id=external_id).exists()
        or rows.filter(external_id=external_id, created_by=by).exists()
    ):
        raise ValidationError(_("Another record has this external id."), code="unique")
    return external_id
