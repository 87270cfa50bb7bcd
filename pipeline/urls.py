"""The addresses of the pipeline, slice by slice."""

from django.urls import include, path

urlpatterns = [
    path("", include("pipeline.work.urls")),
    path("", include("pipeline.settings.urls")),
    path("", include("pipeline.saved_views.urls")),
    path("", include("pipeline.deals.urls")),
    path("", include("pipeline.contacts.urls")),
    path("", include("pipeline.work.company_urls")),
    path("", include("pipeline.activities.urls")),
    path("", include("pipeline.handover.urls")),
    path("", include("pipeline.handover.territories.urls")),
]
