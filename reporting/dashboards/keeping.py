"""What a dashboard shows is kept for a moment: many people look at the same figures more often than these change.

It is kept in two halves. What is open now is older than no event of a deal. The rest - what was closed, earlier
periods, credit and quotas - takes far longer to measure and changes seldom: it is older than no event that changes
the past, no version of a quota, no exchange rate and no entry of the audit trail about what is set up.

All these are numbered as they are written, and whoever got a number may commit after the next one. So nothing is kept
that was measured while anybody was writing.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

from django.core.cache import cache
from django.db.models import BooleanField, Func, Q, Subquery
from django.utils import timezone

from pipeline.models import DealEvent
from reporting.dashboards.choice import Choice
from reporting.dashboards.figures import Figures, Settled, figures, present, settled
from reporting.dashboards.standing import Leaderboard, Standing, leaderboard, standing
from teams.access import Permission, Reach, reach
from teams.audit.record import DENIED
from teams.models import AuditEntry, ExchangeRate, Quota, User, Workspace

PRESENT_SECONDS = 60
SETTLED_SECONDS = 15 * 60
# Counted up when what is kept gets another shape: a new release must not read what the old one left.
SHAPE = 2
# What the audit trail says about these, or of that, changes no figure.
NOT_SET_UP = Q(subject_type__in=("company", "contact", "activity", "note")) | Q(
    action__in=(DENIED, "signed_in", "export", "token.created", "token.revoked")
)

T = TypeVar("T")


@dataclass(frozen=True)
class Measured:
    figures: Figures
    standing: Standing
    leaderboard: Leaderboard | None


def measured(reader: User, choice: Choice) -> Measured:
    """As a moment ago, as far as nothing has changed since."""
    changes = _changes(reader)
    now = timezone.now()  # later than what is known to have changed, which it would cut off otherwise
    scope, asked = choice.scope(reader), _asked(reader, choice, now)

    def kept(half: str, since: Hashable, seconds: int, measure: Callable[[], T]) -> T:
        return _kept((half, asked, since), 0 if changes.going_on else seconds, measure)

    before = kept("settled", changes.past, SETTLED_SECONDS, lambda: _settled(reader, choice, now))
    stock = kept("present", changes.events, PRESENT_SECONDS, lambda: present(scope, choice, now))
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
        if seconds:
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
    """The last of what changes the past, the last of all events, and whether somebody is writing."""

    past: Hashable
    events: Hashable
    going_on: bool


def _changes(reader: User) -> _Changes:
    """In one query, which hangs on the row of the reader."""
    set_up = AuditEntry.objects.exclude(NOT_SET_UP)
    past = (DealEvent.objects.changing_the_past(), Quota.objects.all(), ExchangeRate.objects.all(), set_up)
    last = [Subquery(rows.order_by("-pk").values("pk")[:1]) for rows in (*past, DealEvent.objects.all())]
    *found, event, going_on = User.objects.filter(pk=reader.pk).values_list(*last, _SomebodyWrites()).get()
    return _Changes(tuple(found), (*found, event), going_on)


class _SomebodyWrites(Func):
    """Whether another connection to this database has written what it did not commit yet."""

    output_field = BooleanField()
    template = (
        "EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_xid IS NOT NULL AND pid <> pg_backend_pid())"
    )
