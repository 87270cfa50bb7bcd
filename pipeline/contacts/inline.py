"""A record's values, each edited in its place."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from phonenumber_field.phonenumber import PhoneNumber

from crm.lib.errors import Conflict
from crm.templatetags.formats import money, number
from pipeline.contacts.forms import form_of_field, may_hand_over
from teams.models import Workspace


@dataclass(frozen=True)
class Value:
    """One value as the page prints it; `edit_url` is empty for people who may only read."""

    id: str
    label: str
    value: str
    edit_url: str


def values_of(row: Any, names: tuple[str, ...], *, by: Any, editable: bool) -> list[Value]:
    """The values of a record and its owner, whom only people who lead others may change."""
    values = [_value(row, name, editable=editable) for name in names]
    return [*values, _value(row, "owner", editable=editable and may_hand_over(by))]


def edit_in_place(
    request: HttpRequest, row: Any, field: str, *, known: tuple[str, ...], save: Callable[[int, dict[str, Any]], Any]
) -> HttpResponse:
    """The editor of a field, its value (`?value`), or the answer to what was entered."""
    if field not in {*known, "owner"}:
        raise Http404
    if request.method != "POST":
        if "value" in request.GET:
            return _answer_value(request, row, field, saved=False)
        return _answer_form(request, row, field, form_of_field(row, field, by=request.user), status=200)
    form = form_of_field(row, field, request.POST, by=request.user)
    if not form.is_valid():
        return _answer_form(request, row, field, form, status=422)
    try:
        changed = save(_version(request, row), form.cleaned_data)
    except Conflict as conflict:
        return _answer_conflict(request, row, field, conflict)
    return _answer_value(request, changed, field, saved=True)


def _version(request: HttpRequest, row: Any) -> int:
    version = request.POST.get("version", "")
    return int(version) if version.isdecimal() and len(version) < 10 else row.version


def _value(row: Any, name: str, *, editable: bool) -> Value:
    label = str(_("Owner") if name == "owner" else row._meta.get_field(name).verbose_name)
    return Value(name, label, _in_words(getattr(row, name), name), _edit_url(row, name) if editable else "")


def _in_words(stored: Any, name: str) -> str:
    """A value as people read it, empty when there is nothing."""
    if stored is None or stored == "":
        return ""
    if isinstance(stored, PhoneNumber):
        return str(stored.as_international)
    if isinstance(stored, Decimal):
        return str(money(stored, Workspace.get().currency))
    return str(number(stored)) if name == "employees" else str(stored)


def _edit_url(row: Any, name: str) -> str:
    return reverse(f"{row._meta.model_name}-edit", args=[row.pk, name])


def _answer_value(request: HttpRequest, row: Any, field: str, *, saved: bool) -> HttpResponse:
    if not getattr(request, "htmx", False):
        return HttpResponseRedirect(reverse(row._meta.model_name, args=[row.pk]))
    value = _value(row, field, editable=True)
    return render(request, "pipeline/contacts/_value.html", {"value": value, "saved": saved})


def _answer_form(request: HttpRequest, row: Any, field: str, form: Any, *, status: int) -> HttpResponse:
    context = {
        "value": _value(row, field, editable=True),
        "row": row,
        "field": form[field],
        "action_url": _edit_url(row, field),
        "cancel_url": f"{_edit_url(row, field)}?value",
    }
    name = "_value_form" if getattr(request, "htmx", False) else "value_page"
    return render(request, f"pipeline/contacts/{name}.html", context, status=status)


def _answer_conflict(request: HttpRequest, row: Any, field: str, conflict: Conflict) -> HttpResponse:
    if not getattr(request, "htmx", False):
        raise conflict
    row.refresh_from_db()
    context = {
        "value": _value(row, field, editable=True),
        "sentence": str(conflict),
        "mine": request.POST.get(field, ""),
        "version": row.version,
        "action_url": _edit_url(row, field),
        "take_url": f"{_edit_url(row, field)}?value",
    }
    return render(request, "pipeline/contacts/_value_conflict.html", context, status=409)
