"""Companies and contacts: lists, pages, adding, and editing in place."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from pipeline.contacts import actions
from pipeline.contacts.forms import COMPANY_FIELDS, CONTACT_FIELDS, CompanyForm, ContactForm
from pipeline.contacts.inline import edit_in_place, values_of
from pipeline.contacts.models import Company, Contact
from pipeline.coverage.rules import sentence
from teams.access import Permission, holds
from teams.access.doors import door

PAGE_SIZE = 50
MOST_RELATED = 50
_COMPANY_SORTS = {"name": "sort_key", "city": "city", "territory": "territory__name", "owner": "owner__sort_key"}
_CONTACT_SORTS = {"name": "sort_key", "company": "company__sort_key", "owner": "owner__sort_key"}


@door(Permission.COMPANY_VIEW)
@require_safe
def company_list(request: HttpRequest) -> HttpResponse:
    companies = Company.objects.live().reachable_by(request.user).select_related("owner", "territory")
    return _list(request, companies, _COMPANY_SORTS, "company")


@door(Permission.COMPANY_VIEW)
@require_safe
def contact_list(request: HttpRequest) -> HttpResponse:
    contacts = Contact.objects.live().reachable_by(request.user).select_related("owner", "company")
    return _list(request, contacts, _CONTACT_SORTS, "contact")


@door(Permission.COMPANY_VIEW)
@require_safe
def company(request: HttpRequest, pk: int) -> HttpResponse:
    row = _reached(request, Company, pk, "owner", "territory", "parent")
    related: Any = row
    assignment = row.territory_assignments.filter(ends_at__isnull=True).select_related("territory").first()
    deals = related.deals.live().reachable_by(request.user).select_related("stage", "owner")
    context = {
        "company": row,
        "values": values_of(row, COMPANY_FIELDS, editable=_may_edit(request, row)),
        "deals": deals.order_by("-changed_at", "-pk")[:MOST_RELATED],
        "contacts": row.contacts.live().reachable_by(request.user).by_name()[:MOST_RELATED],
        "assignment": assignment,
        "because": sentence(assignment.trail[-1]) if assignment and assignment.trail else "",
        "can_add": holds(request.user, Permission.COMPANY_EDIT),
        **_conversation(request, related),
    }
    return render(request, "pipeline/contacts/company.html", context)


@door(Permission.COMPANY_VIEW)
@require_safe
def contact(request: HttpRequest, pk: int) -> HttpResponse:
    row = _reached(request, Contact, pk, "owner", "company")
    context = {
        "contact": row,
        "company_visible": row.company_id is not None
        and Company.objects.live().reachable_by(request.user).filter(pk=row.company_id).exists(),
        "values": values_of(row, CONTACT_FIELDS, editable=_may_edit(request, row)),
        **_conversation(request, row),
    }
    return render(request, "pipeline/contacts/contact.html", context)


@door(Permission.COMPANY_EDIT)
@require_http_methods(["GET", "POST"])
def company_add(request: HttpRequest) -> HttpResponse:
    form = CompanyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        added = actions.add_company(by=request.user, at=timezone.now(), **form.cleaned_data)  # type: ignore[arg-type]
        return redirect("company", added.pk)
    status = 422 if form.is_bound else 200
    return render(request, "pipeline/contacts/company_add.html", {"form": form}, status=status)


@door(Permission.COMPANY_EDIT)
@require_http_methods(["GET", "POST"])
def contact_add(request: HttpRequest) -> HttpResponse:
    """A new contact; `?company=7` says where."""
    wanted = request.GET.get("company", "")
    employer = _reached(request, Company, int(wanted)) if wanted.isdecimal() else None
    form = ContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = {**form.cleaned_data, "company": employer}
        added = actions.add_contact(by=request.user, at=timezone.now(), **fields)  # type: ignore[arg-type]
        return redirect("contact", added.pk)
    context = {"form": form, "company": employer}
    return render(request, "pipeline/contacts/contact_add.html", context, status=422 if form.is_bound else 200)


@door(Permission.COMPANY_EDIT)
@require_http_methods(["GET", "POST"])
def company_edit(request: HttpRequest, pk: int, field: str) -> HttpResponse:
    def save(version: int, changes: dict[str, Any]) -> Company:
        by: Any = request.user
        return actions.edit_company(company_id=pk, by=by, at=timezone.now(), version=version, changes=changes)

    return edit_in_place(request, _reached(request, Company, pk), field, known=COMPANY_FIELDS, save=save)


@door(Permission.COMPANY_EDIT)
@require_http_methods(["GET", "POST"])
def contact_edit(request: HttpRequest, pk: int, field: str) -> HttpResponse:
    def save(version: int, changes: dict[str, Any]) -> Contact:
        by: Any = request.user
        return actions.edit_contact(contact_id=pk, by=by, at=timezone.now(), version=version, changes=changes)

    return edit_in_place(request, _reached(request, Contact, pk), field, known=CONTACT_FIELDS, save=save)


def _list(request: HttpRequest, rows: Any, sorts: dict[str, str], name: str) -> HttpResponse:
    words, sort = request.GET.get("q", "").strip(), request.GET.get("sort", "name")
    if sort.removeprefix("-") not in sorts:
        sort = "name"
    if words:
        rows = rows.matching(words)
    key = F(sorts[sort.removeprefix("-")])
    order = key.desc(nulls_last=True) if sort.startswith("-") else key.asc(nulls_last=True)
    context = {
        "page": Paginator(rows.order_by(order, "pk"), PAGE_SIZE).get_page(request.GET.get("page")),
        "q": words,
        "sort": sort,
        "can_add": holds(request.user, Permission.COMPANY_EDIT),
    }
    partial = getattr(request, "htmx", False) and not request.htmx.boosted  # type: ignore[attr-defined]
    return render(request, f"pipeline/contacts/{'_' if partial else ''}{name}_list.html", context)


def _reached(request: HttpRequest, model: Any, pk: int, *related: str) -> Any:
    rows = model.objects.live().reachable_by(request.user)
    return get_object_or_404(rows.select_related(*related) if related else rows, pk=pk)


def _may_edit(request: HttpRequest, row: Any) -> bool:
    return bool(type(row).objects.reachable_by(request.user, Permission.COMPANY_EDIT).filter(pk=row.pk).exists())


def _conversation(request: HttpRequest, row: Any) -> dict[str, Any]:
    """Open activities and notes of a record, as far as the person sees them."""
    activities = row.activities.open().reachable_by(request.user).select_related("assignee")
    notes = row.notes.live().reachable_by(request.user).select_related("author")
    about = f"?{row._meta.model_name}={row.pk}"
    can_write = holds(request.user, Permission.ACTIVITY_EDIT)
    return {
        "plan_url": reverse("activity-add") + about if can_write else "",
        "note_url": reverse("note-add") + about if can_write else "",
        "activities": activities.soonest_first()[:MOST_RELATED],
        "notes": notes.order_by(F("pinned_at").desc(nulls_last=True), "-created_at", "-pk")[:MOST_RELATED],
    }
