"""Addresses of pages."""

from functools import lru_cache

from django.urls import reverse


@lru_cache(maxsize=50_000)
def address(name: str, *arguments: object) -> str:
    """The address of the page of this name.

    Kept: a page asks for a hundred, a board for several hundreds, and finding one takes as long as printing a card.
    Raises NoReverseMatch.
    """
    return reverse(name, args=arguments)
