"""Where a person stands today: the teams she leads and belongs to, her territories, and for whom she stands in."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db import connection

from crm.lib.memo import remembered

if TYPE_CHECKING:
    from teams.people.models import User

# One question for everything that reach depends on, asked by every request. Read-only people see the teams below
# the one they belong to, as if they led it.
_POSTS = """
    WITH RECURSIVE
    membership AS (
        SELECT user_id, team_id, role_in_team FROM teams_teammembership
        WHERE (starts_on IS NULL OR starts_on <= %(today)s) AND (ends_on IS NULL OR ends_on > %(today)s)
    ),
    person AS (
        SELECT id, role FROM teams_user
        WHERE id = %(user)s OR is_active AND id IN (
            SELECT person_id FROM teams_deputy
            WHERE deputy_id = %(user)s AND starts_on <= %(today)s AND (ends_on IS NULL OR ends_on > %(today)s)
        )
    ),
    led (person_id, team_id) AS (
        SELECT person.id, membership.team_id FROM person JOIN membership ON membership.user_id = person.id
        WHERE membership.role_in_team = 'manager' OR person.role = 'read_only'
        UNION
        SELECT led.person_id, team.id FROM led JOIN teams_team AS team ON team.parent_id = led.team_id
    ),
    own (person_id, team_id) AS (
        SELECT person.id, membership.team_id FROM person JOIN membership ON membership.user_id = person.id
        WHERE membership.role_in_team = 'member'
    )
    SELECT
        id,
        role,
        ARRAY(SELECT team_id FROM led WHERE person_id = id),
        ARRAY(SELECT user_id FROM membership JOIN led USING (team_id) WHERE person_id = id),
        ARRAY(SELECT team_id FROM own WHERE person_id = id),
        ARRAY(SELECT user_id FROM membership JOIN own USING (team_id) WHERE person_id = id),
        ARRAY(
            SELECT territory_id FROM teams_territorymembership
            WHERE user_id = person.id
                AND (starts_on IS NULL OR starts_on <= %(today)s) AND (ends_on IS NULL OR ends_on > %(today)s)
        )
    FROM person ORDER BY id <> %(user)s, id
"""


@dataclass(frozen=True)
class Post:
    """A person on one day. Led teams include all below them; both kinds of people include managers of the teams."""

    user_id: int
    role: str
    led_team_ids: frozenset[int]
    led_people_ids: frozenset[int]
    team_ids: frozenset[int]
    colleague_ids: frozenset[int]
    territory_ids: frozenset[int]


def posts_of(user: "User", today: date) -> list[Post]:
    """The person's own post, then those of the absent people for whom she stands in. One query in a request."""
    return remembered(("posts", user.pk, today), lambda: _posts_of(user, today))


def _posts_of(user: "User", today: date) -> list[Post]:
    with connection.cursor() as cursor:
        cursor.execute(_POSTS, {"user": user.pk, "today": today})
        return [Post(pk, role, *map(frozenset, sets)) for pk, role, *sets in cursor.fetchall()]
