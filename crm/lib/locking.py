"""Rows that must stay as they are until the end of a transaction."""

from typing import TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


def held(rows: QuerySet[M]) -> list[M]:
    """The rows as they are now, in the order of their keys. Nobody changes them meanwhile; others may hold them too.

    Whoever is about to change one locks it against holders (`select_for_update`) and then sees what they wrote.
    """
    sql, params = rows.order_by("pk").query.sql_with_params()
    return list(rows.model._default_manager.raw(f"{sql} FOR SHARE", params))
