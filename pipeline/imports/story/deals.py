"""The deals of the story: what the files record, shifted, and around it what might have happened."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from pipeline.deals.states import EventKind, ForecastCategory
from pipeline.imports.maven import DealRow, MavenFiles
from pipeline.imports.plans import Change, DealPlan
from pipeline.imports.story import texts
from pipeline.imports.story.paths import Visit, closed_path, open_path
from pipeline.imports.story.timeline import Timeline

# The longest sale recorded took 138 days; a deal open for longer than this is told as a newer one.
OLDEST_OPEN = 110
NEWEST_DAYS = 20
WITHOUT_VALUE, LOST_WITHOUT_VALUE, WITHOUT_COMPANY = 0.05, 0.03, 0.12
# Days from today to the expected close date by stage: the middle, and the spread around it.
CLOSES_IN = ((55, 18), (44, 16), (32, 13), (19, 10), (8, 6))
NO_CLOSE_DATE = (0.3, 0.12, 0.08, 0.03, 0.02)
CLOSE_DATE_PASSED, POSTPONED, HAS_NEED, HAS_PURPOSE = 0.05, 0.2, 0.4, 0.45
PROPOSAL, NEGOTIATION = 3, 4


@dataclass
class Outline:
    """A deal in moments (see `timeline`) and names, before it becomes a plan; activities are told around it."""

    row: DealRow
    company: str
    name: str
    visits: list[Visit]
    closed: float | None = None
    contacted: float | None = None
    first_value: Decimal | None = None
    value: Decimal | None = None
    expected: date | None = None
    reason: str = ""
    source: str = ""
    competitor: str = ""
    owner: str = ""
    changes: list[tuple[float, EventKind, dict[str, Any]]] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def stage(self) -> int:
        return self.visits[-1][0]

    @property
    def created(self) -> float:
        return self.visits[0][1]

    def stage_at(self, moment: float) -> int:
        return next((stage for stage, entered in reversed(self.visits) if entered <= moment), self.visits[0][0])


@dataclass
class Storyteller:
    """Tells the deals one after the other; the same files, day and seed always tell the same."""

    files: MavenFiles
    timeline: Timeline
    language: str
    rng: Random

    def __post_init__(self) -> None:
        self.prices = {product.name: product.list_price for product in self.files.products}
        self.customers: dict[str, Counter[str]] = defaultdict(Counter)
        for row in self.files.deals:
            if row.company:
                self.customers[row.agent][row.company] += 1

    def outlines(self) -> list[Outline]:
        return [self._closed(row) if row.closed_on else self._open(row) for row in self.files.deals]

    def _closed(self, row: DealRow) -> Outline:
        engaged, closed = (self.timeline.shifted(day) for day in (row.engaged_on, row.closed_on) if day)
        visits, end = closed_path(engaged, closed, won=row.status == "won", rng=self.rng)
        guess = self._guess(row, without=LOST_WITHOUT_VALUE if row.status == "lost" else 0)
        outline = self._outline(row, row.company, visits)
        outline.closed = end
        outline.first_value, outline.value = guess, guess if row.value is None else row.value
        outline.expected = date.fromordinal(closed + self.rng.randint(-12, 12))
        self._give_reason(outline)
        return outline

    def _open(self, row: DealRow) -> Outline:
        today = self.timeline.today
        path = open_path(today, self._age(row), is_new=row.engaged_on is None, rng=self.rng)
        outline = self._outline(row, row.company or self._customer(row), path.visits)
        outline.contacted = path.contacted
        outline.value = self._guess(row, without=WITHOUT_VALUE * (3 if outline.stage == 0 else 1))
        outline.expected = self._expected(outline.stage)
        if self.rng.random() < HAS_NEED:
            outline.more["need"] = self.rng.choice(texts.NEEDS)(self.language)
        self._change_on_the_way(outline)
        return outline

    def _outline(self, row: DealRow, company: str, visits: list[Visit]) -> Outline:
        source = self.rng.choice(texts.SOURCES).en
        return Outline(row, company, self._name(row, company), visits, source=source, owner=row.agent)

    def _name(self, row: DealRow, company: str) -> str:
        name = f"{row.product}, {company or texts.NEW_CUSTOMER(self.language)}"
        if self.rng.random() < HAS_PURPOSE:
            name += f" ({self.rng.choice(texts.PURPOSES)(self.language)})"
        return name

    def _age(self, row: DealRow) -> int:
        if row.engaged_on is None:
            return self.rng.randint(1, NEWEST_DAYS)
        recorded = self.timeline.today - self.timeline.shifted(row.engaged_on)
        return recorded if recorded <= OLDEST_OPEN else round(self.rng.triangular(3, OLDEST_OPEN, 20))

    def _customer(self, row: DealRow) -> str:
        """For a deal recorded without a company: one that the agent sells to, but not always."""
        known = self.customers[row.agent]
        if self.rng.random() < WITHOUT_COMPANY or not known:
            return ""
        return self.rng.choices(list(known), list(known.values()))[0]

    def _guess(self, row: DealRow, *, without: float) -> Decimal | None:
        if self.rng.random() < without:
            return None
        price = self.prices[row.product]
        step = 10 if price >= 500 else 1
        return Decimal(round(float(price) * self.rng.uniform(0.92, 1.1) / step) * step)

    def _expected(self, stage: int) -> date | None:
        if self.rng.random() < NO_CLOSE_DATE[stage]:
            return None
        if self.rng.random() < CLOSE_DATE_PASSED:
            return self.timeline.working_day(-self.rng.randint(1, 18))
        middle, spread = CLOSES_IN[stage]
        return self.timeline.working_day(max(0, round(self.rng.gauss(middle, spread))))

    def _change_on_the_way(self, outline: Outline) -> None:
        """Close dates are put off, values settle with the proposal, and late deals are spoken for in the forecast."""
        later = self.timeline.today - self.rng.uniform(0.2, 1)
        if outline.expected and self.rng.random() < POSTPONED and later > outline.created:
            moment = self.rng.uniform(outline.created, later)
            final = outline.expected
            outline.expected = final - timedelta(days=self.rng.randint(7, 35))
            outline.changes.append((moment, EventKind.EXPECTED_CLOSE_CHANGED, {"expected_close_date": final}))
        entered = dict(outline.visits).get(PROPOSAL)
        if entered and outline.value and self.rng.random() < 0.4:
            settled = Decimal(round(float(outline.value) * self.rng.uniform(0.9, 1.05)))
            outline.changes.append((entered, EventKind.VALUE_CHANGED, {"value": settled}))
        if outline.stage >= PROPOSAL and self.rng.random() < 0.5:
            category = ForecastCategory.COMMIT if outline.stage == NEGOTIATION else ForecastCategory.BEST_CASE
            moment = self.rng.uniform(outline.visits[-1][1], self.timeline.today - 0.05)
            outline.changes.append((moment, EventKind.FORECAST_CATEGORY_CHANGED, {"forecast_category": category}))
            outline.more["forecast_category_chosen"] = True

    def _give_reason(self, outline: Outline) -> None:
        reasons = texts.WON_REASONS if outline.row.status == "won" else texts.LOST_REASONS
        reason = self.rng.choices(reasons, [reason.stages[outline.stage] for reason in reasons])[0]
        outline.reason = reason.label.en
        if reason.needs_competitor:
            outline.competitor = self.rng.choice(texts.COMPETITORS)
        if outline.reason == texts.TRY_AGAIN and outline.closed:
            outline.more["try_again_on"] = date.fromordinal(int(outline.closed) + self.rng.randint(90, 200))


def hand_over(
    outlines: Sequence[Outline], *, agents: Iterable[str], to: str, count: int, today: int, rng: Random
) -> None:
    """Somebody takes over open deals of these agents, after they reached their present stage."""
    theirs = set(agents)
    candidates = [one for one in outlines if one.closed is None and one.owner in theirs and one.stage > 0]
    for outline in rng.sample(candidates, min(count, len(candidates))):
        outline.owner = to
        moment = rng.uniform(outline.visits[-1][1], today - 0.05)
        outline.changes.append((moment, EventKind.OWNER_CHANGED, {"owner": to}))


def plan(outline: Outline, timeline: Timeline) -> DealPlan:
    """The outline as it is written."""
    visits = tuple((texts.STAGES[stage][0], timeline.instant(moment)) for stage, moment in outline.visits)
    return DealPlan(
        row=outline.row,
        name=outline.name,
        company=outline.company,
        visits=visits,
        closed_at=timeline.instant(outline.closed) if outline.closed else None,
        value=outline.value,
        first_value=outline.first_value,
        unit_price=_last(outline.changes, "value", outline.value),
        expected_close_date=outline.expected,
        reason=outline.reason,
        changes=tuple(_changes(outline, timeline)),
        creator=outline.row.agent,
        source=outline.source,
        competitor=outline.competitor,
        more=outline.more,
    )


def _changes(outline: Outline, timeline: Timeline) -> Iterator[Change]:
    for moment, kind, fields in outline.changes:
        yield Change(timeline.instant(moment), kind, fields)


def _last(changes: Sequence[tuple[float, EventKind, Mapping[str, Any]]], name: str, value: Any) -> Any:
    return next((fields[name] for _moment, _kind, fields in reversed(changes) if name in fields), value)
