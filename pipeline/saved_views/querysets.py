"""Which saved views a person sees."""

from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from teams.people.models import TeamMembership

if TYPE_CHECKING:
    from teams.models import User


class SavedViewQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, user: "User", today: date) -> Self:
        """Own ones, those for everyone, and those that somebody of a common team shares with her team."""
        teams = TeamMembership.objects.on(today).filter(user=user).values("team_id")
        colleagues = TeamMembership.objects.on(today).filter(team_id__in=teams).values("user_id")
        return self.filter(Q(owner=user) | Q(scope="everyone") | Q(scope="team", owner_id__in=colleagues))

    def with_pins_of(self, user: "User") -> Self:
        """Annotates `is_pinned`."""
        pinned: Any = self.model._meta.get_field("pins").related_model
        pins = pinned._default_manager.filter(view=OuterRef("pk"), user=user)
        return self.annotate(is_pinned=Exists(pins))

    def pinned_by(self, user: "User", today: date) -> Self:
        return self.visible_to(user, today).filter(pins__user=user).order_by("pins__pk")

    def in_order(self) -> Self:
        return self.order_by("position", "name", "pk")
