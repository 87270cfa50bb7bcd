"""Bringing in the reference rates of the European Central Bank."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from currency_converter.currency_converter import CURRENCY_FILE
from django.db import connection, transaction
from django.db.models import Max

from teams.currencies.models import ExchangeRate
from teams.currencies.rates import forget_rates

SOURCE = "ECB"
# The history since 1999 that the package carries; newer days come from the bank's own file of the same form.
SHIPPED_HISTORY = Path(CURRENCY_FILE)

Row = tuple[str, date, Decimal]


@transaction.atomic
def load_reference_rates(file: Path | IO[bytes] = SHIPPED_HISTORY) -> int:
    """Add the rates of days that are newer than those known, and answer how many came.

    `file` is the bank's archive with one CSV: a line a day, a column a currency, units for one euro. Rates that
    somebody entered by hand for the same day stay. Source: European Central Bank, euro foreign exchange
    reference rates, free to reuse with the source named.
    """
    known_until = ExchangeRate.objects.filter(source=SOURCE).aggregate(last=Max("valid_from"))["last"] or date.min
    copied = io.StringIO()
    rows = [row for row in _rates(file) if row[1] > known_until]
    csv.writer(copied).writerows(rows)
    copied.seek(0)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE loaded (currency text, valid_from date, rate numeric)")
        cursor.copy_expert("COPY loaded FROM STDIN WITH (FORMAT csv)", copied)
        cursor.execute(
            f"INSERT INTO {ExchangeRate._meta.db_table} (currency, valid_from, rate, source)"  # noqa: S608 - our name
            " SELECT currency, valid_from, rate, %s FROM loaded ORDER BY currency, valid_from ON CONFLICT DO NOTHING",
            [SOURCE],
        )
        added = int(cursor.rowcount)
        cursor.execute("DROP TABLE loaded")
    transaction.on_commit(forget_rates)
    return added


def _rates(file: Path | IO[bytes]) -> Iterator[Row]:
    with ZipFile(file) as archive, archive.open(archive.namelist()[0]) as lines:
        for line in csv.DictReader(io.TextIOWrapper(lines, "ascii")):
            day = date.fromisoformat(line.pop("Date"))
            for currency, rate in line.items():
                if len(currency) == 3 and rate not in {"", "N/A"}:
                    yield currency, day, Decimal(rate)
