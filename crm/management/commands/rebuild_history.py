"""Derive stage spells and state intervals of all deals from their events again, or check them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from pipeline.models import Deal
from pipeline.rebuilding import differences, rebuild


class Command(BaseCommand):
    help = "Derives the history tables of all deals from their events; --check compares only, exit 1 on a difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="compare, change nothing")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        ids = Deal.objects.order_by("pk").values_list("pk", flat=True)
        if check:
            found = [line for pk in ids.iterator() for line in differences(pk)]
            if found:
                raise CommandError("\n".join(found[:50]))
        else:
            for pk in ids.iterator():
                with transaction.atomic():
                    Deal.objects.select_for_update().get(pk=pk)
                    rebuild(pk)
        self.stdout.write(f"{ids.count()} deals, no difference." if check else f"{ids.count()} deals rebuilt.")
