"""Places of rows that people put in order."""

from collections.abc import Iterable


def strictly_rising(places: Iterable[int]) -> list[int]:
    """The places, each moved behind the one before where two are the same."""
    rising: list[int] = []
    for place in places:
        rising.append(max(place, rising[-1] + 1) if rising else place)
    return rising
