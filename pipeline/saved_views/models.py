"""Saved views: parameters only."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.lib.text import SingleLine


class ViewScope(models.TextChoices):
    MINE = "mine", _("Only me")
    TEAM = "team", _("My team")
    EVERYONE = "everyone", _("Everyone")


class SavedView(models.Model):
    """A name for the query string of a list or board."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="saved_views")
    page = models.CharField(max_length=20, default="deals")
    name = models.CharField(max_length=80, validators=[SingleLine()])
    parameters = models.JSONField(default=dict)
    scope = models.CharField(max_length=10, choices=ViewScope, default=ViewScope.MINE)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "page", "name"], name="saved_view_name_once"),
        ]

    def __str__(self) -> str:
        return self.name
