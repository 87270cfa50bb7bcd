"""Addresses of saved views."""

from django.urls import path

from pipeline.saved_views import views

urlpatterns = [
    path("views/new/", views.view_add, name="view-add"),
    path("views/<int:pk>/edit/", views.view_edit, name="view-edit"),
    path("views/<int:pk>/save/", views.view_save, name="view-save"),
    path("views/<int:pk>/delete/", views.view_delete, name="view-delete"),
    path("views/<int:pk>/pin/", views.view_pin, {"pinned": True}, name="view-pin"),
    path("views/<int:pk>/unpin/", views.view_pin, {"pinned": False}, name="view-unpin"),
]
