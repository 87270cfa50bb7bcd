"""A new API token for a person, printed once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm.lib.errors import Refused
from teams.models import User
from teams.people.models import TokenScope
from teams.people.token_actions import LONGEST, create_token


class Command(BaseCommand):
    help = "Prints a new API token once. It carries at most the rights of its person."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--scope", choices=TokenScope.values, default=TokenScope.READ)
        parser.add_argument("--name", default="manage.py create_token")

    def handle(self, *args: Any, email: str, scope: str, name: str, **options: Any) -> None:
        user = User.objects.active().filter(email__iexact=email).first()
        if user is None:
            raise CommandError(f"Nobody active signs in with {email}.")
        try:
            _token, secret = create_token(by=user, name=name, scope=scope, lifetime=LONGEST)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(secret)
