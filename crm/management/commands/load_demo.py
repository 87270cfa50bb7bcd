"""Fill an empty database with the demo data."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from crm.lib.errors import Refused
from pipeline import demo


class Command(BaseCommand):
    help = "Fill an empty database with the demo data, exactly as recorded; the shifted story is yet to come."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--as-recorded", action="store_true", help="the files as they are, nothing invented (for now the only way)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            batch = demo.import_as_recorded(demo.read_files(), at=timezone.now())
        except demo.NotImportable as refusal:
            raise CommandError("\n".join([str(refusal), *map(str, refusal.problems)])) from refusal
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"Loaded {batch.counts['deals']} deals of {batch.counts['companies']} companies.")
