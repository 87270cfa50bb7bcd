"""What a person would leave behind."""

from dataclasses import dataclass
from datetime import datetime

from pipeline.activities.models import Activity
from pipeline.contacts.models import Company, Contact
from pipeline.deals.models import Deal
from pipeline.deals.totals import Totals, totals
from teams.models import User


@dataclass(frozen=True)
class Belongings:
    """Open deals (archived ones included), open activities, companies and contacts of one person."""

    deals: Totals
    activities: int
    companies: int
    contacts: int

    def __bool__(self) -> bool:
        return bool(self.deals.count or self.activities or self.companies or self.contacts)


def belongings_of(user: User, now: datetime) -> Belongings:
    return Belongings(
        deals=totals(Deal.objects.open().filter(owner=user), now),
        activities=Activity.objects.open().filter(assignee=user).count(),
        companies=Company.objects.live().filter(owner=user).count(),
        contacts=Contact.objects.live().filter(owner=user).count(),
    )
