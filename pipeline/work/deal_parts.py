"""The people, colleagues and products on the page of a deal."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Subquery, Value
from django.utils.translation import gettext as _

from crm.lib.addresses import address
from crm.templatetags.formats import number
from pipeline.contacts.models import Contact
from pipeline.deals.models import Deal, DealContact, LineItem
from pipeline.deals.states import ContactRole
from teams.models import User

ROLE_TONES = {ContactRole.DECIDES: "accent", ContactRole.CHAMPION: "ok", ContactRole.BLOCKS: "danger"}


@dataclass(frozen=True)
class Person:
    """Somebody of the customer; who may not see the contact reads that there is one."""

    row: DealContact
    name: str
    about: str
    url: str
    edit_url: str
    tone: str


@dataclass(frozen=True)
class Colleague:
    user: User
    can_edit: bool
    remove_url: str


@dataclass(frozen=True)
class Line:
    row: LineItem
    edit_url: str

    @property
    def quantity(self) -> str:
        return _plain(self.row.quantity)

    @property
    def discount(self) -> str:
        return _plain(self.row.discount_percent)


@dataclass(frozen=True)
class Parts:
    """What belongs to a deal; the addresses are empty where nothing may be changed."""

    people: list[Person]
    colleagues: list[Colleague]
    lines: list[Line]
    add_contact_url: str
    add_colleague_url: str
    add_line_url: str

    @property
    def total(self) -> Decimal | None:
        """The sum of the lines, None while one of them has no price."""
        totals = [line.row.total for line in self.lines if line.row.total is not None]
        return sum(totals, Decimal(0)) if len(totals) == len(self.lines) else None


def read(deal: Deal, *, reader: User, can_edit: bool) -> Parts:
    can_price = can_edit and deal.is_open
    return Parts(
        people=_people(deal, reader, can_edit=can_edit),
        colleagues=_colleagues(deal, can_edit=can_edit),
        lines=[
            Line(line, address("deal-line", deal.pk, line.pk) if can_price else "")
            for line in deal.line_items.select_related("product").order_by("position", "pk")
        ],
        add_contact_url=address("deal-contact-add", deal.pk) if can_edit else "",
        add_colleague_url=address("deal-collaborator-add", deal.pk) if can_edit else "",
        add_line_url=address("deal-line-add", deal.pk) if can_price else "",
    )


def _people(deal: Deal, reader: User, *, can_edit: bool) -> list[Person]:
    rows: Any = deal.people.select_related("contact").order_by("-is_primary", "contact__sort_key", "pk")
    if _all_at_its_company(deal):
        rows = rows.annotate(is_visible=Value(True), employer=Value(""))
    else:
        known: Any = Contact.objects.reachable_by(reader).filter(pk=OuterRef("contact"))
        employer = Subquery(known.with_employer(reader).values("employer"))
        rows = rows.annotate(is_visible=Exists(known), employer=employer)
    return [_person(deal, row, can_edit=can_edit) for row in rows]


def people_elsewhere() -> Exists:
    """Whether a deal involves somebody of another company than its own, whom not everybody may know who sees it."""
    return Exists(DealContact.objects.filter(deal=OuterRef("pk")).exclude(contact__company=OuterRef("company")))


def _all_at_its_company(deal: Any) -> bool:
    """Whoever sees a deal sees its company and who works there; nobody has to ask for each of them."""
    is_live = deal.deleted_at is None and deal.company is not None and deal.company.deleted_at is None
    return is_live and not deal.has_people_elsewhere


def _person(deal: Deal, row: Any, *, can_edit: bool) -> Person:
    """The row says whether the reader may know the contact, and the company as far as she may."""
    contact: Contact = row.contact
    is_visible = row.is_visible
    elsewhere = row.employer if contact.company_id != deal.company_id else ""
    return Person(
        row,
        contact.name if is_visible else _("Hidden contact"),
        " · ".join(filter(None, (contact.job_title, elsewhere))) if is_visible else "",
        address("contact", contact.pk) if is_visible and contact.deleted_at is None else "",
        address("deal-contact", deal.pk, contact.pk) if can_edit else "",
        ROLE_TONES.get(ContactRole(row.role), ""),
    )


def _colleagues(deal: Deal, *, can_edit: bool) -> list[Colleague]:
    rows = deal.collaborations.select_related("user").order_by("user__sort_key", "pk")
    return [
        Colleague(row.user, row.can_edit, address("deal-collaborator-remove", deal.pk, row.user_id) if can_edit else "")
        for row in rows
    ]


def _plain(amount: Decimal) -> str:
    """With decimals only where there are some."""
    return number(amount, 2 if amount % 1 else 0)
