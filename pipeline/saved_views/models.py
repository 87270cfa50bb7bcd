"""Saved views: parameters only."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.lib.text import SingleLine
from pipeline.saved_views.querysets import SavedViewQuerySet


class ViewScope(models.TextChoices):
    MINE = "mine", _("Only me")
    TEAM = "team", _("My team")
    EVERYONE = "everyone", _("Everyone")


class Layout(models.TextChoices):
    BOARD = "board", _("Board")
    LIST = "list", _("List")


# Stored with a view, not a filter of its page.
_PLACE = ("layout", "pipeline")


class SavedView(models.Model):
    """A name for the query string of a list or board.

    `parameters` holds filters, order and columns as the address has them, besides `layout` (see `Layout`) and, for
    a board, its `pipeline`.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="saved_views")
    page = models.CharField(max_length=20, default="deals")
    name = models.CharField(_("Name"), max_length=80, validators=[SingleLine()])
    parameters = models.JSONField(default=dict)
    scope = models.CharField(max_length=10, choices=ViewScope, default=ViewScope.MINE)
    position = models.PositiveIntegerField(default=0)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "page", "name"], name="saved_view_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{self.place}?{urlencode({**self.query, 'view': self.pk}, safe=',')}"

    @property
    def is_board(self) -> bool:
        return bool(self.parameters.get("layout") == Layout.BOARD)

    @property
    def place(self) -> str:
        """The address of its page without parameters."""
        if not self.is_board:
            return reverse("deal-list")
        pipeline = self.parameters.get("pipeline")
        return reverse("board-pipeline", args=[pipeline]) if pipeline else reverse("board")

    @property
    def query(self) -> dict[str, Any]:
        """Filters, order and columns."""
        inside = _PLACE if self.is_board else _PLACE[:1]
        return {name: value for name, value in self.parameters.items() if name not in inside}


class PinnedView(models.Model):
    """A view in somebody's rail."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="pinned_views")
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="pins")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "view"], name="pinned_view_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.view_id}"
