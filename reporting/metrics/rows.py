"""The parameters of the list of deals that shows exactly the rows behind a figure."""

from collections.abc import Mapping
from datetime import UTC, datetime

from reporting.metrics.average_deal_size import SizeBasis
from reporting.metrics.population import Scope, Window

Parameters = dict[str, str]
NARROWINGS = ("owner", "team", "territory", "pipeline")


def narrowed(scope: Scope) -> Parameters:
    chosen = {name: getattr(scope, name) for name in NARROWINGS}
    return {name: str(pk) for name, pk in chosen.items() if pk is not None}


def open_then(scope: Scope, window: Window) -> Parameters:
    """Deals in funnel: the stock of the window."""
    return {"open_at": stamp(window.end)} | narrowed(scope)


def closed(scope: Scope, window: Window) -> Parameters:
    """All effective closings of the window."""
    period = {"closed_from": window.period.start.isoformat(), "closed_to": window.period.end.isoformat()}
    known = {} if window.is_present else {"as_of": stamp(window.as_of)}
    return period | known | narrowed(scope)


def decided(scope: Scope, window: Window) -> Parameters:
    """Win rate: the closings that count in it."""
    return {"counted_in": "win_rate"} | closed(scope, window)


def won(scope: Scope, window: Window) -> Parameters:
    """Time to close and what was really won."""
    return {"status": "won"} | closed(scope, window)


def sized(scope: Scope, window: Window, basis: SizeBasis) -> Parameters:
    """Average deal size: those with a value, and a rate if it is in another currency."""
    rows = open_then(scope, window) if basis == SizeBasis.OPEN else won(scope, window)
    return {"counted_in": "deal_size"} | rows


def figures(scope: Scope, window: Window, basis: SizeBasis) -> Mapping[str, Parameters]:
    """The parameters by the name of the figure."""
    return {
        "deals_in_funnel": open_then(scope, window),
        "average_deal_size": sized(scope, window, basis),
        "win_rate": decided(scope, window),
        "average_time_to_close": won(scope, window),
        "sales_velocity": won(scope, window),
    }


def stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
