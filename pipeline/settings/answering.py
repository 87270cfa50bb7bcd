"""A form that changes something others may change too: asked, refused, in conflict, done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRefresh

from crm.lib.errors import Conflict, FieldConflict, Refused
from crm.templatetags.formats import percent
from pipeline.settings.forms import PercentField
from teams.access.http import SignedInRequest

FormFor = Callable[[Any], forms.Form]


@dataclass(frozen=True)
class Question:
    """What is asked and what is done with the answer.

    `form_for` makes the form from what was posted, or from None; `save` takes its values and may raise Refused. After
    a conflict "save" means "keep mine".
    """

    template: str
    form_for: FormFor
    save: Callable[[dict[str, Any]], Any]
    back: str
    done: str


def answer(request: SignedInRequest, question: Question, **context: Any) -> HttpResponse:
    """The form; 422 with what to enter instead, 409 with what is in the way, or back to where it was asked."""
    form = question.form_for(request.POST if request.method == "POST" else None)
    status, conflicts = 200, []
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                question.save(form.cleaned_data)
            except Conflict as conflict:
                conflicts = [_sentence(form, each) for each in conflict.conflicts]
                form, status = question.form_for(conflict.brought_up_to_date(form)), 409
            except Refused as refusal:
                refusal.put_into(form)
                status = 409
            else:
                return _done(request, question)
    shown = {"form": form, "conflicts": conflicts, "address": request.get_full_path(), "back": question.back}
    return render(request, question.template, {**shown, **context}, status=status)


def _done(request: SignedInRequest, question: Question) -> HttpResponse:
    messages.success(request, question.done)
    return HttpResponseClientRefresh() if request.htmx else redirect(question.back)


def _sentence(form: forms.Form, conflict: FieldConflict) -> str:
    """Ada set “Name” to Kontor. You entered Office."""
    field = form.fields[conflict.field]
    words = _("%(name)s set “%(field)s” to %(theirs)s. You entered %(yours)s.")
    return words % {
        "name": conflict.by or _("Somebody"),
        "field": field.label,
        "theirs": in_words(field, conflict.theirs),
        "yours": in_words(field, conflict.yours),
    }


def in_words(field: forms.Field, value: Any) -> str:
    """A value as the audit trail keeps it, as the form offers it."""
    if isinstance(value, list):
        return ", ".join(in_words(field, each) for each in value) or "–"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if value in (None, ""):
        return "–"
    if isinstance(field, PercentField):
        return percent(value)
    return str(dict(_flat(getattr(field, "choices", ()))).get(value, value))


def _flat(choices: Any) -> Any:
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from _flat(label)
        else:
            yield value, label
