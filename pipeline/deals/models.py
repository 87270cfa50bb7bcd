"""Deals, and who and what belongs to them; with the catalogue and the history, which have modules of their own."""

from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.lib.money import to_cents, validate_amount
from crm.lib.text import SingleLine, sort_key
from pipeline.deals.catalogue import Competitor, LeadSource, Product, Tag
from pipeline.deals.history_models import DealEvent, DealStateInterval, StageSpell
from pipeline.deals.querysets import DealQuerySet
from pipeline.deals.states import (
    ContactRole,
    DealStatus,
    EventKind,
    ForecastCategory,
)
from pipeline.stages.models import CloseReason, Pipeline, Stage

__all__ = [
    "Competitor",
    "ContactRole",
    "Deal",
    "DealCollaborator",
    "DealContact",
    "DealEvent",
    "DealStateInterval",
    "DealStatus",
    "EventKind",
    "ForecastCategory",
    "IdempotentRequest",
    "LeadSource",
    "LineItem",
    "Product",
    "StageSpell",
    "Tag",
]


class Deal(models.Model):
    """One possible sale.

    `value` is in `currency`; empty means unknown, not zero. `probability` (percent) is the stage's unless
    `probability_overridden`; 100 when won, 0 when lost. `expected_close_date` is a guess, a plain date of the
    workspace calendar; `closed_at` a fact, an instant. `team` is the owner's team while the deal is open and,
    like `territory` and `fx_rate` (workspace currency for one unit of `currency`), frozen at closing.

    Kept by actions for speed: `stage_entered_at`, `last_contact_at`, `stalled_from` (the instant from which the
    deal counts as stalled unless a planned conversation pauses it) and `next_step_*` (its earliest open activity).
    """

    name = models.CharField(_("Name"), max_length=200, validators=[SingleLine()])
    sort_key = models.CharField(max_length=250, blank=True, editable=False)
    external_id = models.CharField(max_length=120, blank=True)
    company = models.ForeignKey(
        "pipeline.Company",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deals",
    )
    pipeline = models.ForeignKey(Pipeline, on_delete=models.PROTECT, related_name="deals")
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="deals")
    status = models.CharField(max_length=4, choices=DealStatus, default=DealStatus.OPEN)
    value = models.DecimalField(
        _("Value"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[validate_amount],
    )
    currency = models.CharField(max_length=3)
    fx_rate = models.DecimalField(max_digits=18, decimal_places=8, null=True, blank=True)
    probability = models.PositiveSmallIntegerField(
        _("Probability"), validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    probability_overridden = models.BooleanField(default=False)
    forecast_category = models.CharField(max_length=10, choices=ForecastCategory, default=ForecastCategory.PIPELINE)
    forecast_category_chosen = models.BooleanField(default=False)
    source = models.ForeignKey(
        LeadSource,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deals",
    )
    competitor = models.ForeignKey(
        Competitor,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deals",
    )
    tags = models.ManyToManyField(Tag, blank=True, related_name="deals")
    need = models.TextField(_("Customer need"), blank=True, max_length=5000)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="deals")
    collaborators = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        through="pipeline.DealCollaborator",
        through_fields=("deal", "user"),
        related_name="shared_deals",
        blank=True,
    )
    team = models.ForeignKey(
        "teams.Team",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deals",
    )
    territory = models.ForeignKey(
        "teams.Territory",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deals",
    )
    expected_close_date = models.DateField(_("Close date"), null=True, blank=True)
    close_reason = models.ForeignKey(
        CloseReason,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deals",
    )
    close_note = models.CharField(max_length=300, blank=True)
    try_again_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    first_won_at = models.DateTimeField(null=True, blank=True)
    # Set for imported deals: what happened before is unknown, not absent.
    history_known_from = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged")
    stage_entered_at = models.DateTimeField()
    last_contact_at = models.DateTimeField(null=True, blank=True)
    stalled_from = models.DateTimeField(null=True, blank=True)
    next_step = models.ForeignKey(
        "pipeline.Activity",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    next_step_subject = models.CharField(max_length=200, blank=True)
    next_step_kind = models.CharField(max_length=12, blank=True)
    next_step_due_on = models.DateField(null=True, blank=True)
    next_step_due_at = models.DateTimeField(null=True, blank=True)
    next_step_today_from = models.DateTimeField(null=True, blank=True)
    next_step_late_at = models.DateTimeField(null=True, blank=True)
    custom_fields = models.JSONField(default=dict, blank=True)
    import_batch = models.ForeignKey(
        "pipeline.ImportBatch",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deals",
    )
    is_demo = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    objects = DealQuerySet.as_manager()

    class Meta:
        verbose_name = _("deal")
        verbose_name_plural = _("deals")
        constraints = [
            models.CheckConstraint(
                condition=Q(status="open", closed_at__isnull=True)
                | (Q(status__in=["won", "lost"]) & Q(closed_at__isnull=False)),
                name="deal_open_exactly_without_closed_at",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=True) | Q(value__gte=0),
                name="deal_value_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(status="open") | Q(close_reason__isnull=False),
                name="deal_closed_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("created_at")),
                name="deal_closed_after_created",
            ),
            models.CheckConstraint(
                condition=Q(status="open", probability__gte=1, probability__lte=99)
                | Q(status="won", probability=100)
                | Q(status="lost", probability=0),
                name="deal_probability_fits_status",
            ),
            # Not once for all: a refusal would tell that the id is in use by somebody out of reach.
            models.UniqueConstraint(
                fields=["external_id", "created_by"],
                condition=~Q(external_id=""),
                nulls_distinct=False,
                name="deal_external_id_once_a_person",
            ),
        ]
        indexes = [
            models.Index(
                fields=["owner", "expected_close_date"],
                name="deal_open_by_owner",
                condition=Q(status="open", deleted_at__isnull=True),
            ),
            models.Index(
                fields=["pipeline", "stage", "owner"],
                include=["value", "probability", "currency"],
                name="deal_open_by_stage",
                condition=Q(status="open", deleted_at__isnull=True, archived_at__isnull=True),
            ),
            models.Index(
                fields=["expected_close_date", "id"],
                name="deal_open_by_close_date",
                condition=Q(status="open", deleted_at__isnull=True),
            ),
            models.Index(
                fields=["closed_at", "status", "owner"],
                include=[
                    "value",
                    "fx_rate",
                    "created_at",
                    "team",
                    "territory",
                    "pipeline",
                ],
                name="deal_closed_period",
                condition=Q(closed_at__isnull=False, deleted_at__isnull=True),
            ),
            models.Index(
                fields=["company"],
                include=["value", "currency"],
                name="deal_open_by_company",
                condition=Q(status="open", deleted_at__isnull=True, merged_into__isnull=True),
            ),
            models.Index(fields=["-created_at", "-id"], name="deal_by_creation"),
            GinIndex(OpClass(F("sort_key"), name="gin_trgm_ops"), name="deal_name_search"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.sort_key = sort_key(self.name)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def is_open(self) -> bool:
        return self.status == DealStatus.OPEN


class DealCollaborator(models.Model):
    """A colleague who works on a deal that somebody else owns; `can_edit` or only sees it."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="collaborations")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="collaborations",
    )
    can_edit = models.BooleanField(default=True)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["deal", "user"], name="collaborator_once")]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.deal_id}"


class DealContact(models.Model):
    """A person with a role in the decision; at most one is the person we talk to first."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="people")
    contact = models.ForeignKey("pipeline.Contact", on_delete=models.PROTECT, related_name="deal_roles")
    role = models.CharField(max_length=10, choices=ContactRole, default=ContactRole.OTHER)
    is_primary = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["deal", "contact"], name="deal_contact_once"),
            models.UniqueConstraint(fields=["deal"], condition=Q(is_primary=True), name="deal_contact_one_primary"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} on {self.deal_id}: {self.role}"


class LineItem(models.Model):
    """A product on a deal, in the deal's currency. Without a price it never sets a value."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="line_items")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="line_items")
    quantity = models.DecimalField(
        max_digits=10,
        decimal_places=2,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    unit_price = models.DecimalField(
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[validate_amount],
    )
    discount_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    position = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="line_item_quantity"),
            models.CheckConstraint(
                condition=Q(discount_percent__gte=0, discount_percent__lte=100),
                name="line_item_discount",
            ),
            models.CheckConstraint(
                condition=Q(unit_price__isnull=True) | Q(unit_price__gte=0),
                name="line_item_price",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"

    @property
    def total(self) -> Decimal | None:
        """Quantity times price less discount, rounded half up to cents; None without a price."""
        if self.unit_price is None:
            return None
        return to_cents(self.quantity * self.unit_price * (100 - self.discount_percent) / 100)


class IdempotentRequest(models.Model):
    """The answer to a request that carried an idempotency key, kept for 24 hours."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=120)
    fingerprint = models.CharField(max_length=64)
    status_code = models.PositiveSmallIntegerField(null=True)
    body = models.BinaryField(null=True)
    content_type = models.CharField(max_length=80, blank=True)
    location = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotent_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotent_age")]

    def __str__(self) -> str:
        return self.key
