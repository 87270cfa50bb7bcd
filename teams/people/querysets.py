"""Questions about people in the words of their users."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Self

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import models
from django.db.models import Q

from crm.lib.text import sort_key


class UserQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def active(self) -> Self:
        return self.filter(is_active=True)

    def by_name(self) -> Self:
        """Sorted by last name, then first name."""
        return self.order_by("sort_key", "pk")

    def matching(self, words: str) -> Self:
        """People whose name or e-mail address holds each of the words, whatever case and accents."""
        found = self
        for word in words.split():
            found = found.filter(Q(sort_key__contains=sort_key(word)) | Q(email__icontains=word))
        return found

    def without_password(self) -> Self:
        """Invited or imported, and not signed in so far: a password is chosen by the link of an invitation."""
        return self.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX)

    def belonging_to(self, team_ids: Iterable[int], day: date) -> Self:
        """Members and managers of one of the teams on a day."""
        memberships: Any = self.model._meta.get_field("memberships").related_model
        return self.filter(
            pk__in=memberships._default_manager.on(day).filter(team_id__in=set(team_ids)).values("user_id")
        )


class DatedQuerySet(models.QuerySet):  # type: ignore[type-arg]
    """Rows that hold on the days [starts_on, ends_on); an empty start or end means always."""

    def on(self, day: date) -> Self:
        """Those that hold on a day."""
        return self.lasting_beyond(day).filter(Q(starts_on__isnull=True) | Q(starts_on__lte=day))

    def lasting_beyond(self, day: date) -> Self:
        """Those that have a day after `day` or on it, running or planned."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=day))

    def begun_before(self, day: date) -> Self:
        """Those that have a day before `day`, running or over."""
        return self.filter(Q(starts_on__isnull=True) | Q(starts_on__lt=day))


class MembershipQuerySet(DatedQuerySet):
    def members(self) -> Self:
        return self.filter(role_in_team="member")

    def managers(self) -> Self:
        return self.filter(role_in_team="manager")
