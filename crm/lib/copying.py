"""Inserting very many rows: several times as fast as INSERT."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

NULL = r"\N"


def copy_rows(rows: Sequence[models.Model]) -> None:
    """Insert unsaved rows of one model with COPY, in their order. They do not learn their ids.

    For plain columns, JSON and arrays of numbers; nothing that a field does before saving is done.
    """
    if not rows:
        return
    meta = rows[0]._meta
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    written = [(field.attname, _WRITTEN.get(type(field), _as_is)) for field in fields]
    text = io.StringIO()
    csv.writer(text).writerows([write(getattr(row, name)) for name, write in written] for row in rows)
    text.seek(0)
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {quote(meta.db_table)} ({columns}) FROM STDIN (FORMAT csv, NULL '{NULL}')", text)


def _as_is(value: Any) -> Any:
    return NULL if value is None else value


def _json(value: Any) -> str:
    return NULL if value is None else json.dumps(value)


def _array(numbers: Sequence[int] | None) -> str:
    return NULL if numbers is None else f"{{{','.join(map(str, numbers))}}}"


_WRITTEN: dict[type[Any], Callable[[Any], Any]] = {models.JSONField: _json, ArrayField: _array}
