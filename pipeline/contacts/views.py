"""Contacts: list, page, adding, editing in place, the bin."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.lib.repeats import once
from crm.lib.text import whole_number
from pipeline.contacts import actions, record_page
from pipeline.contacts.choosing import known, suggested
from pipeline.contacts.filters import ContactFilter
from pipeline.contacts.forms import CONTACT_VALUES, ContactForm
from pipeline.contacts.inline import edit_in_place, values_of
from pipeline.contacts.models import Company, Contact
from pipeline.saved_views.filter_bar import filter_form
from teams.access import Permission
from teams.access.doors import door
from teams.access.http import SignedInRequest, asks_for_part

# How the forms with suggestions call the input.
NAMED_IN = ("company", "company_name", "parent")


@door(Permission.COMPANY_VIEW)
@require_safe
def company_options(request: SignedInRequest) -> HttpResponse:
    """Companies within reach whose name holds what was typed, as options of a list of suggestions."""
    typed = next((request.GET[name] for name in NAMED_IN if name in request.GET), "")
    context = {"companies": suggested(typed, by=request.user)}
    return render(request, "pipeline/contacts/_company_options.html", context)


@door(Permission.COMPANY_VIEW)
@require_safe
def contact_list(request: SignedInRequest) -> HttpResponse:
    contacts = Contact.objects.reachable_by(request.user).with_employer(request.user).select_related("owner")
    shown = ContactFilter(request.GET, contacts, user=request.user)
    context = record_page.list_context(request, shown, shown.qs)
    name = "_contact_list" if asks_for_part(request) else "contact_list"
    return render(request, f"pipeline/contacts/{name}.html", context)


@door(Permission.COMPANY_VIEW)
@require_safe
def contact_filter(request: SignedInRequest) -> HttpResponse:
    """The form that narrows the list."""
    nothing = ContactFilter(request.GET, Contact.objects.none(), user=request.user)
    return filter_form(request, record_page.filter_bar(request, nothing))


@door(Permission.COMPANY_VIEW)
@require_safe
def contact(request: SignedInRequest, pk: int) -> HttpResponse:
    row = record_page.shown(request, Contact, pk, "owner")
    employer = known(row.company_id, by=request.user)
    editable = record_page.may_edit(request, row)
    roles = row.deal_roles.filter(deal__in=_deals_of(request, row)).select_related("deal__stage")
    context = {
        "contact": row,
        "company": employer,
        "values": values_of(row, CONTACT_VALUES, by=request.user, editable=editable, company=employer),
        "roles": roles.order_by("-deal__changed_at", "-pk")[: record_page.MOST_RELATED],
        **record_page.record_context(request, row),
    }
    return render(request, "pipeline/contacts/contact.html", context)


@door(Permission.COMPANY_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
@once
def contact_add(request: SignedInRequest) -> HttpResponse:
    """A new contact; `?company=7` says where."""
    wanted = whole_number(request.GET.get("company", ""))
    employer = None if wanted is None else record_page.reached(request, Company, wanted)
    form = ContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = {**form.cleaned_data, "company": employer}
        added = actions.add_contact(by=request.user, at=timezone.now(), **fields)
        return redirect("contact", added.pk)
    return record_page.ask_to_add(request, form, title=_("New contact"), company=employer)


@door(Permission.COMPANY_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def contact_edit(request: SignedInRequest, pk: int, field: str) -> HttpResponse:
    def save(version: int, changes: dict[str, Any]) -> Contact:
        return actions.edit_contact(contact_id=pk, by=request.user, at=timezone.now(), version=version, changes=changes)

    row = record_page.reached(request, Contact, pk)
    return edit_in_place(request, row, field, known=CONTACT_VALUES, save=save)


@door(Permission.COMPANY_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def contact_delete(request: SignedInRequest, pk: int) -> HttpResponse:
    return record_page.delete(request, record_page.reached(request, Contact, pk), actions.delete_contact)


@door(Permission.COMPANY_EDIT)
@require_POST
def contact_restore(request: SignedInRequest, pk: int) -> HttpResponse:
    return record_page.restore(request, Contact, pk, actions.restore_contact)


def _deals_of(request: SignedInRequest, row: Any) -> Any:
    """The deals within reach; of which slice, the relation knows."""
    deals: Any = row.deal_roles.model._meta.get_field("deal").related_model
    return deals.objects.live().reachable_by(request.user)
