"""Writing the audit trail."""

from datetime import timedelta
from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from teams.audit.models import AuditEntry
from teams.people.models import User

DENIED = "denied"
# Somebody who keeps knocking at a closed door does not fill the trail.
SAME_DENIAL = timedelta(minutes=10)
# What never enters the trail, whatever it is called with.
_SECRET_FIELDS = frozenset({"password", "token", "digest", "secret"})


def record(
    action: str,
    *,
    by: User | None,
    subject: models.Model | None = None,
    changes: dict[str, list[Any]] | None = None,
    request: HttpRequest | None = None,
    label: str = "",
) -> AuditEntry:
    """Append an entry in the caller's transaction. `changes` maps a field to `[from, to]`."""
    return AuditEntry.objects.create(
        at=timezone.now(),
        actor=by,
        action=action,
        subject_type=subject._meta.model_name or "" if subject else "",
        subject_id=subject.pk if subject else None,
        subject_label=(label or (str(subject) if subject else ""))[:200],
        changes={name: pair for name, pair in (changes or {}).items() if name not in _SECRET_FIELDS},
        request_id=getattr(request, "request_id", "") or "",
        ip_address=request.META.get("REMOTE_ADDR") or None if request else None,
    )


def record_denied(request: HttpRequest, permission: str = "") -> None:
    """A call that was refused. The same one again says nothing new for a while."""
    user = request.user if isinstance(request.user, User) else None
    label = f"{permission} {request.method} {request.path}".replace("\x00", "").strip()[:200]
    lately = AuditEntry.objects.filter(at__gt=timezone.now() - SAME_DENIAL)
    if not lately.filter(actor=user, action=DENIED, subject_label=label).exists():
        record(DENIED, by=user, request=request, label=label)
