"""Values remembered for the length of one request, and forgotten with it."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

_memory: ContextVar[dict[Hashable, Any] | None] = ContextVar("memory", default=None)

T = TypeVar("T")


@contextmanager
def remembering() -> Iterator[None]:
    """Until the block ends, `remembered` computes each key once."""
    token = _memory.set({})
    try:
        yield
    finally:
        _memory.reset(token)


def remembered(key: Hashable, compute: Callable[[], T]) -> T:
    """The value computed for this key during this request; computed anew outside of one."""
    memory = _memory.get()
    if memory is None:
        return compute()
    if key not in memory:
        memory[key] = compute()
    return memory[key]  # type: ignore[no-any-return]


def forget() -> None:
    """After a change of settings, teams or roles: nothing remembered is valid any more."""
    memory = _memory.get()
    if memory is not None:
        memory.clear()
