"""Exchange rates from the history that comes with Kontor, or from a newer file of the bank."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from teams.currencies.actions import SHIPPED_HISTORY, load_reference_rates


class Command(BaseCommand):
    help = "Loads the reference rates of the European Central Bank for the days that are not known yet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--file", type=Path, default=SHIPPED_HISTORY, help="eurofxref-hist.zip of the bank")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        loaded = load_reference_rates(file)
        if options["verbosity"]:
            self.stdout.write(f"{loaded:,} rates loaded.")
