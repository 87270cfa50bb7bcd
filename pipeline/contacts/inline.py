"""A record's values, each edited in its place."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from phonenumber_field.phonenumber import PhoneNumber

from crm.lib.errors import Conflict, Refused
from crm.templatetags.formats import country, money, number
from pipeline.contacts.choosing import RelatedCompanyForm, known
from pipeline.contacts.forms import form_of_field, may_hand_over
from pipeline.contacts.models import Company
from teams.access.http import SignedInRequest, version_read
from teams.models import Workspace

RELATED = {"company": gettext_lazy("Company"), "parent": gettext_lazy("Parent company")}
LABELS = {"owner": gettext_lazy("Owner"), **RELATED}


@dataclass(frozen=True)
class Value:
    """One value as the page prints it; `edit_url` is empty for people who may only read."""

    id: str
    label: str
    value: str
    edit_url: str


def values_of(
    row: Any, names: tuple[str, ...], *, by: Any, editable: bool, company: Company | None = None
) -> list[Value]:
    """The values of a record and its owner, whom only people who lead others may change.

    `company` is the one that it belongs to, as far as the person may know it.
    """
    values = [_value(row, name, company, editable=editable) for name in names]
    return [*values, _value(row, "owner", company, editable=editable and may_hand_over(by))]


def edit_in_place(
    request: SignedInRequest,
    row: Any,
    field: str,
    *,
    known: tuple[str, ...],
    save: Callable[[int, dict[str, Any]], Any],
) -> HttpResponse:
    """The editor of a field, its value (`?value`), or the answer to what was entered."""
    if field not in {*known, "owner"}:
        raise Http404
    if request.method != "POST":
        if "value" in request.GET:
            return _answer_value(request, row, field, saved=False)
        return _answer_form(request, row, field, _form(request, row, field), status=200)
    form = _form(request, row, field, request.POST)
    if not form.is_valid():
        return _answer_form(request, row, field, form, status=422)
    try:
        # A form that does not say what it was made from may be as old as the row.
        changed = save(version_read(request) or 0, form.cleaned_data)
    except Conflict as conflict:
        return _answer_conflict(request, row, field, form, conflict)
    except Refused as refusal:
        if refusal.field != field:
            raise
        form.add_error(field, str(refusal))
        return _answer_form(request, row, field, form, status=422)
    return _answer_value(request, changed, field, saved=True)


def _form(request: SignedInRequest, row: Any, field: str, data: Any = None) -> Any:
    make = RelatedCompanyForm if field in RELATED else form_of_field
    return make(row, field, data, by=request.user)


def _value(row: Any, name: str, company: Company | None, *, editable: bool) -> Value:
    label = str(LABELS.get(name) or row._meta.get_field(name).verbose_name)
    words = _in_words(company if name in RELATED else getattr(row, name), name)
    return Value(name, label, words, _edit_url(row, name) if editable else "")


def _editable(request: SignedInRequest, row: Any, name: str) -> Value:
    company = known(getattr(row, f"{name}_id"), by=request.user) if name in RELATED else None
    return _value(row, name, company, editable=True)


def _in_words(stored: Any, name: str) -> str:
    """A value as people read it, empty when there is nothing."""
    if stored is None or stored == "":
        return ""
    if isinstance(stored, PhoneNumber):
        return str(stored.as_international)
    if isinstance(stored, Decimal):
        return str(money(stored, Workspace.get().currency))
    if name == "country":
        return country(stored)
    return str(number(stored)) if name == "employees" else str(stored)


def _edit_url(row: Any, name: str) -> str:
    return reverse(f"{row._meta.model_name}-edit", args=[row.pk, name])


def _answer_value(request: SignedInRequest, row: Any, field: str, *, saved: bool) -> HttpResponse:
    if not request.htmx:
        return HttpResponseRedirect(_page_or_list(request, row))
    value = _editable(request, row, field)
    return render(request, "pipeline/contacts/_value.html", {"value": value, "saved": saved})


def _page_or_list(request: SignedInRequest, row: Any) -> str:
    """The page of the record, unless the change took it out of the person's reach."""
    name = row._meta.model_name
    is_reached = type(row).objects.reachable_by(request.user).filter(pk=row.pk).exists()
    return reverse(name, args=[row.pk]) if is_reached else reverse(f"{name}-list")


def _answer_form(request: SignedInRequest, row: Any, field: str, form: Any, *, status: int) -> HttpResponse:
    context = {
        "value": _editable(request, row, field),
        "row": row,
        "form": form,
        "field": form.shown if field in RELATED else form[field],
        "beside": "pipeline/contacts/_beside_company.html" if field in RELATED else "",
        "action_url": _edit_url(row, field),
        "cancel_url": f"{_edit_url(row, field)}?value",
    }
    name = "_value_form" if request.htmx else "value_page"
    return render(request, f"pipeline/contacts/{name}.html", context, status=status)


def _answer_conflict(request: SignedInRequest, row: Any, field: str, form: Any, conflict: Conflict) -> HttpResponse:
    if not request.htmx:
        raise conflict
    row.refresh_from_db()
    name, mine = form.answer if field in RELATED else (field, request.POST.get(field, ""))
    context = {
        "value": _editable(request, row, field),
        "sentence": str(conflict),
        "name": name,
        "mine": mine,
        "version": row.version,
        "action_url": _edit_url(row, field),
        "take_url": f"{_edit_url(row, field)}?value",
    }
    return render(request, "pipeline/contacts/_value_conflict.html", context, status=409)
