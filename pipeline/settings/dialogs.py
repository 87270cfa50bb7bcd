"""What the pages of pipelines, stages and reasons share: the dialog that changes a row, and one place up or down."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from pipeline.settings.answering import Question, answer
from pipeline.settings.stage_forms import NamesForm
from teams.access.http import SignedInRequest

FORM = "pipeline/settings/form_dialog.html"
UP, DOWN = -1, 1


def edit(
    request: SignedInRequest,
    row: Any,
    form: type[NamesForm],
    fields: tuple[str, ...],
    action: Callable[..., Any],
    *,
    back: str,
    sub: str = "",
) -> HttpResponse:
    """Change fields of a labelled row; `action` takes `version` and `changes` besides what it knows already."""

    def save(values: dict[str, Any]) -> None:
        version = values.pop("version")
        action(version=version, changes=values)

    initial = {name: getattr(row, name) for name in (*fields, "version")}
    question = Question(
        FORM,
        lambda data: form(data, initial=initial),
        save,
        back,
        _("Saved"),
    )
    return answer(request, question, title=row.label, sub=sub, submit=_("Save"))


def places(request: SignedInRequest) -> int:
    """One up or one down, as the button says."""
    return UP if request.POST.get("to") == "up" else DOWN
