"""Which stages a deal of the story goes through, and when. Stages are numbers from 0 to 4, moments as in `timeline`."""

from dataclasses import dataclass
from random import Random

from pipeline.imports.story.texts import STAGES

# How often a closed deal ends in each stage.
WON_IN = (0, 2, 6, 17, 75)
LOST_IN = (20, 26, 22, 19, 13)
STARTS_IN = (88, 10, 2, 0, 0)
SKIPS, GOES_BACK = 0.1, 0.07
LONG_ENOUGH_TO_GO_BACK = 14
# Where an open deal stands after so many days.
OPEN_IN = ((7, (38, 40, 18, 4, 0)), (25, (12, 34, 27, 19, 8)), (10_000, (4, 22, 29, 26, 19)))
NEW_IN = (85, 15, 0, 0, 0)
STALLED = 0.17
LIMITS = tuple(days for _name, _german, _probability, days in STAGES)

Visit = tuple[int, float]


@dataclass(frozen=True)
class OpenPath:
    """The visits of an open deal, and the moment of the last contact; None when entering the stage came later."""

    visits: list[Visit]
    contacted: float | None


def any_of(weights: tuple[int, ...], rng: Random) -> int:
    return rng.choices(range(len(weights)), weights)[0]


def closed_path(engaged: int, closed: int, *, won: bool, rng: Random) -> tuple[list[Visit], float]:
    """The visits of a deal that ended, and the moment of its end. It is created some days before it is engaged."""
    last = any_of(WON_IN if won else LOST_IN, rng)
    end = closed + rng.uniform(0.5, 1)
    stages = _stages(last, long_enough=closed - engaged >= LONG_ENOUGH_TO_GO_BACK, rng=rng)
    start = engaged + rng.uniform(0, 0.3)
    if stages[0] or len(stages) == 1:
        return _spread(stages, start, end, rng), end
    engaged_at = engaged + rng.uniform(0.3, 0.45)
    return [(0, start - rng.randint(0, 9)), *_spread(stages[1:], engaged_at, end, rng)], end


def open_path(today: int, age: int, *, is_new: bool, rng: Random) -> OpenPath:
    """The visits of a deal that was created `age` days before today and is still open."""
    last = any_of(NEW_IN if is_new else next(weights for days, weights in OPEN_IN if age <= days), rng)
    stages = _stages(last, long_enough=age >= LONG_ENOUGH_TO_GO_BACK, rng=rng)
    created = today - age + rng.uniform(0, 0.3)
    touched = max(created, today - _days_untouched(LIMITS[last], age, rng))
    if len(stages) == 1:
        return OpenPath([(last, created)], touched if touched > created else None)
    entered = touched if rng.random() < 0.5 else rng.uniform(max(created, touched - 30), touched)
    before = _spread(stages[:-1], created, entered, rng)
    return OpenPath([*before, (last, entered)], touched if touched > entered else None)


def _days_untouched(limit: int, age: int, rng: Random) -> float:
    """Days since contact or entering the stage: beyond the stage's limit for deals that stall."""
    if age > limit + 3 and rng.random() < STALLED:
        return rng.uniform(limit + 1, min(age, limit + 20))
    return rng.uniform(0.3, min(age, limit - 1))


def _stages(last: int, *, long_enough: bool, rng: Random) -> list[int]:
    """The stages up to the last one: some are skipped, some deals go one back and come again."""
    first = min(any_of(STARTS_IN, rng), last)
    between = [stage for stage in range(first + 1, last) if rng.random() >= SKIPS]
    stages = [first, *between, last] if last > first else [last]
    if long_enough and len(stages) > 2 and rng.random() < GOES_BACK:
        turn = rng.randrange(1, len(stages))
        stages[turn:turn] = [stages[turn], stages[turn - 1]]
    return stages


def _spread(stages: list[int], start: float, end: float, rng: Random) -> list[Visit]:
    """Stays of different lengths between two moments, the first beginning at the start."""
    lengths = [rng.gammavariate(2, 1) + 0.05 for _stage in stages]
    scale = (end - start) / sum(lengths)
    visits, moment = [], start
    for stage, length in zip(stages, lengths, strict=True):
        visits.append((stage, moment))
        moment += length * scale
    return visits
