"""The addresses of people and what they may do, slice by slice."""

from django.urls import include, path

urlpatterns = [
    path("", include("teams.audit.urls")),
    path("", include("teams.people.urls")),
]
