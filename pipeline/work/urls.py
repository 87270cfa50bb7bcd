"""Pages that show several slices: Today and the page of a deal."""

from django.urls import path

from pipeline.work import deal_views, search_views, today_views

urlpatterns = [
    path("today/", today_views.today_page, name="today"),
    path("search/", search_views.search, name="search"),
    # /deals/<pk>/
    path("deals/<int:pk>/", deal_views.deal, name="deal"),
    path("deals/<int:pk>/edit/<slug:field>/", deal_views.edit, name="deal-edit"),
    path("deals/<int:pk>/log/", deal_views.act, {"verb": "log"}, name="deal-log"),
    path("deals/<int:pk>/reopen/", deal_views.act, {"verb": "reopen"}, name="deal-reopen"),
    path("deals/<int:pk>/reassign/", deal_views.act, {"verb": "reassign"}, name="deal-reassign"),
    path("deals/<int:pk>/change-pipeline/", deal_views.act, {"verb": "change-pipeline"}, name="deal-change-pipeline"),
    path("deals/<int:pk>/archive/", deal_views.act, {"verb": "archive"}, name="deal-archive"),
    path("deals/<int:pk>/unarchive/", deal_views.act, {"verb": "unarchive"}, name="deal-unarchive"),
    path("deals/<int:pk>/delete/", deal_views.act, {"verb": "delete"}, name="deal-delete"),
    path("deals/<int:pk>/restore/", deal_views.act, {"verb": "restore"}, name="deal-restore"),
    # People, colleagues and products of a deal
    path("deals/<int:pk>/contacts/add/", deal_views.act, {"verb": "contact-add"}, name="deal-contact-add"),
    path("deals/<int:pk>/contacts/<int:part>/", deal_views.act, {"verb": "contact"}, name="deal-contact"),
    path(
        "deals/<int:pk>/contacts/<int:part>/remove/",
        deal_views.act,
        {"verb": "contact-remove"},
        name="deal-contact-remove",
    ),
    path(
        "deals/<int:pk>/collaborators/add/",
        deal_views.act,
        {"verb": "collaborator-add"},
        name="deal-collaborator-add",
    ),
    path(
        "deals/<int:pk>/collaborators/<int:part>/remove/",
        deal_views.act,
        {"verb": "collaborator-remove"},
        name="deal-collaborator-remove",
    ),
    path("deals/<int:pk>/products/add/", deal_views.act, {"verb": "line-add"}, name="deal-line-add"),
    path("deals/<int:pk>/products/<int:part>/", deal_views.act, {"verb": "line"}, name="deal-line"),
    path(
        "deals/<int:pk>/products/<int:part>/remove/", deal_views.act, {"verb": "line-remove"}, name="deal-line-remove"
    ),
]
