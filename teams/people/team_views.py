"""Teams: the tree, and each team with its people."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.lib.errors import Conflict, Refused
from crm.lib.repeats import once
from crm.templatetags.formats import moment
from teams.access import Permission
from teams.access.dialogs import ask, leave_for
from teams.access.doors import door
from teams.access.http import SignedInRequest
from teams.people import directory, team_actions, tree
from teams.people.forms import TeamForm, TeamNameForm, TeamPlaceForm
from teams.people.membership_actions import end_managing
from teams.people.models import Team, TeamMembership
from teams.workspace.models import Workspace


@require_safe
@door(Permission.PEOPLE_EDIT)
def team_list(request: SignedInRequest) -> HttpResponse:
    """The tree of teams with who leads them and how many belong to them."""
    context = {
        "lines": tree.lines(_today()),
        "archived": Team.objects.filter(archived_at__isnull=False).order_by("name", "pk"),
        "today": _today(),
    }
    return render(request, "teams/people/team_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.PEOPLE_EDIT)
@once
def team_add(request: SignedInRequest) -> HttpResponse:
    """A new team; `?parent=7` says below which."""
    form = TeamForm(request.POST or None, initial={"parent": request.GET.get("parent", "")})
    if request.method == "POST" and form.is_valid():
        try:
            team = team_actions.add_team(by=request.user, **form.cleaned_data)
        except Refused as refusal:
            refusal.put_into(form)
        else:
            messages.success(request, _("%(team)s added") % {"team": team.name})
            return leave_for(request, reverse("team-edit", args=[team.pk]))
    return ask(request, form, title=_("New team"), submit=_("Add team"))


@require_safe
@door(Permission.PEOPLE_EDIT)
def team(request: SignedInRequest, pk: int) -> HttpResponse:
    return _show(request, _team(pk))


@require_POST
@door(Permission.PEOPLE_EDIT)
def team_rename(request: SignedInRequest, pk: int) -> HttpResponse:
    return _change(request, pk, TeamNameForm(request.POST), team_actions.rename_team, done=_("Renamed"))


@require_POST
@door(Permission.PEOPLE_EDIT)
def team_move(request: SignedInRequest, pk: int) -> HttpResponse:
    return _change(request, pk, TeamPlaceForm(request.POST), team_actions.move_team, done=_("Moved"))


@require_POST
@door(Permission.PEOPLE_EDIT)
def team_archive(request: SignedInRequest, pk: int) -> HttpResponse:
    _team(pk)
    archived = team_actions.archive_team(by=request.user, at=timezone.now(), team_id=pk)
    messages.success(request, _("%(team)s archived") % {"team": archived.name})
    return redirect("team-list")


@require_POST
@door(Permission.PEOPLE_EDIT)
def team_restore(request: SignedInRequest, pk: int) -> HttpResponse:
    _team(pk)
    restored = team_actions.restore_team(by=request.user, team_id=pk)
    messages.success(request, _("%(team)s restored") % {"team": restored.name})
    return redirect("team-edit", pk)


@require_POST
@door(Permission.PEOPLE_EDIT)
def team_manager_end(request: SignedInRequest, pk: int, membership_pk: int) -> HttpResponse:
    today = _today()
    running = TeamMembership.objects.managers().lasting_beyond(today)
    membership = get_object_or_404(running, pk=membership_pk, team_id=pk)
    end_managing(by=request.user, membership_id=membership.pk, on=today)
    messages.success(request, _("Ended"))
    return redirect("team-edit", pk)


def _team(pk: int) -> Team:
    found: Team = get_object_or_404(Team.objects.select_related("parent"), pk=pk)
    return found


def _today() -> date:
    return Workspace.get().today(timezone.now())


def _change(
    request: SignedInRequest, pk: int, form: TeamNameForm | TeamPlaceForm, action: Callable[..., Team], *, done: str
) -> HttpResponse:
    """Do what one of the two forms of the page says; a refusal stands beside its field."""
    shown = _team(pk)
    if form.is_valid():
        try:
            action(by=request.user, team_id=pk, **form.cleaned_data)
        except Conflict as conflict:
            return _show_conflict(request, pk, conflict, form)
        except Refused as refusal:
            refusal.put_into(form)
        else:
            messages.success(request, done)
            return redirect("team-edit", pk)
    return _show(request, shown, form, status=422)


def _show(
    request: SignedInRequest,
    shown: Team,
    form: TeamNameForm | TeamPlaceForm | None = None,
    *,
    conflict: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a team; `form` is the one of its two that was posted and has to be looked at again."""
    today = _today()
    version = {"version": shown.version}
    name_form = TeamNameForm(initial={"name": shown.name, **version}, auto_id="name_%s")
    place_form = TeamPlaceForm(initial={"parent": shown.parent_id, **version}, auto_id="place_%s")
    context = {
        "team": shown,
        "name_form": form if isinstance(form, TeamNameForm) else name_form,
        "place_form": form if isinstance(form, TeamPlaceForm) else place_form,
        "roster": directory.roster_of(shown, today),
        "below": [line for line in tree.lines(today) if line.branch.team.parent_id == shown.pk],
        "conflict": conflict,
        "today": today,
    }
    return render(request, "teams/people/team.html", context, status=status)


def _show_conflict(
    request: SignedInRequest, pk: int, conflict: Conflict, form: TeamNameForm | TeamPlaceForm
) -> HttpResponse:
    """The page with what somebody else made of it meanwhile, and the choice between both."""
    shown, told = _team(pk), conflict.conflicts[0]
    sentence = _("%(name)s set this to “%(theirs)s” (%(when)s). You chose “%(yours)s”.") % {
        "name": told.by,
        "theirs": told.theirs or _("At the top"),
        "yours": told.yours or _("At the top"),
        "when": moment(datetime.fromisoformat(told.at)),
    }
    box = {
        "sentence": sentence,
        "name": told.field,
        "value": form.data.get(told.field, ""),
        "version": shown.version,
        "address": reverse("team-rename" if told.field == "name" else "team-move", args=[pk]),
    }
    return _show(request, shown, conflict=box, status=409)
