"""What of the things a person was told once she may still know."""

from collections.abc import Sequence

from crm.notifications.models import Notification
from pipeline.activities.models import Activity
from pipeline.contacts.models import Company
from pipeline.deals.models import Deal
from teams.models import User

DEAL, ACTIVITY = "deal", "activity"


def within_reach(recipient: User, notifications: Sequence[Notification]) -> set[int]:
    """The ids of those about nothing, or about a record that she reaches today; as many queries for one as for all.

    What an activity is about stands in the words about it, so she has to reach that too.
    """
    about = {notification.pk: (notification.about_type, notification.about_id) for notification in notifications}
    activities = _activities(recipient, {pk for kind, pk in about.values() if kind == ACTIVITY and pk})
    deal_ids = {pk for kind, pk in about.values() if kind == DEAL} | {deal for deal, _company in activities.values()}
    company_ids = {company for deal, company in activities.values() if deal is None}
    deals, companies = _reached(Deal, recipient, deal_ids), _reached(Company, recipient, company_ids)

    def may_know(kind: str, pk: int | None) -> bool:
        if kind == ACTIVITY and pk in activities:
            deal, company = activities[pk]
            return deal in deals if deal else company is None or company in companies
        return not kind or (kind == DEAL and pk in deals)

    return {notification for notification, (kind, pk) in about.items() if may_know(kind, pk)}


def _activities(recipient: User, ids: set[int]) -> dict[int | None, tuple[int | None, int | None]]:
    """The deal and the company of each activity within reach."""
    if not ids:
        return {}
    rows = Activity.objects.reachable_by(recipient).filter(pk__in=ids)
    return {pk: (deal, company) for pk, deal, company in rows.values_list("pk", "deal_id", "company_id")}


def _reached(model: type[Deal | Company], recipient: User, ids: set[int | None]) -> set[int]:
    wanted = {pk for pk in ids if pk}
    if not wanted:
        return set()
    return set(model.objects.reachable_by(recipient).filter(pk__in=wanted).values_list("pk", flat=True))
