"""The addresses of reporting."""

from django.urls import path

from reporting.dashboards import views

urlpatterns = [
    path("dashboard/", views.dashboard, name="dashboard"),
]
