"""Questions about activities and notes. Clocks are passed in."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Count, ExpressionWrapper, F, Q, Value

from crm.lib.among import among
from teams.access import Permission, reach

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from teams.models import User

_OPEN, _DONE = Q(done_at__isnull=True, cancelled_at__isnull=True), Q(done_at__isnull=False)
# Planned within a stage's limit, one of these pauses the stalled clock.
_PAUSES_STALLED = ("call", "meeting", "video")


def _about_visible(model: type[models.Model], user: "User | AnonymousUser") -> Q:
    """Linked to a deal, company or contact that the person may see."""
    condition = Q()
    for name in ("deal", "company", "contact"):
        related: Any = model._meta.get_field(name).related_model
        condition |= among(f"{name}_id", related._default_manager.reachable_by(user).values("pk"))
    return condition


def _states(now: datetime) -> dict[str, Q]:
    """What it means to be in each state that lists know."""
    return {
        "open": _OPEN,
        "overdue": _OPEN & Q(late_at__lte=now),
        "today": _OPEN & Q(today_from__lte=now, late_at__gt=now),
        "planned": _OPEN & Q(today_from__gt=now),
        "undated": _OPEN & Q(late_at__isnull=True),
        "done": _DONE,
    }


class ActivityQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def reachable_by(
        self,
        user: "User | AnonymousUser",
        permission: Permission = Permission.ACTIVITY_VIEW,
    ) -> Self:
        """Assigned to or made by me, assigned to people I lead, or (to see) about a record I may see.

        An activity about a record that I may no longer see is not mine to see either.
        """
        scope = reach(user, permission)
        if scope.everything:
            return self
        if not scope:
            return self.none()
        mine = Q(assignee_id__in=scope.people_ids) | Q(created_by_id__in=scope.user_ids)
        unlinked = Q(deal__isnull=True, company__isnull=True, contact__isnull=True)
        about_visible = _about_visible(self.model, user)
        if permission == Permission.ACTIVITY_VIEW:
            return self.filter((mine & unlinked) | about_visible)
        return self.filter(mine & (unlinked | about_visible))

    def of_reached_deal(self, deal: Any, user: "User | AnonymousUser") -> Self:
        """What `reachable_by` finds of a deal that the person is known to see, without asking for all her deals."""
        return self.filter(deal=deal) if reach(user, Permission.ACTIVITY_VIEW) else self.none()

    def open(self) -> Self:
        return self.filter(_OPEN)

    def done(self) -> Self:
        return self.filter(_DONE)

    def overdue(self, now: datetime) -> Self:
        return self.in_state("overdue", now)

    def in_state(self, state: str, now: datetime) -> Self:
        """Open, overdue, today, planned, undated or done."""
        return self.filter(_states(now)[state])

    def counts_by_state(self, now: datetime) -> dict[str, int]:
        """How many are in each state, in one query."""
        return self.aggregate(**{state: Count("pk", filter=condition) for state, condition in _states(now).items()})

    def soonest_first(self) -> Self:
        return self.order_by(F("late_at").asc(nulls_last=True), "pk")

    def pausing_stalled(self, now: datetime, *, deal: Any, limit_days: Any) -> Self:
        """Planned conversations of a deal from now on, within the limit of its stage."""
        limit = ExpressionWrapper(Value(timedelta(days=1)) * limit_days, output_field=models.DurationField())
        horizon = ExpressionWrapper(Value(now) + limit, output_field=models.DateTimeField())
        return self.open().filter(
            deal=deal,
            kind__in=_PAUSES_STALLED,
            late_at__gt=now,
            today_from__lte=horizon,
        )


class NoteQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def reachable_by(self, user: "User | AnonymousUser") -> Self:
        """On a record that the person may see; private ones only for their author."""
        return self.filter(_about_visible(self.model, user), Q(is_private=False) | Q(author_id=user.pk))

    def of_reached_deal(self, deal: Any, user: "User | AnonymousUser") -> Self:
        """What `reachable_by` finds of a deal that the person is known to see, without asking for all her deals."""
        return self.filter(Q(is_private=False) | Q(author_id=user.pk), deal=deal)

    def live(self) -> Self:
        return self.filter(deleted_at__isnull=True)
