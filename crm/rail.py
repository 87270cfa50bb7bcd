"""What the rail beside every page says of a person's day.

To count her work takes as long as a page itself, so what was counted is kept for half a minute. Whatever she
changes herself makes it forgotten at once: see `crm.middleware.fresh_rail`.
"""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.core.cache import cache
from django.db.models.functions import JSONObject

from crm.notifications.inbox import unread_of, unread_of_each
from pipeline.frame import sizes_of, to_do
from pipeline.models import SavedView
from teams.models import User, Workspace

KEPT_SECONDS = 30


@dataclass(frozen=True)
class Rail:
    """`count` items wait on the page of today, `late` of them are overdue.

    `pinned` are her pinned views, `sizes` the numbers of deals in them by the view's id.
    """

    pinned: list[SavedView]
    sizes: dict[int, int]
    count: int
    late: int


def rail_of(user: User, now: datetime, *, anew: bool = False) -> tuple[Rail, int]:
    """Her rail and the number at her bell, which is never an old one. One query, and one for each pinned view."""
    kept = None if anew else cache.get(_key(user.pk))
    if isinstance(kept, Rail):
        return kept, unread_of(user.pk, now)
    views = SavedView.objects.pinned_by(user, Workspace.get().today(now))
    pinned, unread, *waiting = User.objects.values_list(
        ArraySubquery(views.values(view=JSONObject(pk="pk", name="name", parameters="parameters"))),
        unread_of_each(now),
        *to_do(user, now),
    ).get(pk=user.pk)
    parts = [part for part in waiting if part]
    shown = [SavedView(**view) for view in pinned]
    rail = Rail(
        shown,
        sizes_of(shown, user, now),
        sum(part["count"] for part in parts),
        sum(part["late"] for part in parts),
    )
    cache.set(_key(user.pk), rail, KEPT_SECONDS)
    return rail, unread


def forget_rail(user: User) -> None:
    cache.delete(_key(user.pk))


def _key(user_id: int) -> str:
    return f"rail-{user_id}"
