"""Which version of a record a change was made from."""

import re

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from crm.lib.api.failures import VersionMissing

_ENTITY_TAG = re.compile(r'(?:W/)?"(\d{1,9})"')


def version_read(request: Request) -> int:
    """The `version` of the body, or of `If-Match: "<version>"`; 428 without one."""
    body = request.data if isinstance(request.data, dict) else {}
    if "version" in body:
        return _checked(body["version"])
    if header := request.headers.get("If-Match"):
        match = _ENTITY_TAG.fullmatch(header.strip())
        return _checked(int(match[1]) if match else None)
    raise VersionMissing(_("Say which version you read: “version” in the body, or If-Match."))


def _checked(version: object) -> int:
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version < 2**31:
        raise ValidationError({"version": _("Enter the version number that you read.")})
    return version


def without_version(request: Request) -> object:
    """The body without the version, for a serializer of the fields."""
    if not isinstance(request.data, dict):
        return request.data
    return {name: value for name, value in request.data.items() if name != "version"}
