"""What the database can sum up and Django has no word for."""

from typing import Any

from django.db.models import Aggregate, FloatField


class Percentile(Aggregate):
    """The fraction of a column by linear interpolation (`percentile_cont`)."""

    function = "percentile_cont"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY (%(expressions)s)::double precision)"

    def __init__(self, expression: str, fraction: float, **extra: Any) -> None:
        super().__init__(expression, fraction=fraction, output_field=FloatField(), **extra)
