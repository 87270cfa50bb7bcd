"""When an activity is due: a day of its assignee's calendar, or an instant."""

from datetime import date, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from crm.lib.errors import Refused
from crm.lib.periods import is_sensible, local_date, midnight
from pipeline.activities.models import Activity

DAY = timedelta(days=1)
NO_SENSIBLE_DATE = _("Enter a date between 1970 and 2199.")


def set_due(activity: Activity, *, due_on: date | None, due_at: datetime | None) -> None:
    """Set the due date or time and what follows from it in the assignee's zone."""
    if due_on and due_at:
        raise Refused(_("Choose a day or a time, not both."), field="due_at")
    for name, moment in (("due_on", due_on), ("due_at", due_at)):
        if moment and not is_sensible(moment):
            raise Refused(NO_SENSIBLE_DATE, field=name)
    zone = activity.assignee.zone
    activity.due_on = due_on
    activity.due_at = due_at
    activity.due_zone = str(zone)
    activity.today_from = activity.late_at = None
    if due_on:
        activity.today_from = midnight(due_on, zone)
        activity.late_at = midnight(due_on + DAY, zone)
    elif due_at:
        activity.today_from = midnight(local_date(due_at, zone), zone)
        activity.late_at = due_at
