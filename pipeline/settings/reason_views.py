"""The reasons for which deals are won and lost: /stages/reasons/."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.lib.repeats import once
from pipeline.settings.answering import Question, answer
from pipeline.settings.dialogs import FORM, edit, places
from pipeline.settings.stage_forms import NewReasonForm, ReasonForm
from pipeline.stages import reason_actions as actions
from pipeline.stages.models import CloseReason, Outcome
from teams.access import Permission
from teams.access.doors import door
from teams.access.http import SignedInRequest


@require_safe
@door(Permission.STAGE_EDIT)
def reason_settings(request: SignedInRequest) -> HttpResponse:
    reasons = list(CloseReason.objects.filter(code="").order_by("position", "pk"))
    outcomes = [
        {
            "value": outcome.value,
            "label": outcome.label,
            "reasons": [row for row in reasons if row.outcome == outcome and row.archived_at is None],
            "archived": [row for row in reasons if row.outcome == outcome and row.archived_at],
        }
        for outcome in (Outcome.LOST, Outcome.WON)
    ]
    return render(request, "pipeline/settings/reasons.html", {"outcomes": outcomes})


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.STAGE_EDIT)
@once
def reason_add(request: SignedInRequest) -> HttpResponse:
    """A new reason; `?outcome=won` says for which deals."""

    def save(values: dict[str, Any]) -> None:
        del values["version"]
        actions.add_reason(by=request.user, **values)

    initial = {"outcome": request.GET.get("outcome", Outcome.LOST)}
    question = Question(
        FORM,
        lambda data: NewReasonForm(data, initial=initial),
        save,
        reverse("reason-settings"),
        _("Reason added"),
    )
    return answer(request, question, title=_("Add reason"), submit=_("Add reason"))


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.STAGE_EDIT)
def reason_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    reason = _offered(pk)
    action = partial(actions.edit_reason, by=request.user, reason_id=pk)
    back, sub = reverse("reason-settings"), reason.get_outcome_display()
    return edit(request, reason, ReasonForm, actions.REASON_FIELDS, action, back=back, sub=sub)


@require_POST
@door(Permission.STAGE_EDIT)
def reason_move(request: SignedInRequest, pk: int) -> HttpResponse:
    _offered(pk)
    actions.move_reason(by=request.user, reason_id=pk, by_places=places(request))
    return redirect(f"{reverse('reason-settings')}#reason-{pk}")


@require_POST
@door(Permission.STAGE_EDIT)
def reason_archive(request: SignedInRequest, pk: int) -> HttpResponse:
    _offered(pk)
    actions.archive_reason(by=request.user, at=timezone.now(), reason_id=pk)
    messages.success(request, _("Archived"))
    return redirect("reason-settings")


@require_POST
@door(Permission.STAGE_EDIT)
def reason_unarchive(request: SignedInRequest, pk: int) -> HttpResponse:
    _offered(pk)
    actions.unarchive_reason(by=request.user, reason_id=pk)
    messages.success(request, _("Taken back into use"))
    return redirect("reason-settings")


def _offered(pk: int) -> CloseReason:
    """A reason that people choose from; those of imports have no place on the page."""
    return get_object_or_404(CloseReason, pk=pk, code="")
