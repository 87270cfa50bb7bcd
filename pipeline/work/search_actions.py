"""What the palette offers besides records: things to do, things to create, places to go to."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.lib.addresses import address
from crm.lib.text import sort_key
from pipeline.deals.models import Deal
from pipeline.work.search import Wish
from teams.access import Permission, holds
from teams.models import User


@dataclass(frozen=True)
class Offer:
    """`dialog` opens over the page instead of leaving it; `key` is its shortcut."""

    label: str | Promise
    url: str
    icon: str
    key: str = ""
    dialog: bool = False


PLACES: tuple[tuple[str, str | Promise, str, Permission | None], ...] = (
    ("today", gettext_lazy("Today"), "sun", None),
    ("board", gettext_lazy("Pipeline"), "layout-kanban", Permission.DEAL_VIEW),
    ("deal-list", gettext_lazy("Deals"), "briefcase", Permission.DEAL_VIEW),
    ("company-list", gettext_lazy("Companies"), "building", Permission.COMPANY_VIEW),
    ("contact-list", gettext_lazy("Contacts"), "users", Permission.COMPANY_VIEW),
    ("activity-list", gettext_lazy("Activities"), "calendar", Permission.ACTIVITY_VIEW),
    ("dashboard", gettext_lazy("Dashboard"), "chart-bar", Permission.METRICS_VIEW),
    ("notification-list", gettext_lazy("Notifications"), "bell", None),
    ("profile", gettext_lazy("Profile"), "user-circle", None),
)


def places(asked: Wish, reader: User) -> list[Offer]:
    """Pages that the person may enter and whose name holds what was typed."""
    offers = [
        Offer(label, address(name), icon)
        for name, label, icon, permission in PLACES
        if permission is None or holds(reader, permission)
    ]
    return _fitting(asked, offers)


def creations(asked: Wish, reader: User) -> list[Offer]:
    """New records, with what was typed as their name."""
    offers = []
    if holds(reader, Permission.DEAL_ADD):
        query = f"?{urlencode({'name': asked.text})}" if asked.text and not asked.kind else ""
        label = _("New deal “%(name)s”") % {"name": asked.text} if query else _("New deal")
        offers.append(Offer(label, address("deal-add") + query, "plus", dialog=True))
    if holds(reader, Permission.COMPANY_EDIT):
        offers.append(Offer(_("New company"), address("company-add"), "plus"))
        offers.append(Offer(_("New contact"), address("contact-add"), "plus"))
    return offers if asked.text and not asked.kind else _fitting(asked, offers)


def doings(deal: Deal, reader: User) -> list[Offer]:
    """What is done most with a deal, if the person may change it."""
    if not deal.is_open or not Deal.objects.reachable_by(reader, Permission.DEAL_EDIT).filter(pk=deal.pk).exists():
        return []
    planning = address("activity-add")
    offers = [
        Offer(_("Log a call"), address("deal-log", deal.pk), "phone", "L", dialog=True),
        Offer(_("Plan next step"), f"{planning}?deal={deal.pk}" if planning else "", "calendar-plus", "N", dialog=True),
        Offer(_("Move to stage"), address("deal-move", deal.pk), "arrow-right", "M", dialog=True),
    ]
    return [offer for offer in offers if offer.url]


def _fitting(asked: Wish, offers: Iterable[Any]) -> list[Offer]:
    return [offer for offer in offers if offer.url and all(word in sort_key(str(offer.label)) for word in asked.words)]
