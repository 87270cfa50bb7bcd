"""What people plan and do, and what they note down."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.lib.text import MultiLine, SingleLine
from pipeline.activities.querysets import ActivityQuerySet, NoteQuerySet


class ActivityKind(models.TextChoices):
    CALL = "call", _("Call")
    MEETING = "meeting", _("Meeting")
    VIDEO = "video", _("Video call")
    EMAIL = "email", _("E-mail")
    TASK = "task", _("Task")
    DEADLINE = "deadline", _("Deadline")
    FOLLOW_UP = "follow_up", _("Follow-up")
    SOCIAL = "social", _("Social message")


# Completing one of these is contact with the customer.
OUTREACH = (
    ActivityKind.CALL,
    ActivityKind.MEETING,
    ActivityKind.VIDEO,
    ActivityKind.EMAIL,
    ActivityKind.FOLLOW_UP,
    ActivityKind.SOCIAL,
)


class CallOutcome(models.TextChoices):
    CONNECTED = "connected", _("Connected")
    NO_ANSWER = "no_answer", _("No answer")
    VOICEMAIL = "voicemail", _("Left a message")
    WRONG_NUMBER = "wrong_number", _("Wrong number")
    HELD = "held", _("Held")
    NO_SHOW = "no_show", _("Did not take place")


class Activity(models.Model):
    """A planned or done action. Either `due_on` (all day, in the assignee's calendar) or `due_at` (an instant).

    `late_at` is the instant from which it is overdue, `today_from` the start of its due day, both in the
    assignee's zone; they make the four next-step states one comparison in SQL.
    """

    kind = models.CharField(_("Type"), max_length=12, choices=ActivityKind, default=ActivityKind.TASK)
    subject = models.CharField(_("Subject"), max_length=200, validators=[SingleLine()])
    due_on = models.DateField(_("Due date"), null=True, blank=True)
    due_at = models.DateTimeField(_("Due time"), null=True, blank=True)
    due_zone = models.CharField(max_length=64, blank=True)
    today_from = models.DateTimeField(null=True, blank=True)
    late_at = models.DateTimeField(null=True, blank=True)
    duration_minutes = models.PositiveIntegerField(_("Duration in minutes"), null=True, blank=True)
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="activities")
    deal = models.ForeignKey(
        "pipeline.Deal",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="activities",
    )
    company = models.ForeignKey(
        "pipeline.Company",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="activities",
    )
    contact = models.ForeignKey(
        "pipeline.Contact",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="activities",
    )
    text = models.TextField(_("Note"), blank=True, max_length=20000, validators=[MultiLine()])
    outcome = models.CharField(_("Outcome"), max_length=16, blank=True, choices=CallOutcome)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    snooze_count = models.PositiveSmallIntegerField(default=0)
    # Minutes before the due time; for all-day items whole days (multiples of 1440) before 09:00 of the due day.
    reminder_offsets = ArrayField(models.PositiveIntegerField(), default=list, blank=True, size=5)
    external_id = models.CharField(max_length=120, blank=True)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        constraints = [
            models.CheckConstraint(
                condition=Q(due_on__isnull=True) | Q(due_at__isnull=True),
                name="activity_date_or_time",
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(cancelled_at__isnull=True),
                name="activity_done_or_cancelled",
            ),
        ]
        indexes = [
            models.Index(
                fields=["assignee", "late_at"],
                name="activity_open_by_assignee",
                condition=Q(done_at__isnull=True, cancelled_at__isnull=True),
            ),
            models.Index(
                fields=["deal", "late_at"],
                name="activity_open_by_deal",
                condition=Q(done_at__isnull=True, cancelled_at__isnull=True),
            ),
            models.Index(fields=["deal", "-done_at"], name="activity_timeline"),
            models.Index(fields=["company", "-done_at"], name="activity_by_company"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def is_open(self) -> bool:
        return self.done_at is None and self.cancelled_at is None


class Note(models.Model):
    """Text on a deal, company or contact. Private notes are for their author only."""

    body = models.TextField(_("Note"), max_length=20000, validators=[MultiLine()])
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notes")
    deal = models.ForeignKey(
        "pipeline.Deal",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notes",
    )
    company = models.ForeignKey(
        "pipeline.Company",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notes",
    )
    contact = models.ForeignKey(
        "pipeline.Contact",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notes",
    )
    is_private = models.BooleanField(_("Only for me"), default=False)
    pinned_at = models.DateTimeField(null=True, blank=True)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = NoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        constraints = [
            models.UniqueConstraint(
                fields=["deal"],
                condition=Q(pinned_at__isnull=False, deleted_at__isnull=True),
                name="note_one_pinned_per_deal",
            ),
        ]
        indexes = [models.Index(fields=["deal", "-created_at"], name="note_timeline")]

    def __str__(self) -> str:
        return self.body[:60]
