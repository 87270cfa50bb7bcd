"""The figures of the funnel for programs. Nothing is rounded here but money, to cents."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.lib.money import to_cents
from crm.lib.periods import Period, quarter_of
from reporting.metrics import funnel
from reporting.metrics.average_deal_size import SizeBasis
from reporting.metrics.population import Scope, Window
from reporting.metrics.rows import NARROWINGS, figures
from teams.access import Permission
from teams.models import Workspace

BIGGEST_ID = 2**63 - 1
DEALS = "/api/v1/deals/"
# Days whose midnight exists in every time zone, with a century to spare.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 1, 1)


class FunnelQuery(serializers.Serializer):
    """`start` and `end` are days of the workspace, `end` exclusive; without both, the running quarter."""

    start = serializers.DateField(required=False)
    end = serializers.DateField(required=False)
    as_of = serializers.DateTimeField(required=False)
    mode = serializers.ChoiceField(["restated"], default="restated")
    owner = serializers.IntegerField(required=False, min_value=1, max_value=BIGGEST_ID)
    team = serializers.IntegerField(required=False, min_value=1, max_value=BIGGEST_ID)
    territory = serializers.IntegerField(required=False, min_value=1, max_value=BIGGEST_ID)
    pipeline = serializers.IntegerField(required=False, min_value=1, max_value=BIGGEST_ID)
    size_basis = serializers.ChoiceField([basis.value for basis in SizeBasis], default=SizeBasis.OPEN.value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("start" in attrs) != ("end" in attrs):
            missing = "end" if "start" in attrs else "start"
            raise serializers.ValidationError({missing: _("Give both a first day and an end, or neither.")})
        for name in ("start", "end"):
            if name in attrs and not FIRST_DAY <= attrs[name] < LAST_DAY:
                raise serializers.ValidationError({name: _("Give a day between 1900 and 2200.")})
        if "as_of" in attrs and not FIRST_DAY <= attrs["as_of"].date() < LAST_DAY:
            raise serializers.ValidationError({"as_of": _("Give a day between 1900 and 2200.")})
        if "start" in attrs and attrs["end"] <= attrs["start"]:
            raise serializers.ValidationError({"end": _("The end must be after the start.")})
        return attrs


class FunnelMetrics(APIView):
    """The four figures of the funnel and their product, over the deals that the reader reaches."""

    door = Permission.METRICS_VIEW

    @extend_schema(parameters=[FunnelQuery], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        query = _understood(request)
        now = timezone.now()
        window = Window(_period(query, now), min(query.get("as_of", now), now), now)
        scope = Scope(request.user, **{name: query.get(name) for name in NARROWINGS})
        basis = SizeBasis(query["size_basis"])
        result = funnel.measure(scope=scope, window=window, basis=basis)
        urls = {name: f"{DEALS}?{urlencode(parameters)}" for name, parameters in figures(scope, window, basis).items()}
        return Response(_body(result, window, urls))


def _understood(request: Request) -> dict[str, Any]:
    if unknown := set(request.query_params) - set(FunnelQuery().fields):
        raise serializers.ValidationError({name: _("There is no such parameter.") for name in sorted(unknown)})
    form = FunnelQuery(data=request.query_params)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def _period(query: dict[str, Any], now: datetime) -> Period:
    if "start" in query:
        return Period(query["start"], query["end"])
    workspace = Workspace.get()
    return quarter_of(workspace.today(now), workspace.fiscal_start_month)


def _body(result: funnel.Funnel, window: Window, urls: Mapping[str, str]) -> dict[str, Any]:
    stock, size, rate = result.deals_in_funnel, result.average_deal_size, result.win_rate
    time, velocity = result.average_time_to_close, result.sales_velocity
    return {
        "period": {"start": window.period.start, "end": window.period.end},
        "as_of": _instant(window.as_of),
        "currency": Workspace.get().currency,
        "deals_in_funnel": {
            "value": stock.value,
            "open_value": _money(stock.open_value),
            "without_value": stock.without_value,
            "not_convertible": stock.not_convertible,
            "rows": urls["deals_in_funnel"],
        },
        "average_deal_size": {
            "value": _money(size.value),
            "n": size.n,
            "without_value": size.without_value,
            "not_convertible": size.not_convertible,
            "median": _money(size.median),
            "basis": size.basis,
            "rows": urls["average_deal_size"],
        },
        "win_rate": {
            "value": rate.value,
            "won": rate.won,
            "lost": rate.lost,
            "excluded": rate.excluded,
            "interval": _pair(rate.interval),
            "rows": urls["win_rate"],
        },
        "average_time_to_close": {
            "value": time.value,
            "n": time.n,
            "median": time.median,
            "p75": time.p75,
            "p90": time.p90,
            "unit": "days",
            "rows": urls["average_time_to_close"],
        },
        "sales_velocity": {
            "value": _money(velocity.value),
            "per": "day",
            "actual": _money(velocity.actual),
            "rows": urls["sales_velocity"],
        },
    }


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else str(to_cents(amount))


def _pair(interval: Iterable[float] | None) -> list[float] | None:
    return None if interval is None else list(interval)
