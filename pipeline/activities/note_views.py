"""Writing, changing, pinning and deleting notes."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.lib.errors import Forbidden
from crm.lib.repeats import once
from pipeline.activities import note_actions
from pipeline.activities.answers import about, dialog, told, tried
from pipeline.activities.forms import NoteEditForm, NoteForm
from pipeline.activities.models import Note
from teams.access import Permission
from teams.access.doors import door
from teams.access.http import SignedInRequest, version_read


@door(Permission.ACTIVITY_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
@once
def note_add(request: SignedInRequest) -> HttpResponse:
    records = about(request)
    form = NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        facts = {**form.cleaned_data, **records}
        note = tried(request, form, lambda: note_actions.add_note(by=request.user, at=timezone.now(), **facts))
        if note:
            return told(request, note, _("Note added"), undo="")
    return dialog(request, form, title=_("New note"), submit=_("Add note"))


@door(Permission.ACTIVITY_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def note_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    note = _reached(request, pk)
    if note.author_id != request.user.pk:
        raise Forbidden(_("Only the author can change a note."))
    form = NoteEditForm(request.POST or None, initial={"version": note.version, "body": note.body})
    if request.method == "POST" and form.is_valid():
        facts = {"note_id": pk, **form.cleaned_data}
        saved = tried(request, form, lambda: note_actions.edit_note(by=request.user, at=timezone.now(), **facts))
        if saved:
            return told(request, saved, _("Note changed"), undo="")
    return dialog(request, form, title=_("Change note"), submit=_("Save"))


@door(Permission.ACTIVITY_EDIT)
@require_POST
def note_pin(request: SignedInRequest, pk: int) -> HttpResponse:
    """Pin a note, or with `pinned=0` take it down."""
    _reached(request, pk)
    pinned = request.POST.get("pinned") != "0"
    note = note_actions.pin_note(note_id=pk, by=request.user, at=timezone.now(), pinned=pinned)
    return told(request, note, _("Pinned") if pinned else _("No longer pinned"), undo="")


@door(Permission.ACTIVITY_EDIT)
@require_POST
def note_delete(request: SignedInRequest, pk: int) -> HttpResponse:
    _reached(request, pk)
    version = version_read(request)
    note = note_actions.delete_note(note_id=pk, by=request.user, at=timezone.now(), version=version)
    return told(request, note, _("Note deleted"), undo=reverse("note-restore", args=[pk]))


@door(Permission.ACTIVITY_EDIT)
@require_POST
def note_restore(request: SignedInRequest, pk: int) -> HttpResponse:
    get_object_or_404(Note.objects.reachable_by(request.user).filter(deleted_at__isnull=False), pk=pk)
    note = note_actions.restore_note(note_id=pk, by=request.user, at=timezone.now())
    return HttpResponse(status=204) if request.htmx else told(request, note, _("Restored"), undo="")


def _reached(request: SignedInRequest, pk: int) -> Note:
    note: Note = get_object_or_404(Note.objects.live().reachable_by(request.user), pk=pk)
    return note
