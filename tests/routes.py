"""Every address of the product."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, get_resolver


def routes(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Each route as a whole, with the pattern at its end: its `name` and its `callback`, the view."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, pattern
        else:
            yield from routes(pattern, route)
