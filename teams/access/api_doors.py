"""The doors of the API. Apart from its views, because settings load them before any view."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from teams.access.doors import SIGNED_IN
from teams.access.permissions import who_may
from teams.access.reach import holds
from teams.access.tokens import reads_only
from teams.audit.record import record_denied


class AtTheDoor(BasePermission):
    """Lets in who holds the view's permission over anything; over what, the querysets and actions decide.

    `door` is the permission for reading, `doors` the ones of actions that need another. A view without a door
    lets nobody in.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        if request.method not in SAFE_METHODS and reads_only(request.auth):
            raise PermissionDenied(_("This token may only read. Make one that may write."))
        wanted = _door(view)
        if wanted == SIGNED_IN:
            return True
        if wanted is None or not holds(request.user, wanted):
            record_denied(request, str(wanted))  # type: ignore[arg-type]
            raise PermissionDenied(who_may(wanted) if wanted else None)
        return True


def _door(view: Any) -> Any:
    return getattr(view, "doors", {}).get(getattr(view, "action", None)) or getattr(view, "door", None)
