"""Companies and the people in them."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from crm.lib.money import validate_amount
from crm.lib.text import SingleLine, sort_key
from pipeline.contacts.querysets import CompanyQuerySet, ContactQuerySet


class Company(models.Model):
    """A company we sell to or may sell to. `revenue` is yearly, in workspace currency. `country` is ISO 3166 alpha-2.

    `territory` repeats the company's current assignment (`pipeline.coverage` keeps both).
    """

    name = models.CharField(_("Name"), max_length=160, validators=[SingleLine()])
    sort_key = models.CharField(max_length=200, blank=True, editable=False)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="subsidiaries",
    )
    industry = models.CharField(_("Industry"), max_length=80, blank=True, validators=[SingleLine()])
    employees = models.PositiveIntegerField(_("Employees"), null=True, blank=True)
    revenue = models.DecimalField(
        _("Yearly revenue"),
        max_digits=16,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[validate_amount],
    )
    founded = models.PositiveSmallIntegerField(
        _("Founded"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1000), MaxValueValidator(2199)],
    )
    country = models.CharField(
        _("Country"),
        max_length=2,
        blank=True,
        validators=[RegexValidator(r"^[A-Z]{2}\Z", _("Use a two-letter country code, such as DE."))],
    )
    region = models.CharField(_("Region"), max_length=80, blank=True, validators=[SingleLine()])
    postal_code = models.CharField(_("Postal code"), max_length=12, blank=True, validators=[SingleLine()])
    city = models.CharField(_("Town"), max_length=80, blank=True, validators=[SingleLine()])
    street = models.CharField(_("Street"), max_length=120, blank=True, validators=[SingleLine()])
    website = models.URLField(_("Website"), blank=True)
    phone = PhoneNumberField(_("Phone"), blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="companies",
    )
    territory = models.ForeignKey(
        "teams.Territory",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="companies",
    )
    custom_fields = models.JSONField(default=dict, blank=True)
    external_id = models.CharField(max_length=120, blank=True)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = CompanyQuerySet.as_manager()

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        constraints = [
            models.CheckConstraint(condition=~Q(parent=F("pk")), name="company_is_not_its_own_parent"),
            models.CheckConstraint(
                condition=Q(revenue__isnull=True) | Q(revenue__gte=0),
                name="company_revenue",
            ),
            # Not once for all: a refusal would tell that the id is in use by somebody out of reach.
            models.UniqueConstraint(
                fields=["external_id", "created_by"],
                condition=~Q(external_id=""),
                nulls_distinct=False,
                name="company_external_id_once_a_person",
            ),
        ]
        indexes = [
            models.Index(
                fields=["sort_key", "id"],
                name="company_sort",
                condition=Q(deleted_at__isnull=True),
            ),
            GinIndex(OpClass(F("sort_key"), name="gin_trgm_ops"), name="company_name_search"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.sort_key = sort_key(self.name)
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class Contact(models.Model):
    """A person at a company."""

    first_name = models.CharField(_("First name"), max_length=80, blank=True, validators=[SingleLine()])
    last_name = models.CharField(_("Last name"), max_length=80, validators=[SingleLine()])
    salutation = models.CharField(_("Title"), max_length=40, blank=True, validators=[SingleLine()])
    sort_key = models.CharField(max_length=250, blank=True, editable=False)
    job_title = models.CharField(_("Job title"), max_length=120, blank=True, validators=[SingleLine()])
    company = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="contacts",
    )
    email = models.EmailField(_("E-mail"), blank=True)
    phone = PhoneNumberField(_("Phone"), blank=True)
    mobile = PhoneNumberField(_("Mobile"), blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="contacts",
    )
    custom_fields = models.JSONField(default=dict, blank=True)
    external_id = models.CharField(max_length=120, blank=True)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints = [
            # Not once for all: a refusal would tell that the id is in use by somebody out of reach.
            models.UniqueConstraint(
                fields=["external_id", "created_by"],
                condition=~Q(external_id=""),
                nulls_distinct=False,
                name="contact_external_id_once_a_person",
            ),
        ]
        indexes = [
            models.Index(
                fields=["sort_key", "id"],
                name="contact_sort",
                condition=Q(deleted_at__isnull=True),
            ),
            GinIndex(OpClass(F("sort_key"), name="gin_trgm_ops"), name="contact_name_search"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.sort_key = sort_key(f"{self.last_name} {self.first_name}")
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def name(self) -> str:
        """Title, first name, last name."""
        return " ".join(part for part in (self.salutation, self.first_name, self.last_name) if part)
