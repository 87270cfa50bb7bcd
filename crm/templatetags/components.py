"""Small parts that need more than markup: icons, hues, addresses, and shapes sized in percent.

Sizes are SVG attributes, because the content security policy forbids styles in markup.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import cache, lru_cache
from itertools import groupby
from typing import Any
from uuid import uuid4
from zlib import crc32

from django import template
from django.http import HttpRequest
from django.template import engines
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from crm.lib.repeats import FIELD
from crm.lib.text import sort_key

register = template.Library()

HUES = 10
# Labels under a bar stay inside it.
LABEL_LIMITS = (8.0, 92.0)
SPARKLINE_WIDTH, SPARKLINE_HEIGHT = 100.0, 30.0

Number = int | float | Decimal


@register.simple_tag
def icon(name: str, size: int = 16, label: str = "") -> SafeString:
    """An icon of the sprite. Without a label it is decoration: the words stand beside it."""
    return _icon(name, size, label, _sprite())


@cache
def _sprite() -> str:
    return static("icons.svg")


@lru_cache(maxsize=1024)
def _icon(name: str, size: int, label: str, sprite: str) -> SafeString:
    shape = "icon" if size == 16 else f"icon icon-{size}"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}#i-{}"></use></svg>', shape, label, sprite, name
        )
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#i-{}"></use></svg>', shape, sprite, name)


@register.simple_tag(takes_context=True)
def form_key(context: dict[str, Any], form: Any = None) -> SafeString:
    """The key by which a form that was sent twice is known; a form that comes back with mistakes keeps its own."""
    sent = context["request"].POST.get(FIELD, "") if getattr(form, "is_bound", False) else ""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, sent or uuid4().hex)


@register.simple_tag
def jinja(template_name: str, **values: object) -> SafeString:
    """A part that is printed by Jinja2: see `crm.jinja`."""
    return mark_safe(engines["jinja"].get_template(template_name).render(values))  # noqa: S308 - escaped by its template


@register.simple_tag
def part(which: str, **values: object) -> SafeString:
    """One of the small parts in `components/parts.jinja`: `{% part "chip" text=state tone="warn" %}`."""
    parts = engines["jinja"].get_template("components/parts.jinja").template.module  # type: ignore[attr-defined]
    return getattr(parts, which)(**values)  # type: ignore[no-any-return]


@register.simple_tag
def hue(name: str) -> str:
    """The class of one of ten fixed hues, always the same for the same name."""
    return f"hue-{crc32(str(name).encode()) % HUES}"


@register.simple_tag
def initials(name: str) -> str:
    """AV for Dr. Annette Voss, VO for Voss."""
    words = [word for word in str(name).replace("@", " ").split() if not word.endswith(".") and word[0].isalnum()]
    if not words:
        return "?"
    if len(words) == 1:
        return words[0][:2].upper()
    return (words[0][0] + words[-1][0]).upper()


@register.simple_tag(takes_context=True)
def url_with(context: template.Context, **changes: object) -> str:
    """The query string of this page with some parameters changed; None or an empty text removes one.

    `<a href="{% url_with sort='-value' page=None %}">`
    """
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else request.path


@register.filter
def opposite(ordering: str) -> str:
    """The order the other way round: with a minus or without."""
    return ordering.removeprefix("-") if ordering.startswith("-") else f"-{ordering}"


@register.filter
def marked(text: object, words: Sequence[str]) -> SafeString:
    """The text with the letters that fit the words (as `sort_key` makes them) in `<mark>`."""
    shown = str(text)
    folded, places = "", []
    for index, char in enumerate(shown):
        part = sort_key(char) if char.strip() else char
        folded += part
        places += [index] * len(part)
    lit: set[int] = set()
    for word in words:
        start = folded.find(word)
        if start >= 0:
            lit.update(places[start : start + len(word)])
    pieces = groupby(enumerate(shown), key=lambda pair: pair[0] in lit)
    return format_html_join(
        "",
        "{}",
        (
            (
                format_html("<mark>{}</mark>", "".join(char for _index, char in part))
                if is_lit
                else "".join(char for _index, char in part),
            )
            for is_lit, part in pieces
        ),
    )


@register.filter
def per_cent(share: Number | None) -> str:
    """A share as an SVG length, 57.10%, between nothing and everything."""
    return f"{_bounded(share) * 100:.2f}%"


def _bounded(share: Number | None) -> float:
    return min(max(float(share or 0), 0.0), 1.0)


@register.inclusion_tag("components/pace_bar.html")
def pace_bar(
    achieved: Number | None,
    expected: Number | None = None,
    committed: Number | None = None,
    *,
    pace: str = "on",
    thin: bool = False,
    label: str = "",
    today: str = "",
) -> dict[str, object]:
    """The pace bar. `achieved`, `expected` and `committed` are shares of the quota; committed stands on top.

    `pace` is on, behind or far-behind and decides the colour. `label` is the sentence for those who do
    not see it; leave it out where the same words stand beside the bar. `today` labels the line.
    """
    won = _bounded(achieved)
    lowest, highest = LABEL_LIMITS
    height = 6 if thin else 10
    return {
        "won": per_cent(won),
        "committed": per_cent(won + float(committed)) if committed else "",
        "expected": per_cent(expected) if expected is not None else "",
        "label_at": f"{min(max(_bounded(expected) * 100, lowest), highest):.2f}%",
        "height": height,
        "radius": height // 2,
        "marker_at": -3 if thin else -4,
        "marker_height": height + (6 if thin else 8),
        "thin": thin,
        "pace": pace,
        "label": label,
        "today": today,
    }


@register.inclusion_tag("components/bar.html")
def bar(share: Number | None, tone: str = "", *, thin: bool = False) -> dict[str, object]:
    """A plain bar of a share. Tones: slate, ok, warn, danger. The figure stands beside it."""
    return {"width": per_cent(share), "tone": tone, "thin": thin}


@register.inclusion_tag("components/sparkline.html")
def sparkline(
    values: Sequence[Number | None], before: Sequence[Number | None] = (), *, wide: bool = False
) -> dict[str, object]:
    """7 to 12 points without axes, the comparison dotted. Hidden from assistive technology."""
    known = [float(value) for value in (*values, *before) if value is not None]
    if not known:
        return {"points": "", "wide": wide}
    low, high = min(known), max(known)
    points = _spark_points(values, low, high)
    ends = (points[0].split(",")[0], points[-1].split(",")[0]) if points else ("0", "0")
    return {
        "points": " ".join(points),
        "before": " ".join(_spark_points(before, low, high)),
        "area": f"{ends[0]},{SPARKLINE_HEIGHT:.0f} {' '.join(points)} {ends[1]},{SPARKLINE_HEIGHT:.0f}",
        "last_at": f"{float(points[-1].split(',')[0]):.2f}%" if points else "",
        "last_height": f"{float(points[-1].split(',')[1]) / SPARKLINE_HEIGHT * 100:.2f}%" if points else "",
        "wide": wide,
    }


def _spark_points(values: Sequence[Number | None], low: float, high: float) -> list[str]:
    """Coordinates in the box, three units of air above and below."""
    span = (high - low) or 1.0
    step = SPARKLINE_WIDTH / max(len(values) - 1, 1)
    room = SPARKLINE_HEIGHT - 6
    return [
        f"{index * step:.2f},{3 + room * (1 - (float(value) - low) / span):.2f}"
        for index, value in enumerate(values)
        if value is not None
    ]


@register.inclusion_tag("components/funnel_bar.html")
def funnel_bar(share: Number | None, count: str, *, tone: int = 3, won: bool = False) -> dict[str, Any]:
    """A bar of the funnel with its count at the end. `tone` is the place of the stage, 1 to 5."""
    return {"width": per_cent(share), "count": count, "tone": tone, "won": won}
