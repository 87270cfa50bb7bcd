"""The audit log: /audit/."""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from teams.access import Permission, reach
from teams.access.doors import door
from teams.access.http import SignedInRequest, asks_for_part
from teams.audit.forms import AuditFilter
from teams.audit.models import AuditEntry
from teams.audit.reading import Reading
from teams.people.models import User
from teams.people.querysets import UserQuerySet
from teams.workspace.models import Workspace

LINES_PER_PAGE = 50


@dataclass(frozen=True)
class FilterChip:
    """One filter that is set, and the address without it."""

    label: str
    value: str
    remove_url: str


@require_safe
@door(Permission.AUDIT_VIEW)
def audit_log(request: SignedInRequest) -> HttpResponse:
    """What happened, newest first; days and times are those of the workspace."""
    workspace = Workspace.get()
    form = AuditFilter(request.GET, people=_people(request.user))
    with timezone.override(workspace.zone):
        entries = form.narrow(AuditEntry.objects.reachable_by(request.user), workspace.zone)
        paginator = Paginator(entries.select_related("actor").newest_first(), LINES_PER_PAGE)
        page = paginator.get_page(request.GET.get("page"))
        context = {
            "page": page,
            "days": Reading(page, request.user).days(),
            "form": form,
            "chips": _chips(request, form),
            "today": workspace.today(timezone.now()),
            "zone": workspace.time_zone.rpartition("/")[2].replace("_", " "),
        }
        template = "teams/audit/_lines.html" if asks_for_part(request) else "teams/audit/log.html"
        return render(request, template, context)


def _people(reader: User) -> UserQuerySet:
    """Whose acts the reader may see, those who left included."""
    scope = reach(reader, Permission.AUDIT_VIEW)
    users = User.objects.by_name()
    return users if scope.everything else users.filter(pk__in=scope.people_ids)


def _chips(request: SignedInRequest, form: AuditFilter) -> list[FilterChip]:
    return [FilterChip(label, value, _without(request, name)) for name, label, value in form.active]


def _without(request: SignedInRequest, name: str) -> str:
    query = request.GET.copy()
    for gone in (name, "page"):
        query.pop(gone, None)
    return f"?{query.urlencode()}" if query else request.path
