"""Doors: every view says who may enter; a test walks the URLconf and fails for a view without one."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from teams.access.permissions import Permission, who_may
from teams.access.reach import holds
from teams.audit.record import record_denied

P = ParamSpec("P")
# Views behind a door annotate their request as `teams.access.http.SignedInRequest`.
View = Callable[Concatenate[Any, P], HttpResponseBase]

PUBLIC = "public"
SIGNED_IN = "signed in"


def public(reason: str) -> Callable[[View[P]], View[P]]:
    """A view that anybody may enter, and why."""

    def mark(view: View[P]) -> View[P]:
        return _marked(view, PUBLIC, reason)

    return mark


def signed_in(view: View[P]) -> View[P]:
    """A view for everybody with a sign-in; what they see, the querysets decide."""

    @wraps(view)
    def enter(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        return view(request, *args, **kwargs)

    return _marked(enter, SIGNED_IN, "")


def door(permission: Permission) -> Callable[[View[P]], View[P]]:
    """A view for people who hold a permission over anything; over what, the querysets and actions decide."""

    def mark(view: View[P]) -> View[P]:
        @wraps(view)
        def enter(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            if not holds(request.user, permission):
                record_denied(request, permission)
                raise PermissionDenied(who_may(permission))
            return view(request, *args, **kwargs)

        return _marked(enter, permission, "")

    return mark


def door_of(view: Any) -> str | None:
    """The mark of a view function or class, None where somebody forgot it."""
    view = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
    return getattr(view, "door", None)


def _marked(view: View[P], mark: str, reason: str) -> View[P]:
    view.door = mark  # type: ignore[attr-defined]
    view.door_reason = reason  # type: ignore[attr-defined]
    return view


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    if getattr(request, "htmx", False):
        return HttpResponse(status=401, headers={"HX-Trigger": "kontor:signed-out"})
    return redirect_to_login(request.get_full_path())
