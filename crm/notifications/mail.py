"""Sending the outbox by e-mail: at least once, each time with the same Message-ID."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from smtplib import SMTPAuthenticationError, SMTPRecipientsRefused, SMTPResponseException
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import translation

from crm.notifications.models import Channel, Delivery, DeliveryState, Notification

log = structlog.get_logger(__name__)

# A claimed row is another worker's again after this; a batch must be through before, at 10 s a mail at worst.
LEASE = timedelta(seconds=120)
BATCH = 10
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
# About two days of trying.
MAX_ATTEMPTS = 50
PERMANENT = range(500, 600)

# The ids of notifications that the recipient may know as things are now.
WithinReach = Callable[[Any, Sequence[Notification]], set[int]]


def send_due(now: datetime, limit: int = BATCH, *, within_reach: WithinReach) -> int:
    """Send mails that are due and answer how many were tried; 0 means that nothing is left for now.

    Each is asked about right before it is sent: much may have changed since it was written.
    """
    claimed = _claim(now, limit)
    for delivery in claimed:
        _deliver(delivery, now, within_reach)
    return len(claimed)


@transaction.atomic
def _claim(now: datetime, limit: int) -> list[Delivery]:
    due = Delivery.objects.due(now).filter(channel=Channel.EMAIL).order_by("not_before", "pk")
    keys = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit])
    Delivery.objects.filter(pk__in=keys).update(
        state=DeliveryState.SENDING, claimed_until=now + LEASE, attempts=F("attempts") + 1
    )
    return list(Delivery.objects.filter(pk__in=keys).select_related("notification__recipient").order_by("pk"))


def _deliver(delivery: Delivery, now: datetime, within_reach: WithinReach) -> None:
    notification, recipient = delivery.notification, delivery.notification.recipient
    if notification.done_at or not recipient.is_active or not within_reach(recipient, [notification]):
        _record(delivery, state=DeliveryState.DROPPED)
        return
    try:
        message_of(delivery).send()
    except Exception as error:  # noqa: BLE001 - whatever a mail server or a network can do: the row stays and is tried again
        _record_failure(delivery, error, now)
    else:
        _record(delivery, state=DeliveryState.SENT, sent_at=now, last_error="")


def message_of(delivery: Delivery) -> EmailMessage:
    """The mail in the language of its recipient."""
    notification = delivery.notification
    with translation.override(notification.recipient.language):
        body = render_to_string("notifications/mail.txt", {"notification": notification, "base_url": settings.BASE_URL})
    return EmailMessage(
        subject=" ".join(notification.title.split()),
        body=body,
        to=[notification.recipient.email],
        headers={"Message-ID": delivery.message_id, "Auto-Submitted": "auto-generated"},
    )


def _record_failure(delivery: Delivery, error: Exception, now: datetime) -> None:
    log.warning("mail_failed", delivery=delivery.pk, attempts=delivery.attempts, error=type(error).__name__)
    hopeless = is_permanent(error) or delivery.attempts >= MAX_ATTEMPTS
    _record(
        delivery,
        state=DeliveryState.DEAD if hopeless else DeliveryState.PENDING,
        not_before=now + pause_after(delivery.attempts),
        last_error=f"{type(error).__name__}: {error}"[:500],
    )


def pause_after(attempts: int) -> timedelta:
    """1 minute after the first failure, twice as long after each further one, 1 hour at most."""
    return min(FIRST_PAUSE * 2 ** min(attempts - 1, 10), LONGEST_PAUSE)


def is_permanent(error: Exception) -> bool:
    """Whether the server will say the same tomorrow. A wrong password of ours is not the recipient's fault."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code in PERMANENT for code, _ in error.recipients.values())
    if isinstance(error, SMTPAuthenticationError):
        return False
    return isinstance(error, SMTPResponseException) and error.smtp_code in PERMANENT


def _record(delivery: Delivery, **result: object) -> None:
    """Only while the lease is ours: who took over after it ended records what she did."""
    mine = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.SENDING, claimed_until=delivery.claimed_until)
    mine.update(claimed_until=None, **result)
