"""Asking by a form in a dialog, and leaving it. Without script the dialog is a page of its own."""

from typing import Any

from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import HttpResponseClientRedirect

from teams.access.http import SignedInRequest


def ask(request: SignedInRequest, form: BaseForm, *, title: str, submit: str, **more: Any) -> HttpResponse:
    """The form, 422 where it has to be looked at again; `more` is what else `components/form_dialog.html` can say."""
    context = {"form": form, "title": title, "submit": submit, "address": request.get_full_path(), **more}
    return render(request, "components/form_dialog.html", context, status=422 if form.is_bound else 200)


def leave_for(request: SignedInRequest, address: str) -> HttpResponse:
    """On to another page; a dialog leaves together with the page below it."""
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
