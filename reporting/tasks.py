"""The ticks of reporting. The clock is read here; the rows decide what is to be done."""

from celery import shared_task
from django.utils import timezone

from reporting.snapshots.actions import days_missing, take
from teams.models import Workspace


@shared_task
def take_snapshots() -> None:
    """Copies of the days that ended since the last one; most ticks find none."""
    now = timezone.now()
    for day in days_missing(Workspace.get().today(now)):
        take(day, now=now)
