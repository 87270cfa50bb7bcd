"""What a dashboard shows is kept for a moment: many people look at the same figures more often than these change.

What is kept is at most a minute old, and older than no event of a deal, no version of a quota and no entry of the
audit trail.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.core.cache import cache
from django.db.models import Count, Max, Subquery

from pipeline.models import DealEvent
from reporting.dashboards.choice import Choice
from reporting.dashboards.figures import Figures, figures
from reporting.dashboards.standing import Leaderboard, Standing, leaderboard, standing
from teams.access import Permission, reach
from teams.models import AuditEntry, Quota, User, Workspace

KEPT_SECONDS = 60
# More events than are ever being written at the same time.
RECENT = 1000


@dataclass(frozen=True)
class Measured:
    figures: Figures
    standing: Standing
    leaderboard: Leaderboard | None


def measured(reader: User, choice: Choice, now: datetime) -> Measured:
    """As a moment ago, if nothing has changed since."""
    key = _key(reader, choice, now)
    kept = cache.get(key)
    if isinstance(kept, Measured):
        return kept
    workspace = Workspace.get()
    today = workspace.today(now)
    found = Measured(
        figures(choice.scope(reader), choice, now),
        standing(reader, choice, today, workspace),
        leaderboard(reader, choice, today, workspace),
    )
    cache.set(key, found, KEPT_SECONDS)
    return found


def _key(reader: User, choice: Choice, now: datetime) -> str:
    """All that the figures depend on: who reads, what is asked, the day, the settings, and the last changes."""
    workspace = Workspace.get()
    facts = (
        reader.pk,
        [reach(reader, permission) for permission in (Permission.METRICS_VIEW, Permission.QUOTA_VIEW)],
        (choice.period, choice.comparison, choice.basis, sorted(choice.query.items())),
        workspace.today(now),
        [getattr(workspace, field.attname) for field in workspace._meta.concrete_fields],
        _latest_events(),
        Quota.objects.aggregate(last=Max("pk"))["last"],
        # Teams, territories, reasons, stages: whatever is set up stands there.
        AuditEntry.objects.aggregate(last=Max("pk"))["last"],
    )
    return f"dashboard-{sha256(repr(facts).encode()).hexdigest()}"


def _latest_events() -> tuple[int | None, int]:
    """The newest event and how many of the last thousand numbers are taken: one that got its number before another
    may be written after it.
    """
    newest = DealEvent.objects.order_by("-pk").values("pk")[:1]
    recent = DealEvent.objects.filter(pk__gt=Subquery(newest) - RECENT)
    found = recent.aggregate(last=Max("pk"), number=Count("pk"))
    return found["last"], found["number"]
