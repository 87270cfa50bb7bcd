"""Taking the daily copy of the pipeline. What a day looked like is not lost when its deals go on."""

from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q

from crm.lib.periods import midnight
from pipeline.models import DealStateInterval, DealStatus
from reporting.snapshots.models import PipelineSnapshot
from teams.models import Workspace

ONE_DAY = timedelta(days=1)
BATCH = 2_000
# A copy taken later than this after the end of its day may miss what was known then.
ON_TIME = timedelta(hours=6)
COPIED = (
    "deal_id",
    "status",
    "pipeline_id",
    "stage_id",
    "owner_id",
    "team_id",
    "territory_id",
    "value",
    "currency",
    "probability",
    "forecast_category",
    "expected_close_date",
    "closed_at",
)
# At once only one worker takes copies.
LOCK = 7_204_101


@transaction.atomic
def take(day: date, *, now: datetime) -> int:
    """Copy each deal that was in the funnel at the end of a day of the workspace, or closed on it; how many.

    Taking the same day again adds nothing and changes nothing; a day that has not ended yet is not taken.
    """
    start, end = midnight(day, Workspace.get().zone), midnight(day + ONE_DAY, Workspace.get().zone)
    if end > now:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    if PipelineSnapshot.objects.filter(day=day).exists():
        return 0
    wanted = Q(status=DealStatus.OPEN, is_archived=False) | Q(closed_at__gte=start, closed_at__lt=end)
    states = DealStateInterval.objects.at(end).filter(wanted, is_deleted=False)
    rows = [
        PipelineSnapshot(day=day, taken_at=now, reconstructed=now - end > ON_TIME, **state)
        for state in states.order_by("deal_id").values(*COPIED).iterator(BATCH)
    ]
    return len(PipelineSnapshot.objects.bulk_create(rows, batch_size=BATCH))


def days_missing(today: date) -> list[date]:
    """The days since the last copy that have ended; the last ended day where there is none yet."""
    last = PipelineSnapshot.objects.order_by("-day", "-pk").values_list("day", flat=True).first()
    first = today - ONE_DAY if last is None else last + ONE_DAY
    return [first + timedelta(days=number) for number in range((today - first).days)]
