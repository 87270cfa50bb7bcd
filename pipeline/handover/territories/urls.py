"""Addresses of territories."""

from django.urls import path

from pipeline.handover.territories import views

urlpatterns = [
    path("territories/", views.territory_list, name="territory-list"),
    path("territories/new/", views.territory_add, name="territory-add"),
    path("territories/moves/", views.territory_moves, name="territory-moves"),
    path("territories/apply/", views.territory_apply, name="territory-apply"),
    path("territories/undo/<int:entry>/", views.territory_undo, name="territory-undo"),
    path("territories/members/<int:pk>/end/", views.member_end, name="territory-member-end"),
    path("territories/<int:pk>/", views.territory, name="territory"),
    path("territories/<int:pk>/preview/", views.territory_preview, name="territory-preview"),
    path("territories/<int:pk>/edit/", views.territory_edit, name="territory-edit"),
    path("territories/<int:pk>/members/new/", views.member_add, name="territory-member-add"),
]
