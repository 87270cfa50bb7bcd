"""Users: who is there, inviting them, what they may do, who stands in for them."""

from collections.abc import Iterable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.lib.errors import Conflict, Refused
from crm.lib.forms import entered
from crm.lib.repeats import once
from teams.access import Permission
from teams.access.dialogs import ask, leave_for
from teams.access.doors import door
from teams.access.http import SignedInRequest, asks_for_part
from teams.people import actions, directory, invitations
from teams.people.deputy_actions import add_deputy, end_deputy
from teams.people.forms import DeputyForm, FactsForm, InviteForm, RoleForm, UserFilter
from teams.people.models import ApiToken, Deputy, Team, User
from teams.workspace.models import Workspace

ROWS_PER_PAGE = 50
FACTS = actions.EDITABLE


@require_safe
@door(Permission.PEOPLE_EDIT)
def user_list(request: SignedInRequest) -> HttpResponse:
    """Everybody, narrowed, sorted and paged by the address."""
    today = Workspace.get().today(timezone.now())
    narrowing = UserFilter(request.GET)
    ordering = request.GET.get("ordering", "name")
    if ordering.removeprefix("-") not in directory.ORDERINGS:
        ordering = "name"
    people = directory.listed(narrowing.narrow(User.objects.all(), today), ordering, today)
    page = Paginator(people, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lines": directory.person_lines(page),
        "form": narrowing,
        "ordering": ordering,
        "is_narrowed": any(request.GET.get(name) for name in narrowing.fields),
        "today": today,
    }
    name = "_user_table" if asks_for_part(request) else "user_list"
    return render(request, f"teams/people/{name}.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.PEOPLE_EDIT)
@once
def user_invite(request: SignedInRequest) -> HttpResponse:
    form = InviteForm(request.POST or None, initial={"language": request.user.language})
    if request.method == "POST" and form.is_valid():
        try:
            invited = actions.invite(by=request.user, at=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            refusal.put_into(form)
        else:
            _send(request, invited)
            return redirect("user-edit", invited.pk)
    status = 422 if form.is_bound else 200
    return render(request, "teams/people/user_invite.html", {"form": form}, status=status)


@require_POST
@door(Permission.PEOPLE_EDIT)
def user_invite_again(request: SignedInRequest, pk: int) -> HttpResponse:
    _person(pk)
    _send(request, actions.invite_again(by=request.user, user_id=pk))
    return redirect("user-edit", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.PEOPLE_EDIT)
def user(request: SignedInRequest, pk: int) -> HttpResponse:
    """One person: facts, role, teams, deputies, sign-in. Posting changes the facts."""
    person = _person(pk)
    if request.method != "POST":
        return _show(request, person)
    form = FactsForm(request.POST)
    if form.is_valid():
        try:
            actions.edit_person(by=request.user, user_id=pk, changes=entered(form))
        except Refused as refusal:
            refusal.put_into(form)
        else:
            messages.success(request, _("Saved"))
            return redirect("user-edit", pk)
    return _show(request, person, facts=form)


@require_POST
@door(Permission.PEOPLE_EDIT)
def user_role(request: SignedInRequest, pk: int) -> HttpResponse:
    person = _person(pk)
    form = RoleForm(request.POST)
    if form.is_valid():
        try:
            actions.set_role(by=request.user, at=timezone.now(), user_id=pk, **form.cleaned_data)
        except Conflict as conflict:
            messages.error(request, str(conflict))
            return redirect("user-edit", pk)
        except Refused as refusal:
            refusal.put_into(form)
        else:
            messages.success(request, _("Role changed"))
            return redirect("user-edit", pk)
    return _show(request, person, role=form)


@require_POST
@door(Permission.PEOPLE_EDIT)
def user_reactivate(request: SignedInRequest, pk: int) -> HttpResponse:
    _person(pk)
    person = actions.reactivate(by=request.user, user_id=pk)
    messages.success(request, _("%(name)s is active again") % {"name": person.name})
    return redirect("user-edit", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.PEOPLE_EDIT)
@once
def deputy_add(request: SignedInRequest, pk: int) -> HttpResponse:
    person = _person(pk)
    today = Workspace.get().today(timezone.now())
    form = DeputyForm(request.POST or None, person=person, initial={"starts_on": today})
    if request.method == "POST" and form.is_valid():
        deputy: User = form.cleaned_data["deputy"]
        try:
            add_deputy(by=request.user, at=timezone.now(), person=person, deputy=deputy, **form.days)
        except Refused as refusal:
            refusal.put_into(form)
        else:
            names = {"deputy": deputy.name, "person": person.name}
            messages.success(request, _("%(deputy)s stands in for %(person)s") % names)
            return leave_for(request, reverse("user-edit", args=[pk]))
    note = _("On these days the deputy sees and handles the records of %(name)s.") % {"name": person.name}
    return ask(request, form, title=_("Add a deputy"), sub=person.name, submit=_("Add deputy"), note=note)


@require_POST
@door(Permission.PEOPLE_EDIT)
def deputy_end(request: SignedInRequest, pk: int, deputy_pk: int) -> HttpResponse:
    today = Workspace.get().today(timezone.now())
    running = Deputy.objects.lasting_beyond(today).filter(person_id=pk)
    end_deputy(by=request.user, deputy_id=get_object_or_404(running, pk=deputy_pk).pk, on=today)
    messages.success(request, _("Ended"))
    return redirect("user-edit", pk)


def _person(pk: int) -> User:
    person: User = get_object_or_404(User, pk=pk)
    return person


def _show(
    request: SignedInRequest, person: User, *, facts: FactsForm | None = None, role: RoleForm | None = None
) -> HttpResponse:
    today = Workspace.get().today(timezone.now())
    stays = directory.stays_of(person, today)
    context = {
        "person": person,
        "facts": facts or FactsForm(initial={name: getattr(person, name) for name in FACTS}),
        "role": role or RoleForm(initial={"role": person.role, "was": person.role}),
        "stays": stays,
        "teams_today": _once(row.membership.team for row in stays if not (row.is_planned or row.is_over)),
        "deputies": directory.deputies_of(person, today),
        "tokens": ApiToken.objects.filter(user=person).count(),
        "is_self": person.pk == request.user.pk,
        "today": today,
    }
    return render(request, "teams/people/user.html", context, status=422 if facts or role else 200)


def _once(teams: Iterable[Team]) -> list[Team]:
    return list(dict.fromkeys(teams))


def _send(request: HttpRequest, invited: User) -> None:
    """Send the invitation and tell how it went; the person stays invited either way."""
    try:
        invitations.send(invited, by=request.user)  # type: ignore[arg-type]
    except OSError:
        messages.error(request, _("The mail could not be sent. Send the invitation again later."))
    else:
        messages.success(request, _("Invitation sent to %(email)s") % {"email": invited.email})
