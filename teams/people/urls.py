"""Addresses of people: users, teams, and what belongs to oneself."""

from django.urls import path

from teams.people import person_views, team_views, token_views

urlpatterns = [
    path("users/", person_views.user_list, name="user-list"),
    path("users/new/", person_views.user_invite, name="user-invite"),
    path("users/<int:pk>/", person_views.user, name="user-edit"),
    path("users/<int:pk>/role/", person_views.user_role, name="user-role"),
    path("users/<int:pk>/invite/", person_views.user_invite_again, name="user-invite-again"),
    path("users/<int:pk>/reactivate/", person_views.user_reactivate, name="user-reactivate"),
    path("users/<int:pk>/deputies/new/", person_views.deputy_add, name="user-deputy-add"),
    path("users/<int:pk>/deputies/<int:deputy_pk>/end/", person_views.deputy_end, name="user-deputy-end"),
    path("teams/", team_views.team_list, name="team-list"),
    path("teams/new/", team_views.team_add, name="team-add"),
    path("teams/<int:pk>/", team_views.team, name="team-edit"),
    path("teams/<int:pk>/rename/", team_views.team_rename, name="team-rename"),
    path("teams/<int:pk>/move/", team_views.team_move, name="team-move"),
    path("teams/<int:pk>/archive/", team_views.team_archive, name="team-archive"),
    path("teams/<int:pk>/restore/", team_views.team_restore, name="team-restore"),
    path(
        "teams/<int:pk>/managers/<int:membership_pk>/end/",
        team_views.team_manager_end,
        name="team-manager-end",
    ),
    path("settings/tokens/", token_views.token_list, name="token-list"),
    path("settings/tokens/<slug:token_key>/revoke/", token_views.token_revoke, name="token-revoke"),
]
