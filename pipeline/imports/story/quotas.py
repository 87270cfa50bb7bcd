"""Monthly quotas that fit what people won: some beat theirs, some miss it, nobody by a lot."""

import calendar
import statistics
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from crm.lib.money import to_cents
from crm.lib.periods import add_months, first_of_month
from pipeline.imports.story.deals import Outline
from pipeline.imports.story.timeline import Timeline

LEAST, MOST = Decimal("0.60"), Decimal("1.30")
BAD, GOOD = (0.65, 0.8), (1.1, 1.25)
STEP = 100
FOR_NEW_PEOPLE = Decimal(12_000)
MONTHS_AHEAD = 3

Amounts = dict[tuple[str, date], Decimal]


def quotas(outlines: Iterable[Outline], agents: Iterable[str], *, timeline: Timeline, rng: Random) -> Amounts:
    """The quota of each agent in each month from the first closing to the end of the year, in workspace currency.

    A quota is steady as long as the attainment of every complete month with a win stays between `LEAST` and
    `MOST`; where months differ more, the quota bends. Who has not sold yet begins next month.
    """
    won = won_by_month(outlines, timeline=timeline)
    last_day = date.fromordinal(timeline.today) - timedelta(days=1)
    this_month = first_of_month(last_day)
    first = min((month for _agent, month in won), default=this_month)
    end = max(date(this_month.year + 1, 1, 1), add_months(this_month, MONTHS_AHEAD))
    amounts: Amounts = {}
    for agent in agents:
        mine = {month: amount for (name, month), amount in won.items() if name == agent}
        month = first if mine else add_months(this_month, 1)
        usual = _usual(mine, rng)
        while month < end:
            expected = mine.get(month, Decimal(0))
            if month == this_month:
                expected = expected * calendar.monthrange(month.year, month.month)[1] / last_day.day
            amounts[agent, month] = _within(usual, expected, rng)
            month = add_months(month, 1)
    return amounts


def won_by_month(outlines: Iterable[Outline], *, timeline: Timeline) -> dict[tuple[str, date], Decimal]:
    """What the winners are credited with, by agent and first of month."""
    won: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for outline in outlines:
        if outline.closed and outline.row.status == "won":
            won[outline.owner, first_of_month(date.fromordinal(int(outline.closed)))] += outline.value or 0
    return won


def _usual(won: dict[date, Decimal], rng: Random) -> Decimal:
    if not won:
        return FOR_NEW_PEOPLE
    return statistics.median(won.values()) / Decimal(str(round(rng.uniform(0.85, 1.1), 2)))


def _within(usual: Decimal, expected: Decimal, rng: Random) -> Decimal:
    """The usual amount, or one of a month so good or so bad that a planner would have seen it coming."""
    quota = max(Decimal(STEP), _to_step(usual))
    if not expected or LEAST <= expected / quota <= MOST:
        return quota
    bent = expected / Decimal(str(round(rng.uniform(*(GOOD if expected > quota else BAD)), 2)))
    return _to_step(bent) if LEAST <= expected / max(Decimal(1), _to_step(bent)) <= MOST else to_cents(bent)


def _to_step(amount: Decimal) -> Decimal:
    return Decimal(round(amount / STEP) * STEP)
