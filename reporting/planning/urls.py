"""The addresses of planning."""

from django.urls import path

from reporting.planning import block_views, views

urlpatterns = [
    path("quotas/", views.quota_grid, name="quota-grid"),
    path("quotas/<int:year>/", views.quota_grid, name="quota-year"),
    path("quotas/<int:year>/paste/", block_views.quota_paste, name="quota-paste"),
    path("quotas/<int:year>/copy/", block_views.quota_copy, name="quota-copy"),
    path("quotas/<int:year>/people/<int:pk>/", views.quota_line, {"kind": "user"}, name="quota-person"),
    path("quotas/<int:year>/teams/<int:pk>/", views.quota_line, {"kind": "team"}, name="quota-team"),
]
