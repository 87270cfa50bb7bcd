"""What the frame around every page shows: workspace, navigation, the person."""

from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from crm.lib.addresses import address
from crm.notifications import live
from crm.rail import Rail, rail_of
from crm.templatetags.formats import money, month, percent
from pipeline.figures import Standing, standings_of
from teams.access import Permission, holds
from teams.access.reach import leads_others
from teams.models import User, Workspace


@dataclass(frozen=True)
class Place:
    """A page that the navigation can name. Shown to whoever holds the permission, to all without one."""

    url_name: str
    label: str | Promise
    icon: str
    permission: Permission | None = None


WORK = (
    Place("today", _("Today"), "sun"),
    Place("board", _("Pipeline"), "layout-kanban", Permission.DEAL_VIEW),
    Place("deal-list", _("Deals"), "briefcase", Permission.DEAL_VIEW),
    Place("company-list", _("Companies"), "building", Permission.COMPANY_VIEW),
    Place("contact-list", _("Contacts"), "users", Permission.COMPANY_VIEW),
    Place("activity-list", _("Activities"), "calendar", Permission.ACTIVITY_VIEW),
)
INSIGHTS = (Place("dashboard", _("Dashboard"), "chart-bar", Permission.METRICS_VIEW),)
ADMINISTRATION = (
    Place("quota-grid", _("Quotas"), "target-arrow", Permission.QUOTA_SET),
    Place("territory-list", _("Territories"), "map-pin", Permission.TERRITORY_EDIT),
    Place("user-list", _("Users"), "user-circle", Permission.PEOPLE_EDIT),
    Place("team-list", _("Teams"), "users-group", Permission.PEOPLE_EDIT),
    Place("stage-settings", _("Stages"), "layout-columns", Permission.STAGE_EDIT),
    Place("workspace-settings", _("Settings"), "settings", Permission.WORKSPACE_EDIT),
    Place("audit-log", _("Audit log"), "shield-check", Permission.AUDIT_VIEW),
)
# Between the two pairs on a phone stands the button that adds.
PHONE_START = WORK[:2]
PHONE_END_OF_LEADERS, PHONE_END = INSIGHTS[0], WORK[2]


@dataclass(frozen=True)
class Link:
    label: str | Promise
    url: str
    icon: str
    active: bool = False
    count: int | None = None
    hot: bool = False


@dataclass(frozen=True)
class PaceCard:
    """The quota card at the foot of the rail; sentences and figures ready to print."""

    url: str
    period: str
    won: Decimal
    quota: Decimal
    currency: str
    achieved: Decimal
    expected: Decimal
    pace: str
    words: str
    to_go: Decimal
    name: str


@dataclass(frozen=True)
class Shell:
    workspace_name: str
    user_name: str
    user_subtitle: str
    theme: str
    single_keys: bool
    nav: list[Link] = field(default_factory=list)
    insights: list[Link] = field(default_factory=list)
    admin_nav: list[Link] = field(default_factory=list)
    pinned_views: list[Link] = field(default_factory=list)
    phone_start: list[Link] = field(default_factory=list)
    phone_end: list[Link] = field(default_factory=list)
    pace: PaceCard | None = None
    unread: int = 0
    live_token: str = ""
    live_mark: str = ""
    new_deal_url: str = ""
    search_url: str = ""
    notifications_url: str = ""
    bell_url: str = ""
    profile_url: str = ""


def shell(request: HttpRequest) -> dict[str, object]:
    """The frame, computed when a template first asks for it: error pages and partials never do."""
    return {"shell": SimpleLazyObject(lambda: shell_for(request))}


def shell_for(request: HttpRequest) -> Shell | None:
    """None for people who are not signed in: they see plain pages only."""
    user = request.user
    if not isinstance(user, User):
        return None
    mark = live.mark()  # before anything is read: what comes later is news
    insights, administration = links(INSIGHTS, request), links(ADMINISTRATION, request)
    if len(administration) == 1:
        # Who may only read what happened administers nothing.
        insights, administration = insights + administration, []
    today = address("today")
    rail, unread = rail_of(user, timezone.now(), anew=request.path == today)
    nav = [counted(link, rail) if link.url == today else link for link in links(WORK, request)]
    return Shell(
        workspace_name=Workspace.get().name,
        user_name=user.name,
        user_subtitle=user.job_title or user.get_role_display(),
        theme=user.theme,
        single_keys=user.single_keys,
        nav=nav,
        insights=insights,
        admin_nav=administration,
        phone_start=nav[: len(links(PHONE_START, request))],
        phone_end=links((PHONE_END_OF_LEADERS if leads_others(user) else PHONE_END,), request),
        pinned_views=links_to(rail, request),
        pace=pace_of(user),
        new_deal_url=address("deal-add") if holds(user, Permission.DEAL_ADD) else "",
        search_url=address("search"),
        unread=unread,
        live_token=live.live_token(user),
        live_mark=mark,
        notifications_url=address("notification-list"),
        bell_url=address("notification-bell"),
        profile_url=address("profile"),
    )


def pace_of(user: User) -> PaceCard | None:
    """The card of the month, of the quarter while the month has no quota; None without either."""
    workspace = Workspace.get()
    standings = standings_of(user, workspace.today(timezone.now()))
    if standings is None:
        return None
    if standings.month is not None:
        return pace_card(standings.month, month(standings.month.period.start), workspace.currency)
    return pace_card(standings.quarter, str(_("Quarter")), workspace.currency) if standings.quarter else None


def pace_card(stands: Standing, period: str, currency: str) -> PaceCard:
    attained, pace = stands.attained, stands.pace
    quota, share = attained.quota or Decimal(0), attained.share or Decimal(0)
    name = _("%(period)s: %(won)s of %(quota)s, %(share)s, %(pace)s") % {
        "period": period,
        "won": money(attained.achieved, currency),
        "quota": money(quota, currency),
        "share": percent(share),
        "pace": pace.spoken,
    }
    return PaceCard(
        url=address("quota-grid"),
        period=period,
        won=attained.achieved,
        quota=quota,
        currency=currency,
        achieved=share,
        expected=pace.elapsed,
        pace=pace.state,
        words=pace.words,
        to_go=attained.gap or Decimal(0),
        name=name,
    )


def counted(link: Link, rail: Rail) -> Link:
    """The link with how much waits behind it, hot when some of it is late."""
    return replace(link, count=rail.count or None, hot=rail.late > 0)


def links_to(rail: Rail, request: HttpRequest) -> list[Link]:
    """The saved views in the rail with how many deals they show; the one she looks at is active."""
    opened = request.GET.get("view")
    return [
        Link(view.name, view.get_absolute_url(), "pin", active=str(view.pk) == opened, count=rail.sizes[view.pk])
        for view in rail.pinned
    ]


def links(places: tuple[Place, ...], request: HttpRequest) -> list[Link]:
    """The places this person may enter, as links; the one she is at is active."""
    return [
        Link(place.label, url, place.icon, active=request.path.startswith(url))
        for place, url in ((place, address(place.url_name)) for place in places)
        if place.permission is None or holds(request.user, place.permission)
    ]
