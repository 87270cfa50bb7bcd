"""Fields of a row as callers of actions name them."""

from collections.abc import Collection, Mapping
from typing import Any


def only_known(fields: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """The fields with their values. Raises ValueError, for a mistake in the code, when one is not known."""
    if unknown := fields.keys() - set(known):
        message = f"unknown fields: {sorted(unknown)}"
        raise ValueError(message)
    return dict(fields)
