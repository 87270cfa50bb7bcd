"""Addresses of pages that other slices offer."""

from django.urls import NoReverseMatch, reverse


def address(name: str, *args: object) -> str:
    """The address of a page, empty while this installation has none."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
