"""How signing in differs from the library's defaults."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.notifications.live import publish_end
from teams.audit.record import record

# Said by the library's forms, which call people du in German; named here so that our catalogue says it with Sie.
SAID_BY_THE_LIBRARY = (_("You must type the same password each time."),)


class ClosedAdapter(DefaultAccountAdapter):
    """People are invited by an administrator; nobody signs up."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "enter_current_password": _("Enter your current password."),
        "incorrect_password": _("This password is not right."),
        "rate_limited": _("These were too many attempts. Try again in a few minutes."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> Any:
        record("signed_in", by=user, request=request)
        return super().post_login(request, user, **kwargs)

    def logout(self, request: HttpRequest) -> None:
        publish_end(request.user.pk)  # type: ignore[arg-type]
        super().logout(request)

    def set_password(self, user: Any, password: str) -> None:
        super().set_password(user, password)
        publish_end(user.pk)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link in the mail, on the configured address rather than that of the request."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.BASE_URL + path.replace("UID-KEY", key)
