"""The equation of the dashboard: four figures that multiply to the sales velocity, each opening its rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.templatetags.formats import compact_money, days_exact, money, number, percent, points
from reporting.dashboards.calendar import LONGER, in_short
from reporting.dashboards.choice import Choice
from reporting.dashboards.figures import Figures
from reporting.metrics import rows
from reporting.metrics.average_deal_size import AverageDealSize, SizeBasis
from reporting.metrics.funnel import Funnel
from reporting.metrics.population import Scope
from teams.models import Workspace

NONE = "–"
# Below this many closings of a period, its velocity is a matter of chance; below the other, its rates are.
FEW_CLOSED = 20
TOO_FEW = 10

Number = int | float | Decimal


@dataclass(frozen=True)
class Tile:
    """One figure, ready to print. `sign` stands before the next tile."""

    id: str
    label: str
    value: str
    definition: str
    url: str = ""
    unit: str = ""
    exact: str = ""
    sample: str = ""
    sample_url: str = ""
    sample_name: str = ""
    few: bool = False
    arithmetic: str = ""
    left_out: str = ""
    warning: str = ""
    longer_url: str = ""
    undefined_reason: str = ""
    change: str = ""
    change_icon: str = ""
    change_tone: str = ""
    before: str = ""
    values: list[Number | None] = field(default_factory=list)
    before_values: list[Number] = field(default_factory=list)
    sign: str = ""
    is_result: bool = False


def list_url(parameters: Mapping[str, str], figure: str) -> str:
    """The list of the deals behind a figure, which names the figure on the way back."""
    return f"{reverse('deal-list')}?{urlencode({**parameters, 'figure': figure})}"


def tiles(figures: Figures, choice: Choice, scope: Scope) -> list[Tile]:
    """The five tiles in the order of the equation."""
    workspace = Workspace.get()
    queries = rows.figures(scope, figures.window, choice.basis)
    urls = {name: list_url(query, name) for name, query in queries.items()}
    result, currency = figures.result, workspace.currency
    compare = _Comparison(figures, workspace)
    return [
        compare.with_count(_funnel_tile(result, urls["deals_in_funnel"], currency)),
        compare.with_size(_size_tile(result.average_deal_size, urls["average_deal_size"], choice, currency)),
        compare.with_rate(_rate_tile(result, urls["win_rate"])),
        compare.with_time(_time_tile(result, urls["average_time_to_close"])),
        _velocity_tile(result, urls["sales_velocity"], choice, currency),
    ]


def _funnel_tile(result: Funnel, url: str, currency: str) -> Tile:
    stock = result.deals_in_funnel
    return Tile(
        id="deals-in-funnel",
        label=_("Deals in funnel"),
        value=number(stock.value),
        url=url,
        sample=compact_money(stock.open_value, currency),
        definition=_("Open deals at the end of the period or now, without deleted and archived ones."),
        left_out=_left_out(stock.without_value, stock.not_convertible),
        sign="×",
    )


def _size_tile(size: AverageDealSize, url: str, choice: Choice, currency: str) -> Tile:
    is_open = size.basis == SizeBasis.OPEN
    return Tile(
        id="average-deal-size",
        label=_("Average deal size"),
        value=NONE if size.value is None else compact_money(size.value, currency),
        url=url,
        exact="" if size.value is None else money(size.value, currency),
        sample=_("open") if is_open else _("won"),
        sample_url=choice.address(size_basis=SizeBasis.WON if is_open else SizeBasis.OPEN),
        sample_name=_("Show the size of deals won") if is_open else _("Show the size of open deals"),
        definition=_("Value of open deals ÷ open deals with a value.")
        if is_open
        else _("Value of deals won in the period ÷ deals won with a value."),
        arithmetic=_size_in_numbers(size, currency),
        left_out=_left_out(size.without_value, size.not_convertible),
        undefined_reason=_size_missing(size),
        sign="×",
    )


def _size_in_numbers(size: AverageDealSize, currency: str) -> str:
    if size.value is None or size.median is None:
        return ""
    parts = [
        f"{money(size.total, currency)} ÷ {number(size.n)} = {money(size.value, currency)}",
        _("median %(amount)s") % {"amount": money(size.median, currency)},
    ]
    if size.largest and size.total and size.n > 1:
        parts.append(_("the largest is %(share)s of the sum") % {"share": percent(size.largest / size.total)})
    return ", ".join(parts)


def _size_missing(size: AverageDealSize) -> str:
    if size.n:
        return ""
    return _("No open deal has a value.") if size.basis == SizeBasis.OPEN else _("No deal won has a value.")


def _rate_tile(result: Funnel, url: str) -> Tile:
    rate = result.win_rate
    sample = _("%(won)s of %(closed)s") % {"won": number(rate.won), "closed": number(rate.n)}
    few = 0 < rate.n < TOO_FEW
    value = NONE if rate.value is None else percent(rate.value, 1)
    excluded = ngettext(
        "%(number)s loss left out: its reason does not count",
        "%(number)s losses left out: their reasons do not count",
        rate.excluded,
    ) % {"number": number(rate.excluded)}
    return Tile(
        id="win-rate",
        label=_("Win rate"),
        value=sample if few else value,
        url=url,
        exact=f"{sample}, {value}" if few else "",
        sample=_("few data") if few else sample,
        few=few,
        definition=_("Won ÷ (won + lost), deals closed in the period, one outcome per deal."),
        arithmetic=_likely(rate.interval),
        left_out=excluded if rate.excluded else "",
        undefined_reason="" if rate.n else _("No deal was closed in the period."),
        sign="÷",
    )


def _likely(interval: tuple[float, float] | None) -> str:
    if interval is None:
        return ""
    low, high = interval
    return _("Likely between %(low)s and %(high)s") % {"low": percent(low), "high": percent(high)}


def _time_tile(result: Funnel, url: str) -> Tile:
    time = result.average_time_to_close
    few = 0 < time.n < TOO_FEW
    spread = {"median": days_exact(time.median), "p75": days_exact(time.p75), "p90": days_exact(time.p90)}
    return Tile(
        id="time-to-close",
        label=_("Time to close"),
        value=NONE if time.value is None else days_exact(time.value),
        url=url,
        sample=_("few data") if few else _("%(n)s won") % {"n": number(time.n)},
        few=few,
        definition=_("Mean days from created to won, deals won in the period."),
        arithmetic=""
        if time.median is None
        else _("median %(median)s, three quarters within %(p75)s, nine in ten within %(p90)s") % spread,
        undefined_reason="" if time.n else _("No deal was won in the period."),
        sign="=",
    )


def _velocity_tile(result: Funnel, url: str, choice: Choice, currency: str) -> Tile:
    velocity, closed = result.sales_velocity, result.win_rate.n
    actual = velocity.actual
    few = closed < FEW_CLOSED
    longer = LONGER.get(choice.name, "") if few else ""
    return Tile(
        id="sales-velocity",
        label=_("Sales velocity"),
        value=NONE if velocity.value is None else compact_money(velocity.value, currency),
        url=url,
        unit=_("per day"),
        exact="" if velocity.value is None else money(velocity.value, currency),
        definition=_("Deals in funnel × average deal size × win rate ÷ time to close, per day."),
        arithmetic=_velocity_in_numbers(result, currency),
        warning=_("Only %(closed)s closed, few data.") % {"closed": number(closed)} if few else "",
        longer_url=choice.address(period=longer) if longer else "",
        undefined_reason="" if velocity.value is not None else _("A factor is missing."),
        before=""
        if actual is None
        else _("actually won %(amount)s per day") % {"amount": compact_money(actual, currency)},
        is_result=True,
    )


def _velocity_in_numbers(result: Funnel, currency: str) -> str:
    if result.sales_velocity.value is None:
        return ""
    factors = [
        number(result.deals_in_funnel.value),
        money(result.average_deal_size.value, currency),
        percent(result.win_rate.value or 0, 1),
    ]
    time, value = result.average_time_to_close.value, result.sales_velocity.value
    return f"{' × '.join(factors)} ÷ {days_exact(time)} = {money(value, currency)}"


class _Comparison:
    """Adds the past to a tile: its way here, and the change since the period to compare with."""

    def __init__(self, figures: Figures, workspace: Workspace) -> None:
        self.series, self.before, self.result = figures.series, figures.before, figures.result
        self.currency = workspace.currency
        self.name = in_short(figures.settled.compared.whole, workspace) if figures.settled.compared else ""

    def with_count(self, tile: Tile) -> Tile:
        return self._added(tile, lambda one: one.deals_in_funnel.value, number, _relative)

    def with_size(self, tile: Tile) -> Tile:
        def amount(value: Number) -> str:
            return compact_money(value, self.currency)

        return self._added(tile, lambda one: one.average_deal_size.value, amount, _relative)

    def with_rate(self, tile: Tile) -> Tile:
        def rate(value: Number) -> str:
            return percent(value, 1)

        return self._added(tile, lambda one: one.win_rate.value, rate, _in_points)

    def with_time(self, tile: Tile) -> Tile:
        return self._added(
            tile, lambda one: one.average_time_to_close.value, days_exact, _in_days, good_when_falling=True
        )

    def _added(
        self,
        tile: Tile,
        value_of: Callable[[Funnel], Number | None],
        in_words: Callable[[Number], str],
        change_of: Callable[[Number, Number], str],
        *,
        good_when_falling: bool = False,
    ) -> Tile:
        tile = replace(tile, values=[value_of(one) for one in self.series])
        now, then = value_of(self.result), value_of(self.before) if self.before else None
        if then is None:
            return tile
        tile = replace(tile, before=f"{self.name} {in_words(then)}", before_values=[then] * len(tile.values))
        change = change_of(now, then) if now is not None and not tile.few else ""
        if now is None or not change:
            return tile
        if now == then:
            return replace(tile, change=change)
        rises = now > then  # type: ignore[operator]
        return replace(
            tile,
            change=change,
            change_icon="arrow-up-right" if rises else "arrow-down-right",
            change_tone="good" if rises != good_when_falling else "bad",
        )


def _relative(now: Number, then: Number) -> str:
    return percent(abs(float(now) / float(then) - 1), 1) if then else ""


def _in_points(now: Number, then: Number) -> str:
    return points(abs(float(now) - float(then))).lstrip("+")


def _in_days(now: Number, then: Number) -> str:
    return days_exact(abs(float(now) - float(then)))


def _left_out(without_value: int, not_convertible: int) -> str:
    parts = []
    if without_value:
        parts.append(_("%(n)s without value") % {"n": number(without_value)})
    if not_convertible:
        parts.append(_("%(n)s without an exchange rate") % {"n": number(not_convertible)})
    return ", ".join(parts)
