"""What a person changes about herself."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction
from django.utils.translation import gettext as _

from crm.lib import memo
from crm.lib.errors import Refused
from crm.lib.fields import only_known
from teams.audit.merging import validate
from teams.audit.record import record
from teams.people.guards import apply, locked_person
from teams.people.models import User

PROFILE_FIELDS = (
    "first_name",
    "last_name",
    "job_title",
    "language",
    "time_zone",
    "theme",
    "start_page",
    "single_keys",
)


@transaction.atomic
def edit_profile(*, by: User, changes: Mapping[str, Any]) -> tuple[User, dict[str, list[Any]]]:
    """Change fields of `PROFILE_FIELDS` of oneself; answers what really changed.

    All-day activities and reminders stay in the zone they had; `pipeline.settings.actions` moves them along.
    """
    wanted = only_known(changes, PROFILE_FIELDS)
    if "time_zone" in wanted and wanted["time_zone"] not in available_timezones():
        raise Refused(_("Choose a time zone from the list."), code="invalid", field="time_zone")
    user = locked_person(by.pk)
    changed = apply(user, wanted)
    if changed:
        validate(user, changed)
        user.save(update_fields=[*changed, "sort_key"])
        record("user.profile_edited", by=user, subject=user, changes=changed)
        memo.forget()
    return user, changed
