"""What people do with deals. Board, pages, API, imports and bulk all come through here."""

from pipeline.deals.actions.closing import lose, reopen, win
from pipeline.deals.actions.editing import edit_deal
from pipeline.deals.actions.lifecycle import archive, delete, restore, unarchive
from pipeline.deals.actions.moving import change_pipeline, move_to_stage, reassign
from pipeline.deals.actions.opening import open_deal
from pipeline.deals.actions.undoing import undo

__all__ = [
    "archive",
    "change_pipeline",
    "delete",
    "edit_deal",
    "lose",
    "move_to_stage",
    "open_deal",
    "reassign",
    "reopen",
    "restore",
    "unarchive",
    "undo",
    "win",
]
