"""Every address of Kontor."""

from django.conf import settings
from django.urls import include, path

from crm import devmail, inbox, views
from crm.start import start

urlpatterns = [
    path("", start, name="start"),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("crm.api")),
    path("", include("pipeline.urls")),
    path("", include("reporting.urls")),
    path("", include("teams.urls")),
    path("events/stream/", inbox.stream, name="live-stream"),
    path("notifications/", inbox.inbox, name="notification-list"),
    path("notifications/bell/", inbox.bell, name="notification-bell"),
    path("notifications/read/", inbox.read_all, name="notification-read-all"),
    path("notifications/<int:pk>/", inbox.follow, name="notification-open"),
    path("notifications/<int:pk>/read/", inbox.read, name="notification-read"),
    path("notifications/<int:pk>/done/", inbox.done, name="notification-done"),
    path("notifications/<int:pk>/snooze/", inbox.snooze, name="notification-snooze"),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
]

if settings.DEVELOPMENT:
    urlpatterns.append(path("dev/mail/", devmail.outbox, name="outbox"))

handler400 = views.bad_request
handler403 = views.permission_denied
handler404 = views.page_not_found
handler500 = views.server_error
