"""What has been done about the deals of the story, what is planned next, and what was noted down."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from random import Random

from crm.lib.periods import local_instant
from pipeline.deals.states import NextStepState
from pipeline.imports.story import texts
from pipeline.imports.story.deals import Outline
from pipeline.imports.story.paths import LIMITS
from pipeline.imports.story.timeline import Timeline

DAY = 24 * 60
RECENTLY = 60
# How often an open deal is in each state: (overdue, today, missing, planned); stalled ones are seldom planned.
STATES = (NextStepState.OVERDUE, NextStepState.TODAY, NextStepState.MISSING, NextStepState.PLANNED)
USUAL, WHEN_STALLED = (9, 5, 14, 72), (40, 3, 47, 10)
CONVERSATIONS = ("call", "meeting", "video")
NO_OUTREACH = ("task", "deadline")
MINUTES = {"call": (15, 30), "meeting": (60, 90), "video": (30, 60)}
HAS_RESULT, HAS_NOTE, IS_TIMED = 0.35, 0.3, 0.6
LAST_HOUR = 17


@dataclass(frozen=True)
class ActivityPlan:
    """Done at an instant, or due on a day or at an instant. `deal` is the place of the deal in the list of outlines.

    `who` is the name of the assignee; `contact` counts the people of the deal's company, from 0.
    """

    deal: int | None
    who: str
    kind: str
    subject: str
    created_at: datetime
    contact: int = 0
    done_at: datetime | None = None
    due_on: date | None = None
    due_at: datetime | None = None
    minutes: int | None = None
    outcome: str = ""
    text: str = ""
    offsets: tuple[int, ...] = ()


@dataclass(frozen=True)
class NotePlan:
    deal: int
    who: str
    body: str
    at: datetime
    pinned: bool


@dataclass
class Diary:
    """Tells what people do. Whoever is `featured` has every state of next steps among her first deals."""

    timeline: Timeline
    language: str
    rng: Random
    featured: Sequence[str] = ()

    def __post_init__(self) -> None:
        self.turns = {name: iter(STATES) for name in self.featured}

    def activities(self, outlines: Sequence[Outline]) -> Iterator[ActivityPlan]:
        for place, outline in enumerate(outlines):
            yield from self._done(place, outline)
            if outline.closed is None:
                yield from self._next(place, outline)
        for name in self.featured:
            yield from self._own(name)

    def notes(self, outlines: Sequence[Outline]) -> Iterator[NotePlan]:
        for place, outline in enumerate(outlines):
            if outline.closed is None and self.rng.random() < HAS_NOTE:
                at = self.timeline.instant(self.rng.uniform(outline.created, self.timeline.today - 0.02))
                body = self.rng.choice(texts.NOTES)(self.language)
                yield NotePlan(place, outline.row.agent, body, at, pinned=self.rng.random() < HAS_NOTE)

    def _done(self, place: int, outline: Outline) -> Iterator[ActivityPlan]:
        """Contact ends with the moment that the deal's clock counts from."""
        last = outline.closed or outline.contacted or outline.visits[-1][1]
        for _ in range(self._how_many(outline)):
            yield self._did(place, outline, self.rng.uniform(outline.created, last))
        if outline.contacted:
            yield self._did(place, outline, outline.contacted, kinds=CONVERSATIONS)

    def _how_many(self, outline: Outline) -> int:
        if outline.closed is None:
            return self.rng.randint(0, 1 + outline.stage)
        recent = outline.closed > self.timeline.today - RECENTLY
        return self.rng.randint(1, 3) if recent else self.rng.randint(0, 2)

    def _did(self, place: int, outline: Outline, moment: float, kinds: Sequence[str] = ()) -> ActivityPlan:
        kind, subject = self._something(outline.stage_at(moment), kinds)
        outcomes = texts.OUTCOMES.get(kind, (("", 1),))
        at = self.timeline.instant(moment)
        return ActivityPlan(
            deal=place,
            who=outline.row.agent,
            kind=kind,
            subject=subject,
            created_at=at,
            contact=self.rng.randint(0, 4),
            done_at=at,
            minutes=self.rng.choice(MINUTES[kind]) if kind in MINUTES else None,
            outcome=self.rng.choices([name for name, _ in outcomes], [weight for _, weight in outcomes])[0],
            text=self.rng.choice(texts.RESULTS)(self.language) if self.rng.random() < HAS_RESULT else "",
        )

    def _something(self, stage: int, kinds: Sequence[str] = ()) -> tuple[str, str]:
        choices = [(kind, subject) for kind, subject in texts.ACTIVITIES[stage] if not kinds or kind in kinds]
        kind, subject = self.rng.choice(choices)
        return kind, subject(self.language)

    def _next(self, place: int, outline: Outline) -> Iterator[ActivityPlan]:
        state = self._state(outline)
        if state == NextStepState.MISSING:
            return
        stalled = self._is_stalled(outline)
        kind, subject = self._something(outline.stage, ("email", "task", "follow_up") if stalled else ())
        due_on, due_at = self._due(state, timed=kind not in NO_OUTREACH and self.rng.random() < IS_TIMED)
        yield ActivityPlan(
            deal=place,
            who=outline.owner,
            kind=kind,
            subject=subject,
            created_at=self.timeline.instant(outline.contacted or outline.visits[-1][1]),
            contact=self.rng.randint(0, 4),
            due_on=due_on,
            due_at=due_at,
            minutes=self.rng.choice(MINUTES[kind]) if kind in MINUTES and due_at else None,
            offsets=(self.rng.choice((15, 60)),) if due_at else (0,),
        )

    def _state(self, outline: Outline) -> NextStepState:
        usual = self.rng.choices(STATES, WHEN_STALLED if self._is_stalled(outline) else USUAL)[0]
        return next(self.turns.get(outline.owner, iter(())), usual)

    def _is_stalled(self, outline: Outline) -> bool:
        return self.timeline.today - (outline.contacted or outline.visits[-1][1]) > LIMITS[outline.stage]

    def _due(self, state: NextStepState, *, timed: bool) -> tuple[date | None, datetime | None]:
        if state == NextStepState.TODAY:
            return self.timeline.working_day(0), None
        if state == NextStepState.OVERDUE:
            day = self.timeline.working_day(-self.rng.choice((1, 1, 2, 3, 5, 8, 12)))
        else:
            day = self.timeline.working_day(self.rng.choice((1, 1, 2, 2, 3, 4, 5, 6, 7, 9, 11, 14, 18, 24)))
        if not timed:
            return day, None
        clock = time(self.rng.randint(8, LAST_HOUR), self.rng.choice((0, 30)))
        return None, local_instant(day, clock, self.timeline.zone)

    def _own(self, who: str) -> Iterator[ActivityPlan]:
        """Tasks about no deal: one late, one today, one to come."""
        created_at = self.timeline.instant(self.timeline.today - 20)
        for subject, days in zip(texts.OWN_TASKS, (-1, 0, 3), strict=True):
            due_on = self.timeline.working_day(days)
            yield ActivityPlan(None, who, "task", subject(self.language), created_at, due_on=due_on, offsets=(0,))
