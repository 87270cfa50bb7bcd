"""Companies: list, page with their deals and territory, adding, editing in place, the bin."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from crm.lib.errors import Refused
from crm.lib.repeats import once
from crm.lib.text import SingleLine
from pipeline.contacts import record_page
from pipeline.contacts.actions import add_company, delete_company
from pipeline.contacts.choosing import known
from pipeline.contacts.filters import CompanyFilter
from pipeline.contacts.forms import COMPANY_VALUES, CompanyForm
from pipeline.contacts.inline import edit_in_place, values_of
from pipeline.contacts.models import Company
from pipeline.deals import customers
from pipeline.saved_views.filter_bar import filter_form
from pipeline.work import company_page
from teams.access import Permission, holds
from teams.access.dialogs import ask
from teams.access.doors import door
from teams.access.http import SignedInRequest, asks_for_part
from teams.models import Territory, Workspace
from teams.territories.visible import visible_territories


class PinForm(forms.Form):
    territory = forms.ModelChoiceField(
        label=gettext_lazy("Territory"),
        queryset=Territory.objects.none(),
        empty_label=gettext_lazy("Choose a territory"),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, validators=[SingleLine()])

    def __init__(self, *args: Any, territories: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered: Any = self.fields["territory"]
        offered.queryset = territories


@door(Permission.COMPANY_VIEW)
@require_safe
def company_list(request: SignedInRequest) -> HttpResponse:
    now = timezone.now()
    companies = Company.objects.reachable_by(request.user)
    shown = CompanyFilter(request.GET, companies, user=request.user, now=now)
    totals = company_page.open_totals(shown.qs, request.user, now)
    rows = company_page.with_open_deals(shown.qs.select_related("owner", "territory"), request.user, now)
    context = record_page.list_context(request, shown, rows, number=totals.companies)
    context |= {
        "totals": totals,
        "rows": list(context["page"]),
        "currency": Workspace.get().currency,
    }
    name = "_company_list" if asks_for_part(request) else "company_list"
    return render(request, f"pipeline/contacts/{name}.html", context)


@door(Permission.COMPANY_VIEW)
@require_safe
def company_filter(request: SignedInRequest) -> HttpResponse:
    """The form that narrows the list."""
    nothing = CompanyFilter(request.GET, Company.objects.none(), user=request.user)
    return filter_form(request, record_page.filter_bar(request, nothing))


@door(Permission.COMPANY_VIEW)
@require_safe
def company(request: SignedInRequest, pk: int) -> HttpResponse:
    row = record_page.shown(request, Company, pk, "owner", "territory")
    now = timezone.now()
    parent, editable = known(row.parent_id, by=request.user), record_page.may_edit(request, row)
    context = {
        "company": row,
        "parent": parent,
        "values": values_of(row, COMPANY_VALUES, by=request.user, editable=editable, company=parent),
        "outcomes": company_page.outcomes(row, request.user, now),
        "placement": company_page.placement(row, request.user),
        "contacts": row.contacts.live().reachable_by(request.user).by_name()[: record_page.MOST_RELATED],
        "currency": Workspace.get().currency,
        "can_add": row.deleted_at is None and holds(request.user, Permission.COMPANY_EDIT),
        "can_add_deal": row.deleted_at is None and holds(request.user, Permission.DEAL_ADD),
        "can_place": row.deleted_at is None and holds(request.user, Permission.TERRITORY_EDIT),
        **record_page.record_context(request, row),
    }
    return render(request, "pipeline/contacts/company.html", context)


@door(Permission.COMPANY_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
@once
def company_add(request: SignedInRequest) -> HttpResponse:
    form = CompanyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        added = add_company(by=request.user, at=timezone.now(), **form.cleaned_data)
        return redirect("company", added.pk)
    return record_page.ask_to_add(request, form, title=_("New company"))


@door(Permission.COMPANY_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def company_edit(request: SignedInRequest, pk: int, field: str) -> HttpResponse:
    def save(version: int, changes: dict[str, Any]) -> Company:
        return customers.edit_company(
            company_id=pk, by=request.user, at=timezone.now(), version=version, changes=changes
        )

    row = record_page.reached(request, Company, pk)
    return edit_in_place(request, row, field, known=COMPANY_VALUES, save=save)


@door(Permission.COMPANY_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def company_delete(request: SignedInRequest, pk: int) -> HttpResponse:
    return record_page.delete(request, record_page.reached(request, Company, pk), delete_company)


@door(Permission.COMPANY_EDIT)
@require_POST
def company_restore(request: SignedInRequest, pk: int) -> HttpResponse:
    return record_page.restore(request, Company, pk, customers.restore_company)


@door(Permission.TERRITORY_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def company_pin(request: SignedInRequest, pk: int) -> HttpResponse:
    """Into a territory by hand, with the reason."""
    row = record_page.reached(request, Company, pk)
    offered = visible_territories(request.user).filter(archived_at__isnull=True).order_by("priority", "pk")
    form = PinForm(request.POST or None, territories=offered, initial={"territory": row.territory_id})
    if request.method == "POST" and form.is_valid():
        try:
            customers.pin_company(company_id=pk, by=request.user, at=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            refusal.put_into(form)
        else:
            return _placed(request, pk, _("Pinned to %(name)s") % {"name": form.cleaned_data["territory"].name})
    return ask(
        request,
        form,
        title=_("Pin %(name)s to a territory") % {"name": row.name},
        text=_("Rules leave the company there until it is released. Its open deals follow."),
        submit=_("Pin"),
    )


@door(Permission.TERRITORY_EDIT)
@require_POST
def company_release(request: SignedInRequest, pk: int) -> HttpResponse:
    record_page.reached(request, Company, pk)
    customers.release_company(company_id=pk, by=request.user, at=timezone.now())
    return _placed(request, pk, _("Given back to the rules"))


def _placed(request: SignedInRequest, pk: int, message: str) -> HttpResponse:
    messages.success(request, message)
    return HttpResponseClientRefresh() if request.htmx else redirect("company", pk)
