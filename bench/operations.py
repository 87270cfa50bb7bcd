"""The operations of every day: who asks for what."""

import itertools
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone

from bench.clients import Next, Request
from bench.seed import World
from pipeline.models import Company, Deal, Stage
from teams.models import ApiToken, User

SESSIONS = import_module(settings.SESSION_ENGINE)
WORDS = 200


@dataclass(frozen=True)
class Operation:
    """`goal` is the most it may cost as a multiple of R, `cap` the most queries; None where there is no goal."""

    name: str
    request: Next
    goal: float | None = None
    cap: int | None = None


def bare(world: World) -> Next:
    """R, as the same rep."""
    headers = as_person(world.rep)
    return lambda: Request("/", headers)


def operations(world: World) -> list[Operation]:
    rep, manager, admin = as_person(world.rep), as_person(world.manager), as_person(world.admin)
    year = f"/dashboard/?period={timezone.localdate().year}"
    listing = "/deals/?status=open&ordering=expected_close_date"
    return [
        Operation("deals list, one owner", get(listing, rep), 6, 12),
        Operation("deals list, everybody", get(listing, admin), 8, 12),
        Operation("board, one owner", get("/pipeline/", rep), 8, 12),
        Operation("board, everybody (live totals)", get("/pipeline/", admin), 25, 12),
        Operation("deal page", cycle([f"/deals/{pk}/" for pk in own_deals(world)], rep), 6, 15),
        Operation("stage change", moves(world), 2.5, 12),
        Operation("dashboard of the year, everybody", get(year, admin), 15, 10),
        Operation("dashboard of the year, one team", get(year, manager), 15, 10),
        Operation("dashboard of the year, one rep", get(year, rep), 5, 10),
        Operation("company name search", cycle(searches(), admin), 4, 8),
        Operation("API page of 50 deals", get("/api/v1/deals/?page_size=50", with_token(world.rep)), 2.5, 6),
    ]


def as_person(user: User) -> dict[str, str]:
    """Headers of a browser in which this person has signed in."""
    session = SESSIONS.SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return {"Host": "localhost", "Cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}"}


def with_token(user: User) -> dict[str, str]:
    _token, secret = ApiToken.objects.create(user=user, scope="write", name="bench")
    return {"Host": "localhost", "Authorization": f"Bearer {secret}", "Content-Type": "application/json"}


def get(path: str, headers: dict[str, str]) -> Next:
    return lambda: Request(path, headers)


def cycle(paths: list[str], headers: dict[str, str]) -> Next:
    endless = Locked(itertools.cycle(paths))
    return lambda: Request(next(endless), headers)


def searches() -> list[str]:
    """The middle of names that exist."""
    names = Company.objects.order_by("pk").values_list("name", flat=True)[:WORDS]
    return [f"/companies/?q={name.split()[0].strip(',')[:12]}" for name in names]


def own_deals(world: World) -> list[int]:
    return list(Deal.objects.filter(owner=world.rep, status="open").order_by("pk").values_list("pk", flat=True)[:WORDS])


def moves(world: World) -> Next:
    """Each of the rep's open deals from stage to stage in turn; nobody moves one twice at once."""
    headers = with_token(world.rep)
    stages = list(Stage.objects.order_by("position").values_list("pk", flat=True))
    deals = list(
        Deal.objects.filter(owner=world.rep, status="open").order_by("pk").values_list("pk", "stage_id", "version")
    )
    state = {pk: (stage, version) for pk, stage, version in deals}
    endless = Locked(itertools.cycle(state))

    def following() -> Request:
        pk = next(endless)
        stage, version = state[pk]
        target = stages[(stages.index(stage) + 1) % len(stages)]
        state[pk] = target, version + 1
        # From the last stage it goes back to the first, which wants a reason.
        body = json.dumps({"stage": target, "version": version, "note": "Measured"})
        return Request(f"/api/v1/deals/{pk}/move/", headers, "POST", body.encode())

    return following


class Locked(Iterator[object]):
    """An iterator that several threads may ask."""

    def __init__(self, values: Iterator[object]) -> None:
        self.values, self.lock = values, threading.Lock()

    def __next__(self) -> object:
        with self.lock:
            return next(self.values)
