"""Every address of the API below /api/v1/."""

from typing import Any

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from pipeline.api import RESOURCES as PIPELINE_RESOURCES
from reporting.api import FunnelMetrics
from teams.access.doors import SIGNED_IN
from teams.api import RESOURCES as TEAMS_RESOURCES


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema speaks of our tokens."""

    target_class = "teams.access.tokens.BearerToken"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class Schema(SpectacularAPIView):
    door = SIGNED_IN


class Docs(SpectacularSwaggerSplitView):
    """Pages of the library; the template is ours because its own holds inline styles, which the CSP forbids."""

    door = SIGNED_IN
    template_name = "api/docs.html"
    url_name = "api-schema"


router = SimpleRouter()
for name, resource in (PIPELINE_RESOURCES | TEAMS_RESOURCES).items():
    router.register(name, resource, basename=f"api-{name}")

urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", Schema.as_view(), name="api-schema"),
    path("docs/", Docs.as_view(), name="api-docs"),
    path("metrics/funnel/", FunnelMetrics.as_view(), name="api-metrics-funnel"),
    *router.urls,
]
