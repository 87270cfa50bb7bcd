"""Clients of people, as a browser and as a script."""

from typing import Any

from django.test import Client
from rest_framework.test import APIClient

from teams.models import ApiToken, User


def page_client(user: User, **options: Any) -> Client:
    """Signed in; faults come back as answers."""
    client = Client(raise_request_exception=False, **options)
    client.force_login(user)
    return client


def api_client(user: User, scope: str = "write") -> APIClient:
    """With a new token of the person; faults come back as answers."""
    client = APIClient(raise_request_exception=False)
    _token, secret = ApiToken.objects.create(user=user, scope=scope)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client
