"""Which deals a figure is about: what the reader reaches, narrowed by a scope, at an instant or over a period."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, FloatField, Func, Q, QuerySet

from crm.lib.periods import Period
from pipeline.models import Deal, DealStatus
from pipeline.populations import Narrowing, converted_value, converted_value_at, in_funnel_at, states_before
from teams.access import Permission
from teams.models import User, Workspace

INSTANT = timedelta(microseconds=1)
WON = Q(status=DealStatus.WON)
LOST = Q(status=DealStatus.LOST)


@dataclass(frozen=True)
class Scope:
    """Who reads, and what she narrows the figures to. Teams and territories include those below them."""

    reader: User | AnonymousUser
    owner: int | None = None
    team: int | None = None
    territory: int | None = None
    pipeline: int | None = None

    def deals(self) -> Any:
        """Every deal the reader may count; deleted and merged ones count nowhere."""
        return Deal.objects.live().reachable_by(self.reader, Permission.METRICS_VIEW)

    def narrowing(self) -> Q:
        """The filters, for the columns that deals and their states have in common."""
        return Narrowing(self.owner, self.team, self.territory, self.pipeline).condition()


@dataclass(frozen=True)
class Window:
    """A period of days in the workspace zone, as known at `as_of`. `now` tells whether that is the present."""

    period: Period
    as_of: datetime
    now: datetime

    @property
    def start(self) -> datetime:
        return self.period.instants(Workspace.get().zone)[0]

    @property
    def end(self) -> datetime:
        """Where the period ends, or knowledge does: the instant of stock figures."""
        return min(self.period.instants(Workspace.get().zone)[1], self.as_of)

    @property
    def has_ended(self) -> bool:
        """Whether all of the period is over, at the instant of its end already."""
        return self.period.instants(Workspace.get().zone)[1] <= self.now

    @property
    def is_present(self) -> bool:
        """Whether the rows of deals tell what was known at `as_of`; otherwise their states do."""
        return self.as_of >= self.now


def in_funnel(scope: Scope, window: Window) -> QuerySet[Any]:
    """The open deals at the end of the window as they were then, with `amount` in workspace currency.

    Rows are deals where that is the present, and their states before it.
    """
    if window.end >= window.now:
        deals = scope.deals().in_funnel().filter(scope.narrowing(), created_at__lt=window.end)
        return deals.annotate(amount=converted_value(window.end - INSTANT))
    states = in_funnel_at(window.end).filter(scope.narrowing(), deal__in=scope.deals())
    return states.annotate(amount=converted_value_at(window.end))


def closings(scope: Scope, window: Window) -> QuerySet[Any]:
    """The deals effectively closed in the window, with `amount` in workspace currency and `elapsed` days.

    Rows are deals, or their states where `as_of` lies in the past: a deal reopened since then counts in a
    restated past, and one that closed since does not.
    """
    within = (WON | LOST) & Q(closed_at__gte=window.start, closed_at__lt=window.end)
    if window.is_present:
        deals = scope.deals().filter(within, scope.narrowing())
        return deals.annotate(amount=converted_value(window.now), elapsed=_days("created_at"))
    states = states_before(window.as_of).filter(within, scope.narrowing(), deal__in=scope.deals())
    return states.annotate(amount=converted_value_at(window.as_of), elapsed=_days("deal__created_at"))


def _days(created: str) -> Func:
    """Elapsed physical time in days."""
    return Func(
        F("closed_at"),
        F(created),
        template="(extract(epoch from (%(expressions)s)) / 86400.0)::double precision",
        arg_joiner=" - ",
        output_field=FloatField(),
    )
