"""Probes and error pages."""

import sys
from functools import cache
from http import HTTPStatus

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from teams.access.doors import public

RETRY_AFTER_SECONDS = "10"


@require_safe
@public("A probe: the process answers.")
def livez(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@public("A probe: the process can work.")
def readyz(request: HttpRequest) -> HttpResponse:
    """200 while the database answers within a second and has every migration of this code."""
    try:
        missing = _missing_migrations()
    except DatabaseError:
        return _not_ready("database does not answer")
    if missing:
        return _not_ready(f"{len(missing)} migrations missing")
    return HttpResponse("ok\n", content_type="text/plain")


def _not_ready(reason: str) -> HttpResponse:
    headers = {"Retry-After": RETRY_AFTER_SECONDS}
    return HttpResponse(f"{reason}\n", content_type="text/plain", status=503, headers=headers)


def _missing_migrations() -> frozenset[tuple[str, str]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '1s'")
        return _known_migrations() - MigrationRecorder(connection).applied_migrations().keys()


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, HTTPStatus.BAD_REQUEST, _("This request cannot be understood."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Within reach, but not allowed: the sentence that came with the refusal says who may."""
    return _error(request, HTTPStatus.FORBIDDEN, str(exception) or _("You may not do this."))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """One answer for what does not exist and for what is out of reach."""
    return _error(
        request,
        HTTPStatus.NOT_FOUND,
        _("There is nothing here for you. It was deleted, or it is not shared with you."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _error(
        request,
        HTTPStatus.FORBIDDEN,
        _("This form has expired. Go back, reload the page and send it again."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours, or a database that is away or overloaded, which is worth another try."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        response = _error(
            request,
            HTTPStatus.SERVICE_UNAVAILABLE,
            _("Kontor is busy or being restarted. Nothing was lost; try again in a moment."),
        )
        response["Retry-After"] = RETRY_AFTER_SECONDS
        return response
    return _error(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _("Something went wrong on our side. It has been recorded under this reference."),
    )


def _error(request: HttpRequest, status: HTTPStatus, message: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return _problem(status, message)
    reference = structlog.contextvars.get_contextvars().get("request_id", "")
    context = {"message": message, "reference": reference}
    template = f"errors/{status.value}.html"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:  # nothing that could fail again: no request, no person, no database
        return HttpResponse(render_to_string(template, context), status=status)
    return render(request, template, context, status=status)


def _problem(status: HTTPStatus, detail: str) -> HttpResponse:
    """Problem details as RFC 9457 describes them."""
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    return JsonResponse(body, status=status, content_type="application/problem+json")
