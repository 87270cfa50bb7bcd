"""Addresses of pages."""

from django.urls import reverse


def address(name: str, *args: object) -> str:
    return reverse(name, args=args)
