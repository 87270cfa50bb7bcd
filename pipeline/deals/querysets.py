"""Questions about deals in the words of salespeople. Clocks are passed in."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import (
    Case,
    Exists,
    F,
    OuterRef,
    Q,
    Value,
    When,
)

from crm.lib.among import among
from pipeline.deals.states import ABOUT_OPEN_WORK, DealStatus, NextStepState
from teams.access import Permission, reach

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from teams.models import User


def _related(deal_model: type[models.Model], name: str) -> type[models.Model]:
    """The model behind a reverse relation, without importing a higher slice."""
    related: type[models.Model] = deal_model._meta.get_field(name).related_model  # type: ignore[assignment]
    return related


# The worst first.
_STATES = (NextStepState.OVERDUE, NextStepState.TODAY, NextStepState.MISSING, NextStepState.PLANNED)


def _by_next_step(now: datetime, kind: Any, values: Sequence[Any]) -> Case:
    """The one of four values that belongs to the state of the next step, in the order of `_STATES`."""
    overdue, today, missing, planned = map(Value, values)
    return Case(
        When(next_step_late_at__lte=now, then=overdue),
        When(next_step_today_from__lte=now, then=today),
        When(next_step_late_at__isnull=True, then=missing),
        default=planned,
        output_field=kind,
    )


def next_step_state(deal: Any, now: datetime) -> NextStepState:
    """What `with_next_step_state` says, about a deal at hand."""
    if deal.next_step_late_at is not None and deal.next_step_late_at <= now:
        return NextStepState.OVERDUE
    if deal.next_step_today_from is not None and deal.next_step_today_from <= now:
        return NextStepState.TODAY
    return NextStepState.MISSING if deal.next_step_late_at is None else NextStepState.PLANNED


NO_DEAL, EVERY_DEAL = Q(pk__in=[]), ~Q(pk__in=[])


class DealQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def reachable_by(
        self,
        user: "User | AnonymousUser",
        permission: Permission = Permission.DEAL_VIEW,
    ) -> Self:
        """The deals that a person may handle: own, of reached teams and territories, and shared ones.

        A manager is not always a member of a team: her deals may belong to none, and who leads her reaches them.

        For changing, sharing counts only with the right to edit.
        """
        return self.filter(self._within_reach(user, permission))

    def with_rights(self, user: "User | AnonymousUser", **rights: Permission) -> Self:
        """Annotated under each given name with whether the person may handle the deal in that way."""
        return self.annotate(**{name: self._is_within_reach(user, permission) for name, permission in rights.items()})

    def _is_within_reach(self, user: "User | AnonymousUser", permission: Permission) -> Value | Case:
        scope = reach(user, permission)
        if scope.everything or not scope:
            return Value(scope.everything)
        reached = When(self._within_reach(user, permission), then=Value(True))
        return Case(reached, default=Value(False), output_field=models.BooleanField())

    def _within_reach(self, user: "User | AnonymousUser", permission: Permission) -> Q:
        scope = reach(user, permission)
        if scope.everything:
            return EVERY_DEAL
        if not scope:
            return NO_DEAL
        return (
            Q(owner_id__in=scope.user_ids)
            | Q(team_id__in=scope.team_ids)
            | Q(territory_id__in=scope.territory_ids)
            | Q(team_id__isnull=True, owner_id__in=scope.people_ids - scope.user_ids)
            | self._shared_with(scope.user_ids, permission)
        )

    def _shared_with(self, user_ids: frozenset[int], permission: Permission) -> Q:
        if permission not in {
            Permission.DEAL_VIEW,
            Permission.METRICS_VIEW,
            Permission.DEAL_EDIT,
        }:
            return Q()
        shares = _related(self.model, "collaborations")._default_manager.filter(user_id__in=user_ids)
        if permission == Permission.DEAL_EDIT:
            shares = shares.filter(can_edit=True)
        return among("pk", shares.values("deal_id"))

    def live(self) -> Self:
        """Neither deleted nor merged into another."""
        return self.filter(deleted_at__isnull=True, merged_into__isnull=True)

    def open(self) -> Self:
        return self.live().filter(status=DealStatus.OPEN)

    def in_funnel(self) -> Self:
        """Open and not archived: what boards, forecasts and the funnel count."""
        return self.open().filter(archived_at__isnull=True)

    def won(self) -> Self:
        return self.live().filter(status=DealStatus.WON)

    def lost(self) -> Self:
        return self.live().filter(status=DealStatus.LOST)

    def stalled(self, now: datetime) -> Self:
        """Open deals without contact for longer than their stage allows, unless a conversation is planned.

        See `pausing_conversation`.
        """
        return self.in_funnel().filter(stalled_from__lte=now).exclude(self.pausing_conversation(now))

    def pausing_conversation(self, now: datetime) -> Exists:
        """A call or meeting planned from now on, within the stage's limit."""
        activities: Any = _related(self.model, "activities")._default_manager
        limit = OuterRef("stage__stalled_after_days")
        return Exists(activities.pausing_stalled(now, deal=OuterRef("pk"), limit_days=limit))

    def with_stalled(self, now: datetime) -> Self:
        """Annotates `is_stalled`."""
        past_limit = Q(status=DealStatus.OPEN, stalled_from__lte=now)
        return self.annotate(
            is_stalled=Case(
                When(past_limit & ~self.pausing_conversation(now), then=Value(True)),
                default=Value(False),
                output_field=models.BooleanField(),
            )
        )

    def with_next_step_state(self, now: datetime) -> Self:
        """Annotates `next_step_state`: see `NextStepState`."""
        return self.annotate(next_step_state=_by_next_step(now, models.CharField(), _STATES))

    def with_urgency(self, now: datetime) -> Self:
        """Annotates `urgency`, the rank of the next step's state with the worst first."""
        return self.annotate(urgency=_by_next_step(now, models.IntegerField(), range(len(_STATES))))

    def by_urgency(self, now: datetime) -> Self:
        """Overdue first, then today, then no next step, then planned by date; ties by value."""
        return self.with_urgency(now).order_by("urgency", "next_step_late_at", F("value").desc(nulls_last=True), "pk")

    def next_step_is(self, state: str, now: datetime) -> Self:
        """Open deals whose next step is in this state."""
        return self.open().with_next_step_state(now).filter(next_step_state=state)


# Dated back, taking back another one, or about more than what is open now.
CHANGING_THE_PAST = Q(occurred_at__lt=F("recorded_at")) | Q(corrects__isnull=False) | ~Q(kind__in=ABOUT_OPEN_WORK)


class EventQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def in_order(self) -> Self:
        """As things happened; equal instants keep the order of recording."""
        return self.order_by("occurred_at", "recorded_at", "pk")

    def effective(self) -> Self:
        """Without corrections and what they correct; these stay in the history but count nowhere."""
        return self.filter(corrects__isnull=True, corrections__isnull=True)

    def changing_the_past(self) -> Self:
        """After which somebody may find other figures of an earlier time, of closings or of credit than before.

        Among them the changes of owner, team and territory: who may count a deal goes by those it has now.
        """
        return self.filter(CHANGING_THE_PAST)


class SpellQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def in_order(self) -> Self:
        return self.order_by("entered_at", "pk")

    def with_length(self) -> Self:
        """Completed stays that lasted at all."""
        return self.filter(left_at__gt=F("entered_at"))


class IntervalQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def at(self, instant: datetime) -> Self:
        """The state of each deal after everything that happened before the instant."""
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=instant), valid_from__lt=instant)

    def in_funnel(self) -> Self:
        return self.filter(status=DealStatus.OPEN, is_archived=False, is_deleted=False)
