"""Which entries of the audit trail a person may read."""

from typing import Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Q

from teams.access import Permission, reach
from teams.access.reach import Reach


class AuditQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def reachable_by(self, user: Any) -> Self:
        """What the people did whose records the reader reaches today; the acts of nobody are for admins.

        An entry about a record is as far away as the record: what somebody once changed about a company that now
        belongs to others is theirs to read.
        """
        scope = reach(user, Permission.AUDIT_VIEW)
        if scope.everything:
            return self
        return self.filter(actor_id__in=scope.people_ids).exclude(_about_what_is_out_of_reach(user, besides=self.model))

    def newest_first(self) -> Self:
        """By number: entries are only ever appended, and no index sorts a long trail by time."""
        return self.order_by("-pk")


def _about_what_is_out_of_reach(user: Any, *, besides: type[models.Model]) -> Q:
    hidden = _about_quotas_beyond(reach(user, Permission.QUOTA_VIEW))
    for model in apps.get_models():
        rows: Any = model._default_manager
        if hasattr(rows, "reachable_by") and model is not besides:
            within = rows.reachable_by(user).order_by().values("pk")
            about = Q(subject_type=model._meta.model_name, subject_id__isnull=False)
            hidden |= about & ~Q(subject_id__in=within)
    return hidden


def _about_quotas_beyond(scope: Reach) -> Q:
    """An entry about quotas names the person or team whose they are, and both are known to everybody by name."""
    if scope.everything:
        return Q(pk__in=[])
    theirs = Q(subject_type="user", subject_id__in=scope.people_ids)
    return Q(action="quota.set") & ~(theirs | Q(subject_type="team", subject_id__in=scope.team_ids))
