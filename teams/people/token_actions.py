"""Making and revoking API tokens: each of oneself, and shown once."""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from crm.lib.errors import Refused
from teams.audit.record import record
from teams.people.guards import locked_person
from teams.people.models import ApiToken, TokenScope, User

MOST_TOKENS = 200
LONGEST = timedelta(days=365)


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """The tokens of a person, newest first, expired ones included."""
    return ApiToken.objects.filter(user=user).order_by("-created", "pk")


@transaction.atomic
def create_token(*, by: User, name: str, scope: str, lifetime: timedelta) -> tuple[ApiToken, str]:
    """A new token and its secret, which nobody can read again."""
    user = locked_person(by.pk)
    if scope not in TokenScope.values or not timedelta(0) < lifetime <= LONGEST:
        raise Refused(_("Choose what the token may do and for how long, at most a year."), code="invalid")
    if not name.strip():
        raise Refused(_("Enter a name that says what the token is for."), code="invalid", field="name")
    if tokens_of(user).count() >= MOST_TOKENS:
        message = _("You have %(number)s tokens. Revoke one that is no longer used.")
        raise Refused(message % {"number": MOST_TOKENS}, code="too_many")
    token, secret = ApiToken.objects.create(user=user, name=name.strip()[:80], scope=scope, expiry=lifetime)
    changes = {"scope": [None, token.scope], "expiry": [None, token.expiry.isoformat()]}
    record("token.created", by=by, subject=user, label=token.name, changes=changes)
    return token, secret


@transaction.atomic
def revoke_token(*, by: User, token_key: str) -> None:
    """End a token of one's own at once. `token_key` is its beginning. Raises `ApiToken.DoesNotExist`."""
    token = ApiToken.objects.select_for_update().get(user=by, token_key=token_key)
    record("token.revoked", by=by, subject=by, label=token.name)
    token.delete()
