"""People, the tree of teams, who belongs where and since when, and their API tokens."""

from typing import ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.models import (
    AbstractBaseUser,
    BaseUserManager,
    PermissionsMixin,
)
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken, AuthTokenManager

from crm.lib.text import SingleLine, sort_key
from teams.people.querysets import DatedQuerySet, MembershipQuerySet, UserQuerySet


class Role(models.TextChoices):
    """What a person may do at all; where, the teams and territories decide. A job title says nothing about it."""

    REP = "rep", _("Sales rep")
    MANAGER = "manager", _("Manager")
    ADMIN = "admin", _("Admin")
    CONTENT = "content", _("Content")
    READ_ONLY = "read_only", _("Read-only")


class Theme(models.TextChoices):
    SYSTEM = "system", _("Like the system")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class StartPage(models.TextChoices):
    AUTOMATIC = "", _("By role")
    TODAY = "today", _("Today")
    BOARD = "board", _("Pipeline")
    DEALS = "deal-list", _("Deals")
    DASHBOARD = "dashboard", _("Dashboard")


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Creates people by e-mail; used by Django's own commands and by `people.actions`."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user: User = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, role=Role.ADMIN, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]
    """A person with a sign-in. Deactivated, never deleted."""

    email = models.EmailField(_("E-mail"), max_length=254, unique=True)
    first_name = models.CharField(_("First name"), max_length=80, blank=True, validators=[SingleLine()])
    last_name = models.CharField(_("Last name"), max_length=80, blank=True, validators=[SingleLine()])
    sort_key = models.CharField(max_length=200, blank=True, editable=False)
    job_title = models.CharField(_("Job title"), max_length=80, blank=True, validators=[SingleLine()])
    role = models.CharField(_("Role"), max_length=10, choices=Role, default=Role.REP)
    time_zone = models.CharField(_("Time zone"), max_length=64, default="UTC")
    language = models.CharField(
        _("Language"),
        max_length=5,
        default="en",
        choices=[("en", "English"), ("de", "Deutsch")],
    )
    theme = models.CharField(_("Appearance"), max_length=8, choices=Theme, default=Theme.SYSTEM)
    start_page = models.CharField(_("Start page"), max_length=12, choices=StartPage, blank=True, default="")
    single_keys = models.BooleanField(_("Shortcuts with single keys"), default=True)
    external_id = models.CharField(max_length=80, blank=True)
    is_demo = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(auto_now_add=True)
    deactivated_at = models.DateTimeField(null=True, blank=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once"),
        ]
        indexes = [models.Index(fields=["sort_key"], name="user_sort")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.sort_key = sort_key(f"{self.last_name} {self.first_name}")
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def name(self) -> str:
        """First name and last name, or the e-mail address before a name is known."""
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Team(models.Model):
    """A node of the tree of teams. Archived, never deleted."""

    name = models.CharField(max_length=80, validators=[SingleLine()])
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    external_id = models.CharField(max_length=80, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                F("parent"),
                name="team_name_once_below_parent",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=~Q(parent=F("pk")), name="team_is_not_its_own_parent"),
        ]

    def __str__(self) -> str:
        return self.name


def days_of_membership() -> Func:
    """`daterange(starts_on, ends_on)`: half-open, a missing end means always."""
    return Func("starts_on", "ends_on", function="daterange", output_field=DateRangeField())


class TeamRole(models.TextChoices):
    MEMBER = "member", _("Member")
    MANAGER = "manager", _("Manager")


class TeamMembership(models.Model):
    """A person belongs to a team on the days [starts_on, ends_on); an empty end means always.

    A person is a member of one team at a time; she may manage several.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="memberships")
    role_in_team = models.CharField(max_length=8, choices=TeamRole, default=TeamRole.MEMBER)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    deals_followed_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")),
                name="membership_ends_after_start",
            ),
            ExclusionConstraint(
                name="membership_one_team_at_a_time",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    (days_of_membership(), RangeOperators.OVERLAPS),
                ],
                condition=Q(role_in_team="member"),
            ),
            ExclusionConstraint(
                name="membership_once_per_team_and_role",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("team", RangeOperators.EQUAL),
                    ("role_in_team", RangeOperators.EQUAL),
                    (days_of_membership(), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role_in_team} {self.team}"


class Deputy(models.Model):
    """On the days [starts_on, ends_on) the deputy reaches what the person reaches."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="deputies")
    deputy = models.ForeignKey(User, on_delete=models.PROTECT, related_name="deputy_for")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(person=F("deputy")), name="deputy_is_somebody_else"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")),
                name="deputy_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deputy} for {self.person}"


class TokenScope(models.TextChoices):
    READ = "read", _("Read")
    WRITE = "write", _("Read and write")


class ApiToken(AbstractAuthToken):
    """A hashed API token: carries at most its person's rights, and only reading with scope `read`."""

    name = models.CharField(max_length=80, blank=True, validators=[SingleLine()])
    scope = models.CharField(max_length=5, choices=TokenScope, default=TokenScope.READ)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = AuthTokenManager()

    def __str__(self) -> str:
        return f"{self.name or self.token_key} ({self.scope})"
