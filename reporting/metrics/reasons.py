"""Why deals were won and lost: the effective closings of the window by their reason."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Sum

from pipeline.models import CloseReason
from reporting.metrics.population import Scope, Window, closings

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Reason:
    """`share` is that of all deals with the same outcome; `value` is in workspace currency."""

    reason: CloseReason
    count: int
    value: Decimal
    share: float


def measure(scope: Scope, window: Window) -> dict[str, list[Reason]]:
    """The reasons of each outcome that occurred, the most frequent first. Two queries."""
    rows = closings(scope, window).order_by().values("status", "close_reason_id")
    found = list(rows.annotate(count=Count("pk"), value=Sum("amount", default=NOTHING)))
    known = CloseReason.objects.in_bulk([row["close_reason_id"] for row in found])
    total: dict[str, int] = defaultdict(int)
    for row in found:
        total[row["status"]] += row["count"]
    result: dict[str, list[Reason]] = defaultdict(list)
    for row in sorted(found, key=lambda row: (-row["count"], row["close_reason_id"])):
        share = row["count"] / total[row["status"]]
        result[row["status"]].append(Reason(known[row["close_reason_id"]], row["count"], row["value"], share))
    return dict(result)
