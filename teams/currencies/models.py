"""Exchange rates as rows with dates."""

from django.db import models
from django.db.models import Q


class ExchangeRate(models.Model):
    """`rate` units of `currency` for one euro from `valid_from` until the next row of the currency.

    Source by default: euro foreign exchange reference rates of the European Central Bank.
    """

    currency = models.CharField(max_length=3)
    valid_from = models.DateField()
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    source = models.CharField(max_length=20, default="ECB")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["currency", "valid_from"], name="rate_once_per_day"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="rate_positive"),
        ]

    def __str__(self) -> str:
        return f"1 EUR = {self.rate} {self.currency} from {self.valid_from}"
