"""Pace: whether the part of the quota achieved keeps up with the part of the working days gone by."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from django.utils.translation import gettext as _

from crm.lib.periods import Period
from crm.lib.workdays import working_days
from pipeline.credit.attainment import Attainment
from teams.models import Workspace

ONE_DAY = timedelta(days=1)
ALL = Decimal(1)
# Up to this many points more or less, one is on pace.
ON_PACE = 1


class PaceState(StrEnum):
    """By pace index, with the limits of the workspace; the words are those of the pace bar."""

    ON = "on"
    BEHIND = "behind"
    FAR_BEHIND = "far-behind"


@dataclass(frozen=True)
class WorkingDays:
    """How many working days of a period have begun, today included, and how many it has."""

    gone: int
    all: int

    @property
    def share(self) -> Decimal:
        """The elapsed share, 0 to 1; all of it for a period that has no working days."""
        return Decimal(self.gone) / self.all if self.all else ALL


@dataclass(frozen=True)
class Pace:
    """`expected` is `expected_to_date` = quota × elapsed share; `index` is achieved ÷ expected, None before the first.

    `points` is the lead (negative: the lag) in percentage points of the quota, rounded half up.
    """

    elapsed: Decimal
    expected: Decimal
    index: Decimal | None
    points: int
    state: PaceState

    @property
    def words(self) -> str:
        """10 pts ahead, 9 pts behind, On pace."""
        if abs(self.points) <= ON_PACE:
            return _("On pace")
        sentence = _("%(points)s pts ahead") if self.points > 0 else _("%(points)s pts behind")
        return sentence % {"points": abs(self.points)}

    @property
    def tone(self) -> str:
        """The tone of the words: danger, warn, ok, or none."""
        if self.state != PaceState.ON:
            return {PaceState.BEHIND: "warn", PaceState.FAR_BEHIND: "danger"}[self.state]
        return "ok" if self.points > ON_PACE else ""

    @property
    def icon(self) -> str:
        if abs(self.points) <= ON_PACE:
            return ""
        return "trending-up" if self.points > 0 else "trending-down"

    @property
    def spoken(self) -> str:
        """10 points ahead of pace: for those who do not see the bar."""
        if abs(self.points) <= ON_PACE:
            return _("on pace")
        sentence = _("%(points)s points ahead of pace") if self.points > 0 else _("%(points)s points behind pace")
        return sentence % {"points": abs(self.points)}


def days_of(period: Period, today: date, workspace: Workspace) -> WorkingDays:
    """The working days of a period in the calendar of the workspace, and those begun by `today`."""
    place = (workspace.holiday_country, workspace.holiday_subdivision)
    return WorkingDays(
        gone=working_days(period.start, min(today + ONE_DAY, period.end), *place),
        all=working_days(period.start, period.end, *place),
    )


def pace(attained: Attainment, period: Period, today: date, workspace: Workspace) -> Pace | None:
    """How an attainment of the period stands today; None without a quota or with one of 0."""
    if not attained.quota or attained.share is None:
        return None
    elapsed = days_of(period, today, workspace).share
    expected = attained.quota * elapsed
    index = attained.achieved / expected if expected else None
    lead = (attained.share - elapsed) * 100
    return Pace(
        elapsed=elapsed,
        expected=expected,
        index=index,
        points=int(lead.quantize(ALL, rounding=ROUND_HALF_UP)),
        state=_state(index, workspace),
    )


def _state(index: Decimal | None, workspace: Workspace) -> PaceState:
    if index is None or index >= workspace.pace_behind:
        return PaceState.ON
    return PaceState.BEHIND if index >= workspace.pace_far_behind else PaceState.FAR_BEHIND
