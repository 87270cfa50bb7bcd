"""One's own API tokens: /settings/tokens/."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from crm.lib.errors import Refused
from teams.access.doors import signed_in
from teams.access.http import SignedInRequest
from teams.people import token_actions
from teams.people.models import ApiToken
from teams.people.token_forms import TokenForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def token_list(request: SignedInRequest) -> HttpResponse:
    """The tokens, and a form for a new one. Its secret is in the answer to the form and nowhere else."""
    form = TokenForm(request.POST or None)
    secret, status = "", 200
    if request.method == "POST":
        secret = _create(request, form)
        status = 201 if secret else 422
    context: dict[str, Any] = {
        "tokens": token_actions.tokens_of(request.user),
        "now": timezone.now(),
        "form": TokenForm() if secret else form,
        "secret": secret,
    }
    return render(request, "teams/profile/tokens.html", context, status=status)


@require_POST
@signed_in
def token_revoke(request: SignedInRequest, token_key: str) -> HttpResponse:
    try:
        token_actions.revoke_token(by=request.user, token_key=token_key)
    except ApiToken.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("Revoked"))
    return redirect("token-list")


def _create(request: SignedInRequest, form: TokenForm) -> str:
    """The secret of the new token, empty when the form has to be looked at again."""
    if not form.is_valid():
        return ""
    try:
        _token, secret = token_actions.create_token(by=request.user, **form.cleaned_data)
    except Refused as refusal:
        refusal.put_into(form)
        return ""
    return secret
