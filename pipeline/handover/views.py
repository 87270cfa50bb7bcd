"""Pages on which people leave or change teams, with what they work on."""

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from crm.lib.errors import Refused
from crm.lib.repeats import once
from crm.templatetags.formats import date_long
from pipeline.deals.models import Deal
from pipeline.handover import actions
from pipeline.handover.belongings import belongings_of
from pipeline.handover.forms import DeactivateForm, TeamChangeForm, TeamPersonForm
from teams.access import Permission
from teams.access.dialogs import ask, leave_for
from teams.access.doors import door
from teams.access.http import SignedInRequest
from teams.models import Team, User, Workspace
from teams.people.models import TeamRole


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.PEOPLE_EDIT)
def user_deactivate(request: SignedInRequest, pk: int) -> HttpResponse:
    """What the person would leave behind, and who takes it."""
    person = get_object_or_404(User.objects.active(), pk=pk)
    now = timezone.now()
    left = belongings_of(person, now)
    form = DeactivateForm(
        request.POST if request.method == "POST" else None,
        person=person,
        today=Workspace.get().today(now),
        needs_successor=bool(left),
    )
    if request.method == "POST" and form.is_valid():
        try:
            actions.deactivate_person(by=request.user, at=now, user=person, successor=form.chosen)
        except Refused as refusal:
            refusal.put_into(form)
        else:
            messages.success(request, _("%(name)s is deactivated") % {"name": person.name})
            return redirect("user-edit", pk)
    context = {
        "person": person,
        "left": left,
        "currency": Workspace.get().currency,
        "form": form,
        "is_self": person.pk == request.user.pk,
    }
    status = 422 if form.is_bound else 200
    return render(request, "pipeline/handover/deactivate.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.PEOPLE_EDIT)
def user_change_team(request: SignedInRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User.objects.active(), pk=pk)
    now = timezone.now()
    form = TeamChangeForm(request.POST or None, initial={"on": Workspace.get().today(now)})
    if request.method == "POST" and form.is_valid():
        try:
            return _changed(request, person, reverse("user-edit", args=[pk]), at=now, **form.cleaned_data)
        except Refused as refusal:
            refusal.put_into(form)
    return ask(
        request,
        form,
        title=_("Change team"),
        sub=person.name,
        submit=_("Change team"),
        note=_what_follows(Deal.objects.open().filter(owner=person).count()),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.PEOPLE_EDIT)
@once
def team_person_add(request: SignedInRequest, pk: int) -> HttpResponse:
    """Somebody joins a team, or begins to manage it."""
    team = get_object_or_404(Team.objects.filter(archived_at__isnull=True), pk=pk)
    now = timezone.now()
    form = TeamPersonForm(request.POST or None, initial={"on": Workspace.get().today(now)})
    if request.method == "POST" and form.is_valid():
        chosen = dict(form.cleaned_data)
        try:
            return _changed(request, chosen.pop("person"), reverse("team-edit", args=[pk]), at=now, team=team, **chosen)
        except Refused as refusal:
            refusal.put_into(form)
    note = _("The open deals of a new member come along on that day. Closed deals stay where they were closed.")
    return ask(request, form, title=_("Add somebody"), sub=team.name, submit=_("Add"), note=note)


def _changed(
    request: SignedInRequest,
    person: User,
    address: str,
    *,
    at: datetime,
    team: Team,
    role_in_team: str,
    on: date,
) -> HttpResponse:
    actions.change_team(by=request.user, at=at, user=person, team=team, on=on, role_in_team=role_in_team)
    facts: dict[str, Any] = {"name": person.name, "team": team.name, "day": date_long(on)}
    if role_in_team == TeamRole.MANAGER:
        message = _("%(name)s manages %(team)s from %(day)s") % facts
    else:
        message = _("%(name)s belongs to %(team)s from %(day)s") % facts
    messages.success(request, message)
    return leave_for(request, address)


def _what_follows(deals: int) -> str:
    if not deals:
        return ""
    sentence = ngettext(
        "%(number)s open deal comes along on that day. Closed deals stay where they were closed.",
        "%(number)s open deals come along on that day. Closed deals stay where they were closed.",
        deals,
    )
    return sentence % {"number": deals}
