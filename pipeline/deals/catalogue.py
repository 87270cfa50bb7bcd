"""What deals are about and where they come from: sources, products, competitors, tags."""

from django.db import models

from crm.lib.money import validate_amount
from crm.lib.text import SingleLine
from pipeline.stages.models import Labelled


class LeadSource(Labelled):
    """Where a deal came from."""

    archived_at = models.DateTimeField(null=True, blank=True)


class Product(Labelled):
    """Something we sell, with its list price in workspace currency."""

    series = models.CharField(max_length=80, blank=True)
    list_price = models.DecimalField(
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[validate_amount],
    )
    external_id = models.CharField(max_length=80, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)


class Competitor(models.Model):
    name = models.CharField(max_length=80, unique=True, validators=[SingleLine()])
    archived_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    name = models.CharField(max_length=40, unique=True, validators=[SingleLine()])

    def __str__(self) -> str:
        return self.name
