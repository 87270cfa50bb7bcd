"""Every address of the API below /api/v1/."""

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from pipeline.api import RESOURCES as PIPELINE_RESOURCES
from reporting.api import FunnelMetrics
from teams.access.doors import SIGNED_IN
from teams.api import RESOURCES as TEAMS_RESOURCES


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
