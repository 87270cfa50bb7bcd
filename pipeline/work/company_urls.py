"""Addresses of companies."""

from django.urls import path

from pipeline.work import company_views as views

urlpatterns = [
    path("companies/", views.company_list, name="company-list"),
    path("companies/filter/", views.company_filter, name="company-filter"),
    path("companies/new/", views.company_add, name="company-add"),
    path("companies/<int:pk>/", views.company, name="company"),
    path("companies/<int:pk>/edit/<slug:field>/", views.company_edit, name="company-edit"),
    path("companies/<int:pk>/delete/", views.company_delete, name="company-delete"),
    path("companies/<int:pk>/restore/", views.company_restore, name="company-restore"),
    path("companies/<int:pk>/pin/", views.company_pin, name="company-pin"),
    path("companies/<int:pk>/release/", views.company_release, name="company-release"),
]
