"""Trees kept as rows that name their parent."""

from collections.abc import Iterable


def with_descendants(tops: Iterable[int], rows: Iterable[tuple[int, int | None]]) -> set[int]:
    """The ids `tops` and those of everything below them; `rows` are pairs of an id and its parent's. Circles end."""
    children: dict[int | None, list[int]] = {}
    for pk, parent in rows:
        children.setdefault(parent, []).append(pk)
    found: set[int] = set()
    waiting = list(tops)
    while waiting:
        pk = waiting.pop()
        if pk not in found:
            found.add(pk)
            waiting.extend(children.get(pk, ()))
    return found
