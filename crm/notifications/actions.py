"""Telling a person something exactly once, and what she does with it in her inbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection, transaction

from crm.notifications.live import publish_notification
from crm.notifications.models import Channel, Delivery, Notification, Preference

if TYPE_CHECKING:
    from teams.models import User

TITLE_LENGTH = Notification._meta.get_field("title").max_length
_INSERT = """
    INSERT INTO notifications_notification
        (recipient_id, kind, cause, title, body, url, needs_action, about_type, about_id, created_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (recipient_id, cause) DO NOTHING
    RETURNING id
"""


@transaction.atomic
def notify(
    *,
    recipient: "User",
    kind: str,
    cause: str,
    title: str,
    body: str = "",
    url: str = "",
    needs_action: bool = True,
    about: tuple[str, int] | None = None,
    at: datetime,
    channels: Sequence[str] = (Channel.EMAIL,),
) -> Notification | None:
    """Put something into a person's inbox and on the wanted channels; None if `cause` was told her before.

    Title and body are in the language of the recipient, `url` is a path.
    """
    about_type, about_id = about or ("", None)
    values: list[Any] = [
        recipient.pk,
        kind,
        cause,
        title[:TITLE_LENGTH],
        body,
        url,
        needs_action,
        about_type,
        about_id,
        at,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        row = cursor.fetchone()
    if row is None:
        return None
    notification = Notification.objects.get(pk=row[0])
    _put_into_outbox(notification, channels, at)
    publish_notification(recipient.pk)
    return notification


def _put_into_outbox(notification: Notification, channels: Sequence[str], at: datetime) -> None:
    refused = set(
        Preference.objects.filter(user_id=notification.recipient_id, kind=notification.kind, wanted=False).values_list(
            "channel", flat=True
        )
    )
    Delivery.objects.bulk_create(
        Delivery(
            notification=notification,
            channel=channel,
            not_before=at,
            message_id=f"<notification-{notification.pk}-{channel}@{settings.BASE_HOST}>",
        )
        for channel in channels
        if channel not in refused
    )


def mark_read(*, notification_id: int, by: "User", at: datetime) -> Notification:
    """Raises Notification.DoesNotExist unless it is in the inbox of `by`."""
    return _settle(notification_id, by, read_at=at)


def mark_all_read(*, by: "User", at: datetime) -> int:
    """Everything that waits in the inbox has been seen; answers how many items that were."""
    seen = Notification.objects.of(by.pk).waiting(at).filter(read_at__isnull=True).update(read_at=at)
    publish_notification(by.pk)
    return seen


def mark_done(*, notification_id: int, by: "User", at: datetime) -> Notification:
    """The item leaves the inbox. Raises Notification.DoesNotExist unless it is in the inbox of `by`."""
    return _settle(notification_id, by, read_at=at, done_at=at)


def snooze(*, notification_id: int, by: "User", at: datetime, until: datetime) -> Notification:
    """The item comes back at `until`."""
    return _settle(notification_id, by, read_at=at, snoozed_until=until)


@transaction.atomic
def _settle(notification_id: int, by: "User", **times: datetime | None) -> Notification:
    notification = Notification.objects.of(by.pk).select_for_update().get(pk=notification_id)
    if notification.read_at:
        times.pop("read_at", None)
    for name, value in times.items():
        setattr(notification, name, value)
    notification.save(update_fields=list(times))
    publish_notification(by.pk)
    return notification
