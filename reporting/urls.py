"""The addresses of reporting."""

from django.urls import include, path

from reporting.dashboards import views

urlpatterns = [
    path("", include("reporting.planning.urls")),
    path("dashboard/", views.dashboard, name="dashboard"),
    path("dashboard/narrow/", views.narrow, name="dashboard-narrow"),
]
