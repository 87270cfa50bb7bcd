"""Addresses of contacts; those of companies are in `pipeline.work`, whose pages show their deals."""

from django.urls import path

from pipeline.contacts import export_views, views

urlpatterns = [
    path("companies/options/", views.company_options, name="company-options"),
    path("companies/export/", export_views.company_export, name="company-export"),
    path("contacts/export/", export_views.contact_export, name="contact-export"),
    path("contacts/", views.contact_list, name="contact-list"),
    path("contacts/filter/", views.contact_filter, name="contact-filter"),
    path("contacts/new/", views.contact_add, name="contact-add"),
    path("contacts/<int:pk>/", views.contact, name="contact"),
    path("contacts/<int:pk>/edit/<slug:field>/", views.contact_edit, name="contact-edit"),
    path("contacts/<int:pk>/delete/", views.contact_delete, name="contact-delete"),
    path("contacts/<int:pk>/restore/", views.contact_restore, name="contact-restore"),
]
