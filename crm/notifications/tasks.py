"""The tick that sends the outbox."""

from celery import shared_task
from django.utils import timezone

from crm.notifications.mail import send_due

# A tick ends well before its time limit; the next one goes on.
BATCHES = 8


@shared_task
def send_mail() -> None:
    for _ in range(BATCHES):
        if not send_due(timezone.now()):
            return
