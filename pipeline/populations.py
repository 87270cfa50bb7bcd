"""Which deals a figure is about, now and at an earlier instant, and what they are worth: for figures of the outside.

The filters of lists ask the same functions, so that the rows behind a figure are those it counts.
"""

from pipeline.deals.as_of import (
    Narrowing,
    converted_value,
    converted_value_at,
    counted_in_win_rate,
    in_funnel_at,
    rates_at,
    reached,
    states_before,
)
from pipeline.deals.territories import offered_territories

__all__ = [
    "Narrowing",
    "converted_value",
    "converted_value_at",
    "counted_in_win_rate",
    "in_funnel_at",
    "offered_territories",
    "rates_at",
    "reached",
    "states_before",
]
