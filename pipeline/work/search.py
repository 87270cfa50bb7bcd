"""One search over deals, companies, contacts and colleagues, each as far as the reader reaches."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Case, ExpressionWrapper, Q, Value, When

from crm.lib.text import sort_key
from pipeline.contacts.models import Company, Contact
from pipeline.deals.cards import Card
from pipeline.deals.models import Deal
from pipeline.deals.states import DealStatus
from teams.access import Permission, reach
from teams.models import User, Workspace

LONGEST, MOST_WORDS, SHORTEST = 100, 6, 2
# From this length on a word may hold a mistake; shorter ones would be like too many others.
TOLERANT_FROM = 5
KINDS = {">": "actions", "@": "contacts", "#": "companies"}
UMLAUTS = (("ae", "a"), ("oe", "o"), ("ue", "u"))


@dataclass(frozen=True)
class Wish:
    """What was typed: `kind` limits it to actions, contacts or companies, empty means everything."""

    text: str
    kind: str
    words: tuple[str, ...]

    @property
    def is_enough(self) -> bool:
        return any(len(word) >= SHORTEST for word in self.words)


@dataclass(frozen=True)
class Found:
    """Rows by group; `similar` says that nothing fitted exactly."""

    deals: list[Card] = field(default_factory=list)
    companies: list[Company] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    people: list[User] = field(default_factory=list)
    similar: bool = False

    @property
    def count(self) -> int:
        return len(self.deals) + len(self.companies) + len(self.contacts) + len(self.people)


def wish(typed: str) -> Wish:
    """Reads what was typed; control characters and what is too long are left out."""
    clean = "".join(char for char in typed[:LONGEST] if unicodedata.category(char) not in {"Cc", "Cs"}).strip()
    kind = KINDS.get(clean[:1], "")
    text = clean[1:].strip() if kind else clean
    return Wish(text, kind, tuple(sort_key(text).split())[:MOST_WORDS])


def find(asked: Wish, *, reader: User, now: datetime, limit: int) -> Found:
    """Up to `limit` rows of each group, best first. A fixed number of queries."""
    if not asked.is_enough or asked.kind == "actions":
        return Found()
    found = _find(asked, reader, now, limit, similar=False)
    if found.count or not any(len(word) >= TOLERANT_FROM for word in asked.words):
        return found
    return _find(asked, reader, now, limit, similar=True)


def recent(*, reader: User, now: datetime, limit: int) -> list[Card]:
    """The reader's own open deals that changed last."""
    return _cards(
        Deal.objects.reachable_by(reader).open().filter(owner=reader).order_by("-changed_at", "-pk"), now, limit
    )


def _find(asked: Wish, reader: User, now: datetime, limit: int, *, similar: bool) -> Found:
    def named(rows: Any) -> Any:
        for word in asked.words:
            rows = rows.filter(_like(word, "sort_key", similar=similar))
        return rows

    everything = not asked.kind
    own = ExpressionWrapper(Q(owner=reader), output_field=BooleanField())
    companies = named(Company.objects.live().reachable_by(reader)).annotate(own=own, exact=_begins(asked))
    contacts = named(Contact.objects.live().reachable_by(reader).with_employer(reader)).annotate(
        own=own, exact=_begins(asked)
    )
    best = ("-exact", "-own", "sort_key", "pk")
    return Found(
        deals=_cards(_deals(asked, reader, similar=similar), now, limit) if everything else [],
        companies=list(companies.order_by(*best)[:limit]) if asked.kind != "contacts" else [],
        contacts=list(contacts.order_by(*best)[:limit]) if asked.kind != "companies" else [],
        people=list(named(_colleagues(reader)).by_name()[:limit]) if everything else [],
        similar=similar,
    )


def _deals(asked: Wish, reader: User, *, similar: bool) -> Any:
    """Name or company fits each word. Both are looked up by index for the longest word, the others among those."""
    longest = max(asked.words, key=len)
    by_name = Deal.objects.filter(_like(longest, "sort_key", similar=similar)).order_by().values("pk")
    companies = Company.objects.filter(_like(longest, "sort_key", similar=similar))
    by_company = Deal.objects.filter(company__in=companies.values("pk")).order_by().values("pk")
    deals = Deal.objects.reachable_by(reader).live().filter(pk__in=by_name.union(by_company))
    for word in asked.words:
        deals = deals.filter(
            _like(word, "sort_key", similar=similar) | _like(word, "company__sort_key", similar=similar)
        )
    starts = Q(company__sort_key__startswith=" ".join(asked.words)) | Q(sort_key__startswith=" ".join(asked.words))
    ranked = deals.annotate(
        exact=Case(When(starts, then=Value(0)), default=Value(1)),
        own=Case(When(owner=reader, then=Value(0)), default=Value(1)),
        ended=Case(When(status=DealStatus.OPEN, then=Value(0)), default=Value(1)),
    )
    return ranked.order_by("exact", "own", "ended", "-changed_at", "-pk")


def _like(word: str, column: str, *, similar: bool) -> Q:
    if similar and len(word) >= TOLERANT_FROM:
        return Q(**{f"{column}__trigram_word_similar": word})
    folded = word
    for written, letter in UMLAUTS:
        folded = folded.replace(written, letter)
    return Q(**{f"{column}__contains": word}) | Q(**{f"{column}__contains": folded})


def _begins(asked: Wish) -> ExpressionWrapper:
    return ExpressionWrapper(Q(sort_key__startswith=" ".join(asked.words)), output_field=BooleanField())


def _colleagues(reader: User) -> Any:
    scope = reach(reader, Permission.DEAL_VIEW)
    people = User.objects.active()
    return people if scope.everything else people.filter(pk__in=scope.people_ids)


def _cards(deals: Any, now: datetime, limit: int) -> list[Card]:
    today = Workspace.get().today(now)
    rows = deals.select_related("company", "owner", "stage").with_next_step_state(now).with_stalled(now)
    return [Card(deal, now, today) for deal in rows[:limit]]
