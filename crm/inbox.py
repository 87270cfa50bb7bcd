"""The pages of the inbox and the live stream. They stand here because doors stand above `crm.notifications`."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.core.paginator import Paginator
from django.db import connections
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.lib.periods import local_instant
from crm.notifications import actions
from crm.notifications.hub import events
from crm.notifications.inbox import unread_of
from crm.notifications.live import listener_of
from crm.notifications.models import Notification
from pipeline.telling import within_reach
from teams.access.doors import public, signed_in

PER_PAGE = 50
ICONS = {"activity_due": "bell", "reminders_late": "alert-triangle", "deal_close_passed": "calendar-off"}
TONES = {"reminders_late": "danger", "deal_close_passed": "warn"}


@dataclass(frozen=True)
class Tab:
    label: str | Promise
    url: str
    count: int
    active: bool
    hot: bool = False


@dataclass(frozen=True)
class Item:
    """A notification as the person may read it now: of a record out of her reach she learns nothing any more."""

    notification: Notification
    is_known: bool

    @property
    def title(self) -> str | Promise:
        return self.notification.title if self.is_known else gettext_lazy("About something you can no longer see")

    @property
    def body(self) -> str:
        return self.notification.body if self.is_known else ""

    @property
    def leads_somewhere(self) -> bool:
        return self.is_known and bool(self.notification.url)

    @property
    def icon(self) -> str:
        return ICONS.get(self.notification.kind, "calendar-time")

    @property
    def tone(self) -> str:
        return TONES.get(self.notification.kind, "accent")

    @property
    def snooze_choices(self) -> list[tuple[str, str | Promise]]:
        return [
            ("hour", gettext_lazy("In an hour")),
            ("tomorrow", gettext_lazy("Tomorrow at 09:00")),
            ("week", gettext_lazy("In a week at 09:00")),
        ]


@require_safe
@signed_in
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for the person: what needs her, or with `?show=information` what she should only know."""
    now = timezone.now()
    needs_action = request.GET.get("show") != "information"
    waiting = Notification.objects.of(_who(request)).waiting(now)
    chosen = waiting.filter(needs_action=needs_action).newest_first()
    page = Paginator(chosen, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "tabs": _tabs(waiting, needs_action=needs_action),
        "page": page,
        "items": _items(request, list(page)),
        "show": "" if needs_action else "information",
        "has_unread": waiting.filter(read_at__isnull=True).exists(),
    }
    return render(request, "notifications/inbox.html", context)


@require_safe
@signed_in
def bell(request: HttpRequest) -> HttpResponse:
    """The bell alone, for pages that heard of a change or ask once a minute."""
    unread = unread_of(_who(request), timezone.now())
    return render(request, "components/bell.html", {"unread": unread, "url": reverse("notification-list")})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    """Go where the item leads; who went there by the button of the inbox has read it."""
    if request.method == "POST":
        notification = _acted(actions.mark_read, request, pk)
    else:
        notification = get_object_or_404(Notification.objects.of(_who(request)), pk=pk)
    known = within_reach(request.user, [notification])  # type: ignore[arg-type]
    return redirect((known and notification.url) or "notification-list")


@require_POST
@signed_in
def read(request: HttpRequest, pk: int) -> HttpResponse:
    _acted(actions.mark_read, request, pk)
    return _back(request)


@require_POST
@signed_in
def read_all(request: HttpRequest) -> HttpResponse:
    actions.mark_all_read(by=request.user, at=timezone.now())  # type: ignore[arg-type]
    return _back(request)


@require_POST
@signed_in
def done(request: HttpRequest, pk: int) -> HttpResponse:
    _acted(actions.mark_done, request, pk)
    return _back(request)


@require_POST
@signed_in
def snooze(request: HttpRequest, pk: int) -> HttpResponse:
    until = end_of_snooze(request.POST.get("until", ""), timezone.now(), request.user.zone)  # type: ignore[union-attr]
    _acted(actions.snooze, request, pk, until=until)
    return _back(request)


def end_of_snooze(choice: str, now: datetime, zone: Any) -> datetime:
    """An hour from now; for anything else 09:00 of tomorrow or of the same weekday of next week."""
    if choice == "hour":
        return now + timedelta(hours=1)
    days = 7 if choice == "week" else 1
    return local_instant(now.astimezone(zone).date() + timedelta(days=days), time(9), zone)


@public("The signed token in the address says whose stream it is.")  # type: ignore[arg-type]
async def stream(request: HttpRequest) -> HttpResponseBase:
    """Server-sent events. 204 tells a browser not to come back: this server cannot hold connections open."""
    if not isinstance(request, ASGIRequest):
        return HttpResponse(status=204)
    # In one of a few threads: as many connections at most, and none of them kept by the stream.
    user_id = await sync_to_async(_listener, thread_sensitive=False)(request.GET.get("token", ""))
    if user_id is None:
        return HttpResponse(status=403)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(events(user_id), content_type="text/event-stream", headers=headers)


def _listener(token: str) -> int | None:
    try:
        return listener_of(token)
    finally:
        connections.close_all()


def _items(request: HttpRequest, notifications: list[Notification]) -> list[Item]:
    known = within_reach(request.user, notifications)  # type: ignore[arg-type]
    return [Item(notification, notification.pk in known) for notification in notifications]


def _tabs(waiting: Any, *, needs_action: bool) -> list[Tab]:
    url = reverse("notification-list")
    urgent, others = waiting.needing_action().count(), waiting.filter(needs_action=False).count()
    return [
        Tab(_("Needs you"), url, urgent, active=needs_action, hot=urgent > 0),
        Tab(_("For information"), f"{url}?show=information", others, active=not needs_action),
    ]


def _acted(action: Any, request: HttpRequest, pk: int, **more: Any) -> Notification:
    """The item after an action on it; 404 unless it is the person's own."""
    try:
        result: Notification = action(notification_id=pk, by=request.user, at=timezone.now(), **more)
    except Notification.DoesNotExist:
        raise Http404 from None
    return result


def _back(request: HttpRequest) -> HttpResponseRedirect:
    query = "?show=information" if request.POST.get("show") == "information" else ""
    return HttpResponseRedirect(reverse("notification-list") + query)


def _who(request: HttpRequest) -> int:
    return int(request.user.pk)  # type: ignore[arg-type]
