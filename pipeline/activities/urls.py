"""Addresses of activities and notes."""

from django.urls import path

from pipeline.activities import views

urlpatterns = [
    path("activities/new/", views.activity_add, name="activity-add"),
    path("activities/<int:pk>/done/", views.activity_done, name="activity-done"),
    path("activities/<int:pk>/reschedule/", views.activity_reschedule, name="activity-reschedule"),
    path("activities/<int:pk>/snooze/", views.activity_snooze, name="activity-snooze"),
    path("activities/<int:pk>/cancel/", views.activity_cancel, name="activity-cancel"),
    path("notes/new/", views.note_add, name="note-add"),
]
