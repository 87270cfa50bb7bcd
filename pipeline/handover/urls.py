"""Addresses where people leave or change teams."""

from django.urls import path

from pipeline.handover import views

urlpatterns = [
    path("users/<int:pk>/deactivate/", views.user_deactivate, name="user-deactivate"),
    path("users/<int:pk>/team/", views.user_change_team, name="user-change-team"),
    path("teams/<int:pk>/people/new/", views.team_person_add, name="team-person-add"),
]
