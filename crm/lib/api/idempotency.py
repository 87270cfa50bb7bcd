"""A POST that is sent twice with one `Idempotency-Key` is done once, and answered twice alike."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.lib.api.failures import KeyReused

KEPT = timedelta(hours=24)
MAX_KEY = 120

Handler = Callable[..., Response]


class Idempotent(APIView):
    """A view whose POST honours `Idempotency-Key`. `answers` names the model that keeps the answers.

    The key is claimed in the transaction of the action: a failure leaves no trace, and a second request with the
    same key waits for the first. Refusals are not kept; they may be tried again.
    """

    answers = "pipeline.IdempotentRequest"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        key = request.headers.get("Idempotency-Key")
        if request.method == "POST" and key is not None:
            if not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
                raise ValidationError({"Idempotency-Key": _("Use 1 to 120 plain characters.")})
            self.post = self._once(self.post, key)  # type: ignore[attr-defined, has-type]

    def _once(self, handler: Handler, key: str) -> Handler:
        def handle(request: Request, *args: Any, **kwargs: Any) -> Response:
            with transaction.atomic():
                return self._answer_once(request, key, lambda: handler(request, *args, **kwargs))

        return handle

    def _answer_once(self, request: Request, key: str, act: Callable[[], Response]) -> Response:
        kept: Any = apps.get_model(self.answers)._default_manager
        now = timezone.now()
        kept.filter(user=request.user, key=key, created_at__lt=now - KEPT).delete()
        row, is_new = kept.get_or_create(
            user=request.user, key=key, defaults={"fingerprint": _fingerprint(request), "created_at": now}
        )
        if not is_new:
            return _replay(row, request)
        response = act()
        _keep(row, response)
        return response


def _fingerprint(request: Request) -> str:
    body = json.dumps(request.data, sort_keys=True)
    return hashlib.sha256(f"{request.method} {request.path}\n{body}".encode()).hexdigest()


def _replay(row: Any, request: Request) -> Response:
    if row.fingerprint != _fingerprint(request):
        raise KeyReused(_("This Idempotency-Key came with another request before. Use a new one."))
    response = Response(json.loads(bytes(row.body)), status=row.status_code)
    response["Idempotent-Replay"] = "true"
    if row.location:
        response["Location"] = row.location
    return response


def _keep(row: models.Model, response: Response) -> None:
    row.status_code = response.status_code  # type: ignore[attr-defined]
    row.body = JSONRenderer().render(response.data) or b"null"  # type: ignore[attr-defined]
    row.content_type = "application/json"  # type: ignore[attr-defined]
    row.location = response.headers.get("Location", "")  # type: ignore[attr-defined]
    row.save()
