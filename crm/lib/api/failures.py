"""Failures that only an API knows. Apart from their answers, because settings load them before any view."""

from rest_framework import exceptions, status


class VersionMissing(exceptions.APIException):
    """An update that does not say which version it was made from."""

    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_code = "version_required"


class KeyReused(exceptions.APIException):
    """An idempotency key that came with another request before."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
