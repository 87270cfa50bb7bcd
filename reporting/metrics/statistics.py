"""The interval of a rate."""

from math import sqrt

_Z = 1.959963984540054  # two-sided 95 percent


def wilson(hits: int, n: int) -> tuple[float, float] | None:
    """The 95 % interval of a rate after Wilson: stays in [0, 1], honest with few cases. None without cases."""
    if n == 0:
        return None
    rate = hits / n
    centre = rate + _Z**2 / (2 * n)
    margin = _Z * sqrt(rate * (1 - rate) / n + _Z**2 / (4 * n**2))
    scale = 1 + _Z**2 / n
    return max(0.0, (centre - margin) / scale), min(1.0, (centre + margin) / scale)
