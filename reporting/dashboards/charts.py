"""The drawings of the dashboard, ready to print: months against quota, the funnel, the reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.lib.periods import month_of
from crm.templatetags.charts import Column
from crm.templatetags.formats import compact_money, money, month_short, month_year, number, signed
from pipeline.models import DealStatus
from reporting.dashboards.calendar import in_short
from reporting.dashboards.figures import Figures, months_shown
from reporting.dashboards.tiles import list_url
from reporting.metrics import rows
from reporting.metrics.population import Scope, Window
from reporting.metrics.reasons import Reason
from reporting.metrics.stages import Reached
from teams.models import Workspace

TONES = 5


@dataclass(frozen=True)
class Month:
    """`quota` is None where nobody has one or it does not fit what is shown."""

    column: Column
    month: date
    won: Decimal
    quota: Decimal | None


def months(figures: Figures, scope: Scope, quotas: Mapping[date, Decimal | None], today: date) -> list[Month]:
    """Won against quota, month by month; each opens the deals won in it."""
    currency = Workspace.get().currency
    found = []
    for month in months_shown(figures.window.period):
        won, quota = figures.settled.won_by_month[month.start], quotas.get(month.start)
        window = Window(month, figures.window.as_of, figures.window.now)
        sentence = {"month": month_year(month.start), "won": money(won, currency), "quota": money(quota, currency)}
        name = _("%(month)s: won %(won)s") if quota is None else _("%(month)s: won %(won)s, quota %(quota)s")
        column = Column(
            label=month_short(month.start),
            name=name % sentence,
            url=list_url(rows.won(scope, window), "months"),
            won=won,
            quota=quota,
            is_current=month == month_of(today),
        )
        found.append(Month(column, month.start, won, quota))
    return found


@dataclass(frozen=True)
class FunnelRow:
    """`share` is that of the first row. `change` is in points, for the conversion before."""

    label: str
    name: str
    url: str
    count: str
    value: str
    share: float
    conversion: float | None
    change: str
    change_tone: str
    tone: int
    is_won: bool


@dataclass(frozen=True)
class FunnelChart:
    """`note` names the step that lost the most deals, `note_url` opens them."""

    rows: list[FunnelRow]
    pipeline: str
    note: str = ""
    note_url: str = ""
    note_count: int = 0


def funnel_chart(figures: Figures, scope: Scope) -> FunnelChart | None:
    """None without a pipeline or without a decided deal."""
    if figures.settled.pipeline is None or not figures.settled.reached or not figures.settled.reached[0].count:
        return None
    cohort = rows.decided(scope, figures.window) | {"pipeline": str(figures.settled.pipeline.pk)}
    before = {_key(row): row.conversion for row in figures.settled.reached_before}
    found = [
        _funnel_row(row, place, figures.settled.reached, before.get(_key(row)), cohort)
        for place, row in enumerate(figures.settled.reached)
    ]
    note, url, count = _largest_drop(figures, before, cohort)
    return FunnelChart(found, figures.settled.pipeline.label, note, url, count)


def _sentence(label: str, count: int, value: Decimal) -> str:
    sentence = ngettext("%(label)s: %(count)s deal, %(value)s", "%(label)s: %(count)s deals, %(value)s", count)
    return sentence % {"label": label, "count": number(count), "value": money(value, Workspace.get().currency)}


def _key(row: Reached) -> int | None:
    return row.stage.pk if row.stage else None


def _label(row: Reached) -> str:
    return row.stage.label if row.stage else _("Won")


def _funnel_row(
    row: Reached, place: int, everything: Sequence[Reached], before: float | None, cohort: dict[str, str]
) -> FunnelRow:
    currency = Workspace.get().currency
    behind = cohort | ({"reached": str(row.stage.pk)} if row.stage else {"status": DealStatus.WON.value})
    change = None if row.conversion is None or before is None else round(100 * (row.conversion - before))
    return FunnelRow(
        label=_label(row),
        name=_sentence(_label(row), row.count, row.value),
        url=list_url(behind, "funnel"),
        count=number(row.count),
        value=compact_money(row.value, currency),
        share=row.count / everything[0].count,
        conversion=row.conversion,
        change="" if change is None else signed(change),
        change_tone="" if not change else ("good" if change > 0 else "bad"),
        tone=1 + round(place * (TONES - 1) / max(len(everything) - 2, 1)),
        is_won=row.stage is None,
    )


def _largest_drop(
    figures: Figures, before: Mapping[int | None, float | None], cohort: dict[str, str]
) -> tuple[str, str, int]:
    """The sentence about the step with the lowest conversion, the address of what was lost there, and how many."""
    steps = [
        (upper, lower)
        for upper, lower in zip(figures.settled.reached, figures.settled.reached[1:], strict=False)
        if lower.conversion is not None and lower.count < upper.count and upper.stage
    ]
    if not steps:
        return "", "", 0
    upper, lower = min(steps, key=lambda step: step[1].conversion or 0)
    query = cohort | {"reached": str(upper.stage.pk)}  # type: ignore[union-attr]
    query |= {"not_reached": str(lower.stage.pk)} if lower.stage else {"status": DealStatus.LOST.value}
    words = {"upper": _label(upper), "lower": _label(lower)}
    then = before.get(_key(lower))
    if then is None or figures.settled.compared is None or lower.conversion is None:
        sentence = _("%(upper)s to %(lower)s lost most.") % words
    else:
        words["period"] = in_short(figures.settled.compared.whole, Workspace.get())
        points = round(100 * (lower.conversion - then))
        words["points"] = number(abs(points))
        sentence = _moved(points) % words
    return sentence, list_url(query, "funnel"), upper.count - lower.count


def _moved(points: int) -> str:
    if not points:
        return _("%(upper)s to %(lower)s lost most, as in %(period)s.")
    if points < 0:
        return ngettext(
            "%(upper)s to %(lower)s lost most, %(points)s point below %(period)s.",
            "%(upper)s to %(lower)s lost most, %(points)s points below %(period)s.",
            -points,
        )
    return ngettext(
        "%(upper)s to %(lower)s lost most, %(points)s point above %(period)s.",
        "%(upper)s to %(lower)s lost most, %(points)s points above %(period)s.",
        points,
    )


@dataclass(frozen=True)
class ReasonRow:
    """`share` of the deals with that outcome, `bar` of the most frequent reason."""

    label: str
    name: str
    url: str
    share: float
    bar: float
    counts: bool


@dataclass(frozen=True)
class Outcome:
    label: str
    count: int
    url: str
    tone: str
    rows: list[ReasonRow]


def outcomes(figures: Figures, scope: Scope) -> list[Outcome]:
    """Why we lose and win: lost first, as there is more to learn from it."""
    closed = rows.closed(scope, figures.window)
    return [
        _outcome(_("Lost"), "slate", figures.settled.reasons.get(DealStatus.LOST, []), closed | {"status": "lost"}),
        _outcome(_("Won"), "ok", figures.settled.reasons.get(DealStatus.WON, []), closed | {"status": "won"}),
    ]


def _outcome(label: str, tone: str, found: list[Reason], query: dict[str, str]) -> Outcome:
    most = max((row.count for row in found), default=1)
    shown = [
        ReasonRow(
            label=row.reason.label,
            name=_sentence(row.reason.label, row.count, row.value),
            url=list_url(query | {"reason": str(row.reason.pk)}, "reasons"),
            share=row.share,
            bar=row.count / most,
            counts=row.reason.counts_in_win_rate,
        )
        for row in found
    ]
    return Outcome(label, sum(row.count for row in found), list_url(query, "reasons"), tone, shown)
