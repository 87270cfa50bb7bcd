"""The ticks of pipeline. The clock is read here; the rows decide what is to be done."""

from celery import shared_task
from django.utils import timezone

from crm.notifications.mail import send_due
from pipeline.deals.benchmarks import refresh_benchmarks
from pipeline.handover.actions import follow_dated_memberships
from pipeline.work.reminding import deliver_due
from pipeline.work.telling import within_reach

# Far more than a day of reminders; what is left waits for the next tick.
BATCHES = 100
# A tick that sends mail ends well before its time limit; the next one goes on.
BATCHES_OF_MAIL = 8


@shared_task
def deliver_reminders() -> None:
    for _ in range(BATCHES):
        if not deliver_due(timezone.now()):
            return


@shared_task
def send_mail() -> None:
    """The outbox, as far as its recipients may still know what stands in it."""
    for _ in range(BATCHES_OF_MAIL):
        if not send_due(timezone.now(), within_reach=within_reach):
            return


@shared_task
def follow_memberships() -> None:
    """Deals follow the people who change teams today."""
    follow_dated_memberships(at=timezone.now())


@shared_task
def renew_benchmarks() -> None:
    """What is usual for a stage and a pipeline, from the deals won so far."""
    refresh_benchmarks(now=timezone.now())
