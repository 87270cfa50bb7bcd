"""The ticks of pipeline. The clock is read here; the rows decide what is to be done."""

from celery import shared_task
from django.utils import timezone

from pipeline.work.reminding import deliver_due

# Far more than a day of reminders; what is left waits for the next tick.
BATCHES = 100


@shared_task
def deliver_reminders() -> None:
    for _ in range(BATCHES):
        if not deliver_due(timezone.now()):
            return
