"""Addresses of the board, the list of deals and what is done with one from there."""

from django.urls import path

from pipeline.deals import add_views, board_views, export_views, list_views, move_views

urlpatterns = [
    path("pipeline/", board_views.board, name="board"),
    path("pipeline/<int:pipeline_id>/", board_views.board, name="board-pipeline"),
    path("pipeline/filter/", board_views.board_filter, name="board-filter"),
    path("pipeline/<int:pipeline_id>/filter/", board_views.board_filter, name="board-pipeline-filter"),
    path("pipeline/stages/<int:stage_id>/cards/", board_views.column_more, name="board-more"),
    path("deals/", list_views.deal_list, name="deal-list"),
    path("deals/filter/", list_views.deal_filter, name="deal-filter"),
    path("deals/export/", export_views.deal_export, name="deal-export"),
    path("deals/new/", add_views.deal_add, name="deal-add"),
    path("deals/<int:pk>/move/", move_views.deal_move, name="deal-move"),
    path("deals/<int:pk>/win/", move_views.deal_win, name="deal-win"),
    path("deals/<int:pk>/lose/", move_views.deal_lose, name="deal-lose"),
    path("deals/<int:pk>/undo/<int:event_id>/", move_views.deal_undo, name="deal-undo"),
]
