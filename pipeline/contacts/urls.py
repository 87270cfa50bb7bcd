"""Addresses of companies and contacts."""

from django.urls import path

from pipeline.contacts import views

urlpatterns = [
    path("companies/", views.company_list, name="company-list"),
    path("companies/new/", views.company_add, name="company-add"),
    path("companies/<int:pk>/", views.company, name="company"),
    path("companies/<int:pk>/edit/<slug:field>/", views.company_edit, name="company-edit"),
    path("contacts/", views.contact_list, name="contact-list"),
    path("contacts/new/", views.contact_add, name="contact-add"),
    path("contacts/<int:pk>/", views.contact, name="contact"),
    path("contacts/<int:pk>/edit/<slug:field>/", views.contact_edit, name="contact-edit"),
]
