"""What an installation for development sent by e-mail, as a page."""

from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from teams.access.doors import public

NEWEST = 50
# What Django's file backend writes below each mail.
END_OF_MAIL = "\n" + "-" * 79


@dataclass(frozen=True)
class SentMail:
    to: str
    subject: str
    sent: str
    body: str


@require_safe
@public("Only routed in development: the link of a forgotten password must be found before signing in.")
def outbox(request: HttpRequest) -> HttpResponse:
    """The newest mails, last one first."""
    return render(request, "notifications/dev_mail.html", {"mails": sent_mails(Path(settings.EMAIL_FILE_PATH or ""))})


def sent_mails(folder: Path) -> list[SentMail]:
    """The mails of the newest files of the file backend; none while the folder does not exist."""
    files = sorted(folder.glob("*.log"), reverse=True)[:NEWEST]
    texts = (text for file in files for text in reversed(file.read_text(errors="replace").split(END_OF_MAIL)))
    return [_parsed(text.strip()) for text in texts if text.strip()]


def _parsed(text: str) -> SentMail:
    message = message_from_bytes(text.encode(), policy=policy.default)
    plain = message.get_body(("plain", "html"))
    body = plain.get_content() if plain else ""
    return SentMail(str(message["To"]), str(message["Subject"]), str(message["Date"]), body)
