"""Addresses of settings."""

from django.urls import path

from pipeline.settings import profile_views, reason_views, stage_views, workspace_views

urlpatterns = [
    path("settings/workspace/", workspace_views.workspace_settings, name="workspace-settings"),
    path("settings/profile/", profile_views.profile, name="profile"),
    path("stages/", stage_views.stage_settings, name="stage-settings"),
    path("stages/pipelines/new/", stage_views.pipeline_add, name="pipeline-add"),
    path("stages/pipelines/<int:pk>/edit/", stage_views.pipeline_edit, name="pipeline-edit"),
    path("stages/pipelines/<int:pk>/move/", stage_views.pipeline_move, name="pipeline-move"),
    path("stages/pipelines/<int:pk>/archive/", stage_views.pipeline_archive, name="pipeline-archive"),
    path("stages/pipelines/<int:pk>/unarchive/", stage_views.pipeline_unarchive, name="pipeline-unarchive"),
    path("stages/pipelines/<int:pk>/new/", stage_views.stage_add, name="stage-add"),
    path("stages/<int:pk>/edit/", stage_views.stage_edit, name="stage-edit"),
    path("stages/<int:pk>/move/", stage_views.stage_move, name="stage-move"),
    path("stages/<int:pk>/archive/", stage_views.stage_archive, name="stage-archive"),
    path("stages/<int:pk>/unarchive/", stage_views.stage_unarchive, name="stage-unarchive"),
    path("stages/reasons/", reason_views.reason_settings, name="reason-settings"),
    path("stages/reasons/new/", reason_views.reason_add, name="reason-add"),
    path("stages/reasons/<int:pk>/edit/", reason_views.reason_edit, name="reason-edit"),
    path("stages/reasons/<int:pk>/move/", reason_views.reason_move, name="reason-move"),
    path("stages/reasons/<int:pk>/archive/", reason_views.reason_archive, name="reason-archive"),
    path("stages/reasons/<int:pk>/unarchive/", reason_views.reason_unarchive, name="reason-unarchive"),
]
