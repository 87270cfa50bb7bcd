"""The equation of the dashboard: four figures that multiply to the sales velocity, each opening its rows."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from crm.templatetags.formats import compact_money, money, number, percent
from reporting.metrics.funnel import Funnel
from reporting.metrics.population import Window

NONE = "–"
FEW_CLOSED = 20


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
    arithmetic: str = ""
    left_out: str = ""
    undefined_reason: str = ""
    before: str = ""
    sign: str = ""
    is_result: bool = False


def tiles(result: Funnel, window: Window, narrowed: dict[str, str], currency: str) -> list[Tile]:
    """The five tiles in the order of the equation. `narrowed` are the filters that the rows share."""
    open_rows = _rows({"open_at": _stamp(result.deals_in_funnel.at)} | narrowed)
    closed = {"closed_from": str(window.period.start), "closed_to": str(window.period.end)} | narrowed
    return [
        _funnel_tile(result, open_rows, currency),
        _size_tile(result, open_rows, currency),
        _rate_tile(result, _rows(closed)),
        _time_tile(result, _rows({"status": "won"} | closed)),
        _velocity_tile(result, currency),
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


def _size_tile(result: Funnel, url: str, currency: str) -> Tile:
    size = result.average_deal_size
    return Tile(
        id="average-deal-size",
        label=_("Average deal size"),
        value=NONE if size.value is None else compact_money(size.value, currency),
        url=url,
        exact="" if size.value is None else money(size.value, currency),
        sample=_("open"),
        definition=_("Value of open deals ÷ open deals with a value."),
        arithmetic="" if size.median is None else _("Median %(median)s") % {"median": money(size.median, currency)},
        left_out=_left_out(size.without_value, size.not_convertible),
        undefined_reason="" if size.n else _("No open deal has a value."),
        sign="×",
    )


def _rate_tile(result: Funnel, url: str) -> Tile:
    rate = result.win_rate
    closed = rate.won + rate.lost
    interval = rate.interval
    return Tile(
        id="win-rate",
        label=_("Win rate"),
        value=NONE if rate.value is None else percent(rate.value, 1),
        url=url,
        sample=_("%(won)s of %(closed)s") % {"won": number(rate.won), "closed": number(closed)},
        definition=_("Won ÷ (won + lost), deals closed in the period, one outcome per deal."),
        arithmetic=""
        if interval is None
        else _("Likely between %(low)s and %(high)s") % {"low": percent(interval[0]), "high": percent(interval[1])},
        undefined_reason="" if closed else _("No deal was closed in the period."),
        sign="÷",
    )


def _time_tile(result: Funnel, url: str) -> Tile:
    time = result.average_time_to_close
    return Tile(
        id="time-to-close",
        label=_("Time to close"),
        value=NONE if time.value is None else number(round(time.value, 1)),
        unit="" if time.value is None else _("days"),
        url=url,
        sample=_("%(n)s won") % {"n": number(time.n)},
        definition=_("Mean days from created to won, deals won in the period."),
        arithmetic="" if time.median is None else _("Median %(days)s days") % {"days": number(round(time.median, 1))},
        undefined_reason="" if time.n else _("No deal was won in the period."),
        sign="=",
    )


def _velocity_tile(result: Funnel, currency: str) -> Tile:
    velocity = result.sales_velocity
    closed = result.win_rate.won + result.win_rate.lost
    actual = velocity.actual
    return Tile(
        id="sales-velocity",
        label=_("Sales velocity"),
        value=NONE if velocity.value is None else compact_money(velocity.value, currency),
        unit=_("per day"),
        exact="" if velocity.value is None else money(velocity.value, currency),
        definition=_("Deals in funnel × average deal size × win rate ÷ time to close, per day."),
        left_out=_("Fewer than 20 deals closed in the period. Choose a longer one.") if closed < FEW_CLOSED else "",
        before=""
        if actual is None
        else _("actually won %(amount)s per day") % {"amount": compact_money(actual, currency)},
        is_result=True,
    )


def _left_out(without_value: int, not_convertible: int) -> str:
    parts = []
    if without_value:
        parts.append(_("%(n)s without value") % {"n": number(without_value)})
    if not_convertible:
        parts.append(_("%(n)s without an exchange rate") % {"n": number(not_convertible)})
    return ", ".join(parts)


def _rows(parameters: dict[str, str]) -> str:
    return f"{reverse('deal-list')}?{urlencode(parameters)}"


def _stamp(instant: datetime) -> str:
    return instant.isoformat()
