"""The settings of the workspace: /settings/workspace/."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from pipeline.settings import actions
from pipeline.settings.answering import Question, answer
from pipeline.settings.forms import WorkspaceForm
from teams.access import Permission
from teams.access.doors import door
from teams.access.http import SignedInRequest
from teams.models import Workspace


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.WORKSPACE_EDIT)
def workspace_settings(request: SignedInRequest) -> HttpResponse:
    def save(values: dict[str, Any]) -> None:
        version = values.pop("version")
        actions.edit_workspace(by=request.user, version=version, changes=values)

    question = Question(
        template="pipeline/settings/workspace.html",
        form_for=lambda data: WorkspaceForm(data, workspace=Workspace.get()),
        save=save,
        back=reverse("workspace-settings"),
        done=_("Saved"),
    )
    return answer(request, question)
