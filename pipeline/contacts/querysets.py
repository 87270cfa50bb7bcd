"""Which companies and contacts a person may see."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Case, F, Q, When
from django.utils import timezone

from crm.lib.among import among
from crm.lib.text import sort_key
from teams.access import Permission, reach
from teams.access.reach import territories_of
from teams.workspace.models import Workspace

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from teams.models import User


class CompanyQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def reachable_by(
        self,
        user: "User | AnonymousUser",
        permission: Permission = Permission.COMPANY_VIEW,
    ) -> Self:
        """Owned by me or people I lead, in a territory of mine, or with a deal that I reach."""
        scope = reach(user, permission)
        if scope.everything:
            return self
        if not scope:
            return self.none()
        today = Workspace.get().today(timezone.now())
        territories = scope.territory_ids | territories_of(user, today)  # type: ignore[arg-type]
        deals: Any = self.model._meta.get_field("deals").related_model
        reached = deals._default_manager.live().reachable_by(user, Permission.DEAL_VIEW)
        return self.filter(
            Q(owner_id__in=scope.people_ids)
            | Q(territory_id__in=territories)
            | among("pk", reached.filter(company__isnull=False).values("company_id"))
        )

    def live(self) -> Self:
        return self.filter(deleted_at__isnull=True)

    def matching(self, words: str) -> Self:
        """Names that hold the words, whatever case and accents."""
        return self.filter(sort_key__contains=sort_key(words))

    def by_name(self) -> Self:
        return self.order_by("sort_key", "pk")


class ContactQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def reachable_by(
        self,
        user: "User | AnonymousUser",
        permission: Permission = Permission.COMPANY_VIEW,
    ) -> Self:
        """Owned by me or people I lead, or at a company that I may see."""
        scope = reach(user, permission)
        if scope.everything:
            return self
        if not scope:
            return self.none()
        companies: Any = self.model._meta.get_field("company").related_model
        visible = companies._default_manager.live().reachable_by(user, permission)
        return self.filter(Q(owner_id__in=scope.people_ids) | among("company_id", visible.values("pk")))

    def at_visible_companies(self, user: "User | AnonymousUser") -> Self:
        """Without those whose company the person may not know; what it is like would tell her."""
        return self.filter(Q(company__isnull=True) | self._company_visible(user))

    def with_employer(self, user: "User | AnonymousUser") -> Self:
        """Annotates `employer`, the name of the company as far as the person may know it, and `employer_key`."""
        known = self._company_visible(user)
        return self.annotate(employer=Case(When(known, then=F("company__name")))).alias(
            employer_key=Case(When(known, then=F("company__sort_key")))
        )

    def _company_visible(self, user: "User | AnonymousUser") -> Q:
        companies: Any = self.model._meta.get_field("company").related_model
        return Q(company_id__in=companies._default_manager.reachable_by(user).values("pk"))

    def live(self) -> Self:
        return self.filter(deleted_at__isnull=True)

    def matching(self, words: str) -> Self:
        return self.filter(sort_key__contains=sort_key(words))

    def by_name(self) -> Self:
        return self.order_by("sort_key", "pk")
