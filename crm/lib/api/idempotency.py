"""A POST that is sent twice with one `Idempotency-Key` is done once, and answered twice alike."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.lib.api.failures import KeyReused
from crm.lib.repeats import claim, keep

MAX_KEY = 120

Handler = Callable[..., Response]


class Idempotent(APIView):
    """A view whose POST honours `Idempotency-Key`. Refusals are not kept; they may be tried again."""

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
        row, is_new = claim(request.user, key, _fingerprint(request))
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


def _keep(row: Any, response: Response) -> None:
    body = JSONRenderer().render(response.data) or b"null"
    location = response.headers.get("Location", "")
    keep(row, status=response.status_code, body=body, content_type="application/json", location=location)
