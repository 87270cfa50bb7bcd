"""What a dashboard shows is kept for a moment: many people look at the same figures more often than these change.

It is kept in two halves. What is open now is older than no event of a deal. The rest - what was closed, earlier
periods, credit and quotas - takes far longer to measure and changes seldom: it is older than no event that changes
the past, no version of a quota, no exchange rate and no entry of the audit trail.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

from django.core.cache import cache
from django.db.models import Count, QuerySet, Subquery, Value

from pipeline.models import DealEvent
from reporting.dashboards.choice import Choice
from reporting.dashboards.figures import Figures, Settled, figures, present, settled
from reporting.dashboards.standing import Leaderboard, Standing, leaderboard, standing
from teams.access import Permission, Reach, reach
from teams.models import AuditEntry, ExchangeRate, Quota, User, Workspace

PRESENT_SECONDS = 60
SETTLED_SECONDS = 15 * 60
# Counted up when what is kept gets another shape: a new release must not read what the old one left.
SHAPE = 2
# More events than are ever being written at the same time.
RECENT = 1000

T = TypeVar("T")


@dataclass(frozen=True)
class Measured:
    figures: Figures
    standing: Standing
    leaderboard: Leaderboard | None


def measured(reader: User, choice: Choice, now: datetime) -> Measured:
    """As a moment ago, as far as nothing has changed since."""
    scope, asked, changes = choice.scope(reader), _asked(reader, choice, now), _changes(reader)
    before = _kept(("settled", asked, changes.past), SETTLED_SECONDS, lambda: _settled(reader, choice, now))
    stock = _kept(("present", asked, changes), PRESENT_SECONDS, lambda: present(scope, choice, now))
    return Measured(figures(stock, before.settled, choice), before.standing, before.leaderboard)


@dataclass(frozen=True)
class _Settled:
    settled: Settled
    standing: Standing
    leaderboard: Leaderboard | None


def _settled(reader: User, choice: Choice, now: datetime) -> _Settled:
    workspace = Workspace.get()
    today = workspace.today(now)
    return _Settled(
        settled(choice.scope(reader), choice, now),
        standing(reader, choice, today, workspace),
        leaderboard(reader, choice, today, workspace),
    )


def _kept(facts: Hashable, seconds: int, measure: Callable[[], T]) -> T:
    key = f"dashboard-{sha256(repr((SHAPE, facts)).encode()).hexdigest()}"
    found: T | None = cache.get(key)
    if found is None:
        found = measure()
        cache.set(key, found, seconds)
    return found


def _asked(reader: User, choice: Choice, now: datetime) -> Hashable:
    """Who reads, what is asked, the day and the settings."""
    workspace = Workspace.get()
    return (
        reader.pk,
        tuple(_in_order(reach(reader, permission)) for permission in (Permission.METRICS_VIEW, Permission.QUOTA_VIEW)),
        (choice.period, choice.comparison, choice.basis, tuple(sorted(choice.query.items()))),
        workspace.today(now),
        tuple(getattr(workspace, field.attname) for field in workspace._meta.concrete_fields),
    )


def _in_order(scope: Reach) -> Hashable:
    """Equal sets may hold their members in different orders, and would not be the same key."""
    return tuple(tuple(sorted(part)) if isinstance(part, frozenset) else part for part in vars(scope).values())


@dataclass(frozen=True)
class _Changes:
    """The last of all events, and the last things that change the past: what is older than these is not shown."""

    events: tuple[Any, ...]
    past: tuple[Any, ...]


def _changes(reader: User) -> _Changes:
    """Both in one query, which hangs on the row of the reader."""
    events, past = DealEvent.objects.all(), DealEvent.objects.changing_the_past()
    # Teams, territories, reasons, stages: whatever is set up stands in the audit trail.
    found = (
        User.objects.filter(pk=reader.pk)
        .values_list(
            _newest(events),
            _recent(events),
            *(
                _newest(rows)
                for rows in (past, Quota.objects.all(), ExchangeRate.objects.all(), AuditEntry.objects.all())
            ),
            _recent(past),
        )
        .get()
    )
    return _Changes(found[:2], found[2:])


def _newest(rows: QuerySet[Any]) -> Subquery:
    return Subquery(rows.order_by("-pk").values("pk")[:1])


def _recent(events: QuerySet[Any]) -> Subquery:
    """How many of the last thousand numbers are taken: one that got its number before another may be written later."""
    late = events.filter(pk__gt=_newest(events) - RECENT)
    return Subquery(late.order_by().values(all=Value(1)).annotate(number=Count("pk")).values("number"))
