"""The request as views behind a door know it."""

from typing import TYPE_CHECKING

from django.http import HttpRequest

from crm.lib.text import VERSION_DIGITS, whole_number
from teams.people.models import User

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails


class SignedInRequest(HttpRequest):
    """A request of a signed-in person, with what htmx says about itself."""

    user: User
    htmx: "HtmxDetails"


def version_read(request: SignedInRequest) -> int | None:
    """The version of the row that the form, or the address of an undo, was made from; None where it says none."""
    return whole_number(request.POST.get("version") or request.GET.get("version") or "", digits=VERSION_DIGITS)


def asks_for_part(request: SignedInRequest) -> bool:
    """Whether htmx wants the part of the page that changes; a boosted link and the way back want the whole page."""
    return bool(request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request)
