"""What a dashboard shows is kept for a moment: many people look at the same figures more often than these change.

What is kept is at most a minute old, and older than no event of a deal and no version of a quota.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.core.cache import cache
from django.db.models import Max

from pipeline.models import DealEvent
from reporting.dashboards.choice import Choice
from reporting.dashboards.figures import Figures, figures
from reporting.dashboards.standing import Leaderboard, Standing, leaderboard, standing
from teams.access import Permission, reach
from teams.models import Quota, User, Workspace

KEPT_SECONDS = 60


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
        DealEvent.objects.aggregate(last=Max("pk"))["last"],
        Quota.objects.aggregate(last=Max("pk"))["last"],
    )
    return f"dashboard-{sha256(repr(facts).encode()).hexdigest()}"
