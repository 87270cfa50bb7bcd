"""A new API token for a person, printed once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from teams.audit.record import record
from teams.models import ApiToken, User
from teams.people.models import TokenScope


class Command(BaseCommand):
    help = "Prints a new API token once. It carries at most the rights of its person."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--scope", choices=TokenScope.values, default=TokenScope.READ)
        parser.add_argument("--name", default="")

    def handle(self, *args: Any, email: str, scope: str, name: str, **options: Any) -> None:
        user = User.objects.active().filter(email__iexact=email).first()
        if user is None:
            raise CommandError(f"Nobody active signs in with {email}.")
        token, secret = ApiToken.objects.create(user=user, scope=scope, name=name[:80])
        record("token_created", by=None, subject=user, changes={"scope": [None, token.scope]})
        self.stdout.write(secret)
