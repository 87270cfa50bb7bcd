"""The head of the dashboard: what it shows in words, and the menus that change it."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from reporting.dashboards.calendar import COMPARISONS, PERIODS, compared_with, in_short, in_words
from reporting.dashboards.choice import DEFAULTS, Choice
from reporting.dashboards.figures import Figures
from teams.models import Workspace


@dataclass(frozen=True)
class Item:
    """An entry of a menu."""

    label: str
    url: str
    is_on: bool


@dataclass(frozen=True)
class Heading:
    period: str
    period_short: str
    periods: list[Item]
    compared: str
    compared_short: str
    comparisons: list[Item]
    whose: str
    query: str


def heading(choice: Choice, figures: Figures, workspace: Workspace, today: date) -> Heading:
    words = in_words(choice.period, workspace)
    running = choice.period.start <= today < choice.period.end
    other = figures.settled.compared
    return Heading(
        period=_("%(period)s to date") % {"period": words} if running else words,
        period_short=in_short(choice.period, workspace),
        periods=[_item(choice, "period", name, str(label)) for name, label in PERIODS.items()],
        compared=_("Compared with %(period)s") % {"period": compared_with(other, choice.period, workspace)}
        if other
        else _("No comparison"),
        compared_short=_("vs %(period)s") % {"period": in_short(other.whole, workspace)}
        if other
        else _("No comparison"),
        comparisons=[_item(choice, "compare", name, str(label)) for name, label in COMPARISONS.items()],
        whose=", ".join(str(row) for row in choice.narrowing.values()) or _("All deals"),
        query=choice.address(),
    )


def _item(choice: Choice, parameter: str, value: str, label: str) -> Item:
    chosen = choice.query.get(parameter, DEFAULTS[parameter])
    return Item(label, choice.address(**{parameter: value}), chosen == value)
