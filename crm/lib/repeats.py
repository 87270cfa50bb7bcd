"""What is sent twice is done once: keys are claimed in the transaction of the action that they stand for.

A failure leaves no trace, and a second request with the same key waits for the first.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.apps import apps
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

KEPT = timedelta(hours=24)
FIELD = "idempotency_key"
# The model that keeps the answers.
ANSWERS = "pipeline.IdempotentRequest"
# Fields that say nothing about what is to be done.
_IGNORED = frozenset({FIELD, "csrfmiddlewaretoken"})

P = ParamSpec("P")
View = Callable[Concatenate[Any, P], HttpResponse]


def claim(user: Any, key: str, fingerprint: str) -> tuple[Any, bool]:
    """The row of this person's key, and whether the key is new; within the transaction of the action."""
    kept: Any = apps.get_model(ANSWERS)._default_manager
    now = timezone.now()
    kept.filter(user=user, created_at__lt=now - KEPT).delete()
    row, is_new = kept.get_or_create(user=user, key=key, defaults={"fingerprint": fingerprint, "created_at": now})
    return row, is_new


def keep(row: Any, *, status: int, body: bytes, content_type: str, location: str = "") -> None:
    """The answer, for the next time that the same is sent."""
    row.status_code, row.body, row.content_type, row.location = status, body, content_type, location
    row.save()


def once(view: View[P]) -> View[P]:
    """A view behind a door whose forms carry the key of `{% form_key %}`: sent again, they get the first answer.

    The same form with other contents is another wish: people go back, change a word and send again.
    """

    @wraps(view)
    def enter(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method != "POST" or not request.POST.get(FIELD):
            return view(request, *args, **kwargs)
        fingerprint = _fingerprint(request)
        with transaction.atomic():
            row, is_new = claim(request.user, fingerprint, fingerprint)
            if not is_new:
                return _first_answer(row)
            response = view(request, *args, **kwargs)
            if response.status_code < 400:
                _keep_page(row, response)
            else:
                transaction.set_rollback(True)
        return response

    enter.sent_once = True  # type: ignore[attr-defined]
    return enter


def _fingerprint(request: HttpRequest) -> str:
    said = sorted((name, values) for name, values in request.POST.lists() if name not in _IGNORED)
    whole = json.dumps([request.get_full_path(), request.POST[FIELD], said])
    return hashlib.sha256(whole.encode()).hexdigest()


def _keep_page(row: Any, response: HttpResponse) -> None:
    answer = {"headers": dict(response.headers), "body": response.content.decode()}
    content_type = response.headers.get("Content-Type", "")
    keep(row, status=response.status_code, body=json.dumps(answer).encode(), content_type=content_type)


def _first_answer(row: Any) -> HttpResponse:
    answer = json.loads(bytes(row.body))
    return HttpResponse(answer["body"], status=row.status_code, headers=answer["headers"])
