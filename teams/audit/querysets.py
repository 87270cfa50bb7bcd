"""Which entries of the audit trail a person may read."""

from typing import Any, Self

from django.db import models

from teams.access import Permission, reach


class AuditQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def reachable_by(self, user: Any) -> Self:
        """What the people did whose records the reader reaches today; the acts of nobody are for admins."""
        scope = reach(user, Permission.AUDIT_VIEW)
        if scope.everything:
            return self
        return self.filter(actor_id__in=scope.people_ids)

    def newest_first(self) -> Self:
        """By number: entries are only ever appended, and no index sorts a long trail by time."""
        return self.order_by("-pk")
