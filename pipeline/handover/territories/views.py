"""Territories: the map, one of them with its rule and its companies, what a change would move, and applying it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.lib.errors import Refused
from crm.lib.repeats import once
from pipeline.coverage.rules import in_words
from pipeline.handover.territories import actions, page
from pipeline.handover.territories.forms import AddForm, EndForm, MemberForm, NameForm, RuleEditor
from pipeline.handover.territories.preview import Preview, conflicts, preview
from teams.access import Permission
from teams.access.dialogs import ask, leave_for
from teams.access.doors import door
from teams.access.http import SignedInRequest, version_read
from teams.models import AuditEntry, Territory, TerritoryMembership, Workspace
from teams.territories import actions as tree
from teams.territories.actions import Changes
from teams.territories.visible import visible_territories

SALT = "territory-moves"
AGREED_FOR = timedelta(hours=2)
MOVES_SHOWN = 200
_STEPS = {"up": -1, "down": 1}


@door(Permission.TERRITORY_VIEW)
@require_safe
def territory_list(request: SignedInRequest) -> HttpResponse:
    """The map; beside it, where a screen has room, the first territory."""
    if first := page.first_of(request.user):
        return _page(request, first, RuleEditor(first), is_beside=True)
    today = Workspace.get().today(timezone.now())
    context = {"map": page.territories(request.user, today=today)}
    return render(request, "pipeline/coverage/list.html", context)


@door(Permission.TERRITORY_VIEW)
@require_safe
def territory(request: SignedInRequest, pk: int) -> HttpResponse:
    shown = _visible(request, pk)
    return _page(request, shown, RuleEditor(shown))


@door(Permission.TERRITORY_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def territory_preview(request: SignedInRequest, pk: int) -> HttpResponse:
    """What the rule as typed would move; or the form with another row; or one place up or down."""
    shown = _visible(request, pk)
    if request.method != "POST":
        return redirect("territory", pk)
    if step := _STEPS.get(request.POST.get("step", "")):
        return _proposed(request, shown, RuleEditor(shown), tree.moved_among_siblings(shown, places=step))
    if "archived" in request.POST:
        archived = request.POST["archived"] == "yes"
        return _proposed(request, shown, RuleEditor(shown), {pk: {"archived": archived, "is_catch_all": False}})
    editor = RuleEditor(shown, request.POST)
    if editor.changing_rows:
        return _page(request, shown, editor)
    if not editor.is_valid():
        return _page(request, shown, editor, status=422)
    return _proposed(request, shown, editor, {pk: editor.changes})


@door(Permission.TERRITORY_EDIT)
@require_safe
def territory_moves(request: SignedInRequest) -> HttpResponse:
    """Companies that are not where the rules put them, for instance after an import."""
    now = timezone.now()
    seen = preview({}, now=now)
    context = {
        "map": page.territories(request.user, today=Workspace.get().today(now)),
        "conflicts": conflicts(),
        **_agreement(request, seen, {}, {}),
    }
    return render(request, "pipeline/coverage/moves.html", context)


@door(Permission.TERRITORY_EDIT)
@require_POST
def territory_apply(request: SignedInRequest) -> HttpResponse:
    """Do what a preview showed; shows the new preview if other companies would move by now."""
    agreed = _agreed(request)
    changes: Changes = {int(pk): wanted for pk, wanted in agreed["changes"].items()}
    versions = {int(pk): version for pk, version in agreed["versions"].items()}
    try:
        applied = actions.apply(
            changes=changes, by=request.user, at=timezone.now(), versions=versions, seen=agreed["seen"]
        )
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect(agreed["page"])
    moved = ngettext("%(number)d company moved", "%(number)d companies moved", applied.companies)
    undo_url = reverse("territory-undo", args=[applied.entry.pk]) if applied.entry else ""
    messages.success(request, moved % {"number": applied.companies}, extra_tags=undo_url)
    return redirect(agreed["page"])


@door(Permission.TERRITORY_EDIT)
@require_POST
def territory_undo(request: SignedInRequest, entry: int) -> HttpResponse:
    try:
        applied = actions.undo(entry_id=entry, by=request.user, at=timezone.now())
    except AuditEntry.DoesNotExist as error:
        raise Http404 from error
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    moved = ngettext("%(number)d company moved back", "%(number)d companies moved back", applied.companies)
    messages.success(request, moved % {"number": applied.companies})
    return redirect("territory-list")


@door(Permission.TERRITORY_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
@once
def territory_add(request: SignedInRequest) -> HttpResponse:
    places = visible_territories(request.user).filter(archived_at__isnull=True).order_by("priority", "pk")
    form = AddForm(request.POST or None, territories=places, initial={"parent": request.GET.get("below")})

    def add(fields: dict[str, Any]) -> str:
        return reverse("territory", args=[tree.add_territory(by=request.user, at=timezone.now(), **fields).pk])

    return _dialog(request, form, add, title=_("New territory"), submit=_("Add"))


@door(Permission.TERRITORY_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def territory_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    shown = _visible(request, pk)
    form = NameForm(request.POST or None, initial={"name": shown.name, "manager": shown.manager_id})

    def edit(fields: dict[str, Any]) -> str:
        version = version_read(request)
        tree.edit_territory(territory_id=pk, by=request.user, at=timezone.now(), version=version, changes=fields)
        return reverse("territory", args=[pk])

    return _dialog(request, form, edit, title=shown.name, submit=_("Save"), version=shown.version)


@door(Permission.TERRITORY_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
@once
def member_add(request: SignedInRequest, pk: int) -> HttpResponse:
    shown = _visible(request, pk)
    today = Workspace.get().today(timezone.now())
    form = MemberForm(request.POST or None, initial={"starts_on": today})

    def add(fields: dict[str, Any]) -> str:
        tree.add_member(territory_id=pk, by=request.user, at=timezone.now(), **fields)
        return reverse("territory", args=[pk])

    title = _("Add a person to %(name)s") % {"name": shown.name}
    return _dialog(request, form, add, title=title, submit=_("Add"))


@door(Permission.TERRITORY_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def member_end(request: SignedInRequest, pk: int) -> HttpResponse:
    memberships = TerritoryMembership.objects.select_related("user", "territory")
    membership = get_object_or_404(memberships, pk=pk, territory__in=visible_territories(request.user))
    form = EndForm(request.POST or None, initial={"ends_on": Workspace.get().today(timezone.now())})

    def end(fields: dict[str, Any]) -> str:
        tree.end_membership(membership_id=pk, by=request.user, at=timezone.now(), **fields)
        return reverse("territory", args=[membership.territory_id])

    title = f"{membership.user.name}, {membership.territory.name}"
    return _dialog(request, form, end, title=title, submit=_("Save"))


def _visible(request: SignedInRequest, pk: int) -> Territory:
    territories = visible_territories(request.user).select_related("parent", "manager")
    return get_object_or_404(territories, pk=pk)


def _proposed(request: SignedInRequest, shown: Territory, editor: RuleEditor, changes: Changes) -> HttpResponse:
    versions = dict(Territory.objects.filter(pk__in=changes).values_list("pk", "version"))
    if (version := version_read(request)) is not None:
        versions[shown.pk] = version
    agreement = _agreement(request, preview(changes, now=timezone.now()), changes, versions, shown)
    return _page(request, shown, editor, **agreement)


def _page(
    request: SignedInRequest, shown: Territory, editor: RuleEditor, *, status: int = 200, **more: Any
) -> HttpResponse:
    now = timezone.now()
    today = Workspace.get().today(now)
    companies, placed = page.companies_in(shown, request.user, request.GET.get("page"))
    context = {
        "territory": shown,
        "map": page.territories(request.user, today=today, current=shown),
        "editor": editor,
        "page": companies,
        "placed": placed,
        "members": page.members(shown, request.user, today=today, now=now),
        "pinned": page.pinned_here(shown),
        "rule_in_words": in_words(shown.rules),
        "currency": Workspace.get().currency,
        **more,
    }
    return render(request, "pipeline/coverage/territory.html", context, status=status)


def _agreement(
    request: SignedInRequest, seen: Preview, changes: Changes, versions: dict[int, int], shown: Territory | None = None
) -> dict[str, Any]:
    """The preview for the template, with what "Apply" sends: the changes and what was seen, signed."""
    agreed = {
        "changes": {pk: dict(wanted) for pk, wanted in changes.items()},
        "versions": versions,
        "seen": seen.fingerprint,
        "page": reverse("territory", args=[shown.pk]) if shown else reverse("territory-list"),
    }
    return {
        "preview": seen,
        "moves": seen.moves[:MOVES_SHOWN],
        "more_moves": max(0, len(seen.moves) - MOVES_SHOWN),
        "moves_in": seen.into(shown) if shown else None,
        "moves_out": seen.out_of(shown) if shown else None,
        "currency": Workspace.get().currency,
        "agreed": signing.dumps(agreed, salt=SALT, compress=True),
    }


def _agreed(request: SignedInRequest) -> dict[str, Any]:
    try:
        agreed: dict[str, Any] = signing.loads(request.POST.get("agreed", ""), salt=SALT, max_age=AGREED_FOR)
    except signing.BadSignature as fault:
        raise Refused(_("This preview is too old. Look at the moves again."), code="stale_preview") from fault
    return agreed


def _dialog(
    request: SignedInRequest, form: Any, do: Callable[[dict[str, Any]], str], *, title: str, submit: str, **more: Any
) -> HttpResponse:
    """Ask by a form, then do it and go where that says; a refusal stands beside its field."""
    if request.method == "POST" and form.is_valid():
        try:
            there = do(form.cleaned_data)
        except Refused as refusal:
            refusal.put_into(form)
            # What was typed is still based on what was read.
            more |= {"version": request.POST["version"]} if "version" in request.POST else {}
        else:
            return leave_for(request, there)
    return ask(request, form, title=title, submit=submit, **more)
