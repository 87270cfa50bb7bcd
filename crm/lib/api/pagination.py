"""Lists in pages that stay right while rows come and go."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView


class Pages(CursorPagination):
    """Pages by cursor; `page_size` up to 200. The view names its orderings in `orderings`, the first by default.

    An ordering is a column that is never empty; equal values keep the order of the primary key.
    """

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    invalid_cursor_message = "This cursor is not one of ours."

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: APIView) -> tuple[str, ...]:
        orderings: dict[str, str] = getattr(view, "orderings", {"id": "pk"})
        wanted = request.query_params.get("ordering") or next(iter(orderings))
        column = orderings.get(wanted.removeprefix("-"))
        if column is None:
            raise ValidationError({"ordering": _("Choose one of: %(names)s.") % {"names": ", ".join(orderings)}})
        sign = "-" if wanted.startswith("-") else ""
        return (f"{sign}{column}",) if column == "pk" else (f"{sign}{column}", f"{sign}pk")

    def get_page_size(self, request: Request) -> int | None:
        wanted = request.query_params.get(self.page_size_query_param, "")
        if wanted and not (wanted.isascii() and wanted.isdigit() and int(wanted[:9]) > 0):
            raise ValidationError({self.page_size_query_param: _("Enter a whole number from 1 to 200.")})
        return super().get_page_size(request)
