"""Every failure of the API as problem details (RFC 9457)."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from crm.lib.errors import Conflict, Forbidden, Refused

CONTENT_TYPE = "application/problem+json"
_UNIQUE_VIOLATION = "23505"


def problem_details(exception: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to a failure; None for a fault of ours, which is answered and recorded as everywhere else."""
    if isinstance(exception, Refused):
        return _problem(status.HTTP_409_CONFLICT, str(exception), **_refusal(exception))
    if isinstance(exception, IntegrityError) and getattr(exception.__cause__, "pgcode", "") == _UNIQUE_VIOLATION:
        # Whoever checked for it was overtaken after the check.
        return _problem(status.HTTP_409_CONFLICT, _("The same was made a moment ago. Read it first."), code="exists")
    translated = _as_api_exception(exception)
    response = exception_handler(translated, context)
    if response is None:
        return None
    extra = _details(translated)
    detail = extra.pop("detail", None) or _sentence(translated)
    answer = _problem(response.status_code, detail, **extra)
    for name in ("WWW-Authenticate", "Retry-After"):
        if name in response.headers:
            answer[name] = response.headers[name]
    return answer


def _as_api_exception(exception: Exception) -> Exception:
    if isinstance(exception, ObjectDoesNotExist | Http404):
        return exceptions.NotFound(_("There is nothing here for you. It was deleted, or it is not shared with you."))
    if isinstance(exception, Forbidden | PermissionDenied):
        return exceptions.PermissionDenied(str(exception) or None)
    if isinstance(exception, DjangoValidationError):
        return exceptions.ValidationError(_messages(exception))
    return exception


def _messages(exception: DjangoValidationError) -> Any:
    return exception.message_dict if hasattr(exception, "error_dict") else {"": exception.messages}


def _refusal(refusal: Refused) -> dict[str, Any]:
    extra: dict[str, Any] = {"code": refusal.code}
    if refusal.field:
        extra["field"] = refusal.field
    if isinstance(refusal, Conflict) and refusal.conflicts:
        conflicts = [vars(conflict) for conflict in refusal.conflicts]
        extra |= conflicts[0] | {"conflicts": conflicts}
    return extra


def _details(exception: Exception) -> dict[str, Any]:
    if isinstance(exception, exceptions.ValidationError):
        errors = list(_flat(exception.get_full_details()))
        return {"detail": _("Some fields are not right."), "code": "invalid", "errors": errors}
    codes = exception.get_codes() if isinstance(exception, exceptions.APIException) else None
    return {"code": codes} if isinstance(codes, str) else {}


def _sentence(exception: Exception) -> str:
    return str(exception.detail) if isinstance(exception, exceptions.APIException) else str(exception)


def _flat(details: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Each error with the dotted path of its field."""
    if isinstance(details, dict) and isinstance(details.get("message"), str) and "code" in details:
        yield {"field": path, "code": str(details["code"]), "message": details["message"]}
    elif isinstance(details, dict):
        for name, inner in details.items():
            yield from _flat(inner, f"{path}.{name}".strip("."))
    else:
        for inner in details:
            yield from _flat(inner, path)


def _problem(http_status: int, sentence: str, **extra: Any) -> Response:
    phrase = HTTPStatus(http_status).phrase
    body = {"type": "about:blank", "title": phrase, "status": http_status, "detail": sentence, **extra}
    return Response(body, status=http_status, content_type=CONTENT_TYPE)
