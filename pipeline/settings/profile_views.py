"""What a person says about herself: /settings/profile/."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from pipeline.settings import actions
from pipeline.settings.answering import Question, answer
from pipeline.settings.forms import ProfileForm
from teams.access.doors import signed_in
from teams.access.http import SignedInRequest


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def profile(request: SignedInRequest) -> HttpResponse:
    def save(values: dict[str, Any]) -> None:
        actions.edit_profile(by=request.user, at=timezone.now(), changes=values)

    wanted = request.POST.get("language", "")
    with translation.override(wanted if wanted in dict(settings.LANGUAGES) else request.user.language):
        done = _("Saved")  # in the language of the page that says it
    question = Question(
        template="pipeline/settings/profile.html",
        form_for=lambda data: ProfileForm(data, user=request.user),
        save=save,
        back=reverse("profile"),
        done=done,
    )
    return answer(request, question)
