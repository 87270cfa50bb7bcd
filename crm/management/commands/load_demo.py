"""Fill an empty database with the demo data."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils import timezone

from crm.lib.errors import Refused
from pipeline import demo


class Command(BaseCommand):
    help = "Fill an empty database with the demo data: a sales team's year up to yesterday, told around real files."

    def add_arguments(self, parser: CommandParser) -> None:
        ways = parser.add_mutually_exclusive_group()
        ways.add_argument("--as-recorded", action="store_true", help="the files as they are, nothing invented")
        ways.add_argument(
            "--language", choices=demo.LANGUAGES, default="en", help="of the story's texts and people (default: en)"
        )

    def handle(self, *args: Any, as_recorded: bool, language: str, **options: Any) -> None:
        files, now = demo.read_files(), timezone.now()
        try:
            with transaction.atomic():
                _take_time()
                if as_recorded:
                    batch = demo.import_as_recorded(files, at=now)
                else:
                    batch = demo.import_story(files, at=now, language=language)
        except demo.NotImportable as refusal:
            raise CommandError("\n".join([str(refusal), *map(str, refusal.problems)])) from refusal
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"Loaded {batch.counts['deals']} deals of {batch.counts['companies']} companies.")


def _take_time() -> None:
    """On a busy machine a statement with thousands of rows may take longer than one of a page may."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
