"""Signing in to the API with a token."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

from teams.people.models import ApiToken, TokenScope, User

# How exactly "last used" is known: not every call writes.
USE_IS_NOTED_AFTER = timedelta(minutes=5)


class BearerToken(TokenAuthentication):
    """`Authorization: Bearer <token>`; carries at most the rights of its person."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        try:
            user, api_token = super().authenticate_credentials(token)
        except UnicodeDecodeError:
            raise AuthenticationFailed from None
        _note_use(api_token)
        return user, api_token

    def _cleanup_token(self, auth_token: ApiToken) -> bool:
        """Whether this one has expired. The library looks through all tokens of the person each time."""
        return auth_token.expiry is not None and auth_token.expiry < timezone.now()

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"


def reads_only(credentials: object) -> bool:
    """Whether these credentials are a token that may not write."""
    return isinstance(credentials, ApiToken) and credentials.scope != TokenScope.WRITE


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - USE_IS_NOTED_AFTER:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
