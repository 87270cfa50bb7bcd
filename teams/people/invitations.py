"""The mail with which a person comes in: a link that sets her password, once."""

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import translation

from teams.people.models import User
from teams.workspace.models import Workspace

DAY = 24 * 60 * 60


def send(user: User, *, by: User) -> None:
    """Send the link, in the language of the person. Raises OSError when the mail server does not take it."""
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    context = {
        "user": user,
        "by": by,
        "workspace": Workspace.get(),
        "url": get_adapter().get_reset_password_from_key_url(key),
        "days": settings.PASSWORD_RESET_TIMEOUT // DAY,
    }
    with translation.override(user.language):
        subject = render_to_string("teams/people/mail/invitation_subject.txt", context)
        body = render_to_string("teams/people/mail/invitation.txt", context)
    send_mail(" ".join(subject.split()), body.strip() + "\n", None, [user.email])
