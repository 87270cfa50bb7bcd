"""The doors of the API: the same permissions as on pages, and what a token may."""

from datetime import UTC
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import mixins, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from crm.lib.api.idempotency import Idempotent
from crm.lib.api.parsing import refuse_unstorable
from crm.lib.api.serializers import Strict
from crm.lib.errors import Forbidden
from teams.access.permissions import Permission
from teams.audit.record import record_denied
from teams.people.models import User

# Parameters that every list understands.
COMMON = frozenset({"cursor", "page_size", "ordering", "format"})


class Resource(Idempotent, viewsets.GenericViewSet):
    """A resource that starts from what its reader reaches and refuses parameters it does not know."""

    door: ClassVar[Permission]
    doors: ClassVar[dict[str, Permission]] = {}
    parameters: ClassVar[frozenset[str]] = frozenset()
    lookup_value_regex = r"\d{1,18}"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        known = self.parameters | COMMON if getattr(self, "action", "") == "list" else COMMON
        refuse_unknown(request, known)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with timezone.override(UTC):  # instants go out with Z, wherever the reader sits
            return super().dispatch(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        raise NotImplementedError

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, Forbidden):
            record_denied(self.request)
        return super().handle_exception(exc)

    @property
    def person(self) -> User:
        return cast("User", self.request.user)

    def read(self, shape: type[Strict], body: object) -> dict[str, Any]:
        """The body in the shape; 400 with each wrong field."""
        serializer = shape(data=body, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


class ReadOnlyResource(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """A resource that the API shows and pages change."""


def refuse_unknown(request: Request, known: frozenset[str]) -> None:
    """400 for parameters that would otherwise be ignored in silence, and for text no database takes."""
    if unknown := request.query_params.keys() - known:
        raise ValidationError({name[:80]: [_("This parameter does not exist.")] for name in sorted(unknown)})
    for values in request.query_params.lists():
        for value in values[1]:
            refuse_unstorable(value)
