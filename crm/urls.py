"""Every address of Kontor."""

from django.urls import include, path

from crm import views

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
]

handler400 = views.bad_request
handler403 = views.permission_denied
handler404 = views.page_not_found
handler500 = views.server_error
