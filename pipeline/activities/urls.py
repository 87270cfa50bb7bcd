"""Addresses of activities and notes."""

from django.urls import path

from pipeline.activities import list_views, note_views, views

urlpatterns = [
    path("activities/", list_views.activity_list, name="activity-list"),
    path("activities/filter/", list_views.activity_filter, name="activity-filter"),
    path("activities/new/", views.activity_add, name="activity-add"),
    path("activities/<int:pk>/edit/", views.activity_edit, name="activity-edit"),
    path("activities/<int:pk>/done/", views.activity_done, name="activity-done"),
    path("activities/<int:pk>/reschedule/", views.activity_reschedule, name="activity-reschedule"),
    path("activities/<int:pk>/snooze/", views.activity_snooze, name="activity-snooze"),
    path("activities/<int:pk>/cancel/", views.activity_cancel, name="activity-cancel"),
    path("activities/<int:pk>/undo/<str:was>/", views.activity_undo, name="activity-undo"),
    path("notes/new/", note_views.note_add, name="note-add"),
    path("notes/<int:pk>/edit/", note_views.note_edit, name="note-edit"),
    path("notes/<int:pk>/pin/", note_views.note_pin, name="note-pin"),
    path("notes/<int:pk>/delete/", note_views.note_delete, name="note-delete"),
    path("notes/<int:pk>/restore/", note_views.note_restore, name="note-restore"),
]
