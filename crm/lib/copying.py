"""Inserting very many rows: several times as fast as INSERT."""

import io
import json
from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

NULL = r"\N"
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def copy_rows(rows: Sequence[models.Model]) -> None:
    """Insert unsaved rows of one model with COPY, in their order. They do not learn their ids.

    For plain columns, JSON and arrays of numbers; nothing that a field does before saving is done.
    """
    if not rows:
        return
    meta = rows[0]._meta
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    written = [(field.attname, _WRITTEN.get(type(field), _plain)) for field in fields]
    lines = ("\t".join([write(getattr(row, name)) for name, write in written]) + "\n" for row in rows)
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {quote(meta.db_table)} ({columns}) FROM STDIN", io.StringIO("".join(lines)))


def _plain(value: Any) -> str:
    if value is None:
        return NULL
    return value.translate(_ESCAPES) if isinstance(value, str) else str(value)


def _json(value: Any) -> str:
    return NULL if value is None else json.dumps(value).translate(_ESCAPES)


def _array(numbers: Sequence[int] | None) -> str:
    return NULL if numbers is None else f"{{{','.join(map(str, numbers))}}}"


_WRITTEN: dict[type[Any], Callable[[Any], str]] = {models.JSONField: _json, ArrayField: _array}
