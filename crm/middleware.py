"""What happens around every page."""

import time
import uuid
import zoneinfo
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from crm.lib.errors import Forbidden, Refused
from crm.lib.memo import remembering
from crm.rail import forget_rail
from crm.views import page_not_found
from teams.access.reach import needs_second_factor
from teams.audit.record import record_denied
from teams.models import User

log = structlog.get_logger("crm.request")

GetResponse = Callable[[HttpRequest], HttpResponse]
# Probes ask nothing of the database and streams know who is there by a token, so nobody looks it up.
IMPERSONAL = ("/livez", "/readyz", "/events/", "/static/")
SIGNING_IN = "/accounts/"
# Where a browser says that the person comes from, and where she is.
PAGES_BEFORE = ("HTTP_REFERER", "HTTP_HX_CURRENT_URL")


def request_log(get_response: GetResponse) -> GetResponse:
    """Give the request an id, which its log lines and the answer carry, and log it once."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = get_response(request)
            response["X-Request-ID"] = request_id
            if not request.path.startswith(IMPERSONAL):
                log.info(
                    "answered",
                    method=request.method,
                    route=_route(request),
                    status=response.status_code,
                    ms=round((time.perf_counter() - started) * 1000),
                )
        return response

    return middleware


def _route(request: HttpRequest) -> str:
    """The route without its values: paths may hold keys of links, and logs must not."""
    match = request.resolver_match
    return f"/{match.route}" if match else "unknown"


def readable_addresses(get_response: GetResponse) -> GetResponse:
    """Leave out a page before whose address nobody can read: views and libraries take these apart."""

    def middleware(request: HttpRequest) -> HttpResponse:
        for name in PAGES_BEFORE:
            try:
                urlsplit(request.META.get(name, ""))
            except ValueError:
                del request.META[name]
        return get_response(request)

    return middleware


def short_memory(get_response: GetResponse) -> GetResponse:
    """Settings and reach are looked up once a request, and anew for the next."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with remembering():
            return get_response(request)

    return middleware


def personal_preferences(get_response: GetResponse) -> GetResponse:
    """Speak the signed-in person's language and show her times; others get what their browser asks for."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(IMPERSONAL) or not request.user.is_authenticated:
            return get_response(request)
        with translation.override(request.user.language), timezone.override(zoneinfo.ZoneInfo(request.user.time_zone)):
            request.LANGUAGE_CODE = translation.get_language()
            response = get_response(request)
            response.headers["Content-Language"] = request.LANGUAGE_CODE
        return response

    return middleware


def fresh_rail(get_response: GetResponse) -> GetResponse:
    """What the rail keeps of a person's day is counted anew after she has changed something."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.method not in {"GET", "HEAD", "OPTIONS"} and isinstance(request.user, User):
            forget_rail(request.user)
        return response

    return middleware


def second_factor(get_response: GetResponse) -> GetResponse:
    """People whose role needs a second factor set one up before they see anything else."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith((*IMPERSONAL, SIGNING_IN)) or not _lacks_second_factor(request.user):
            return get_response(request)
        if getattr(request, "htmx", False):
            return HttpResponseClientRedirect(reverse("mfa_activate_totp"))
        return redirect("mfa_activate_totp")

    return middleware


def _lacks_second_factor(user: object) -> bool:
    if not isinstance(user, User):
        return False
    return needs_second_factor(user) and not is_mfa_enabled(user)


class RefusalMiddleware:
    """Tell the person why her action was refused: 409 to htmx as a notice, a message to a plain form."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Forbidden):
            record_denied(request)
            return _told(request, exception.message, status=403)
        if isinstance(exception, PermissionDenied) and getattr(request, "htmx", False):
            return _told(request, exception, status=403)  # other requests get the page of the 403 handler
        if isinstance(exception, Refused):
            return _told(request, exception.message, status=409)
        if isinstance(exception, ObjectDoesNotExist):  # what an action looked for is gone, or out of reach by now
            return page_not_found(request, exception)
        return None


def _told(request: HttpRequest, message: object, *, status: int) -> HttpResponse:
    text = str(message)
    if getattr(request, "htmx", False):
        response = render(request, "errors/_notice.html", {"message": text}, status=status)
        response["HX-Reswap"] = "none"
        return trigger_client_event(response, "toast", {"message": text, "level": "error"})
    if status == 403 or request.method in {"GET", "HEAD"}:
        return render(request, f"errors/{status}.html", {"message": text}, status=status)
    messages.error(request, text)
    return HttpResponseRedirect(_page_before(request))


def _page_before(request: HttpRequest) -> str:
    """The page that held the form, if it was one of ours."""
    referer = request.headers.get("Referer", "")
    local = url_has_allowed_host_and_scheme(referer, {request.get_host()}, require_https=request.is_secure())
    return referer if referer and local else "/"
