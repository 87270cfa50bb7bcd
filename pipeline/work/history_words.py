"""What an event of a deal says, in the words and within the reach of its reader."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import CharField, F, Model, Value
from django.db.models.functions import Coalesce, Concat, NullIf, Trim
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from crm.templatetags.formats import day_year, money, money_cents, number, percentage
from pipeline.contacts.models import Company, Contact
from pipeline.deals.actions.parts import is_part
from pipeline.deals.models import Competitor, Deal, DealEvent, LeadSource, Product
from pipeline.deals.states import ContactRole, DealStatus, EventKind, ForecastCategory
from pipeline.stages.models import CloseReason, Pipeline, Stage
from teams.models import Team, Territory, User

FIELD_LABELS = {
    "name": _("Name"),
    "company": _("Company"),
    "pipeline": _("Pipeline"),
    "stage": _("Stage"),
    "status": _("Status"),
    "value": _("Value"),
    "currency": _("Currency"),
    "probability": _("Probability"),
    "forecast_category": _("Forecast"),
    "source": _("Source"),
    "competitor": _("Competitor"),
    "need": _("Customer need"),
    "owner": _("Owner"),
    "team": _("Team"),
    "territory": _("Territory"),
    "expected_close_date": _("Close date"),
    "close_reason": _("Reason"),
}
_RELATIONS: dict[str, type[Model]] = {
    "company": Company,
    "pipeline": Pipeline,
    "stage": Stage,
    "source": LeadSource,
    "competitor": Competitor,
    "owner": User,
    "team": Team,
    "territory": Territory,
    "close_reason": CloseReason,
    "contact": Contact,
    "product": Product,
}
_TRANSLATED = frozenset({"pipeline", "stage", "source", "close_reason", "product"})
OF_A_DEAL = ("company", "pipeline", "stage", "source", "competitor", "owner", "team", "territory", "close_reason")
_HIDDEN = {"company": _("Hidden company"), "contact": _("Hidden contact")}
# Rows of a deal: the label of one, and what its name is the id of.
_PARTS = {
    "people": (_("Contact"), "contact"),
    "collaborators": (_("Collaborator"), "owner"),
    "lines": (_("Product"), ""),
}
Names = dict[tuple[str, int], str]


def names_in(events: Iterable[DealEvent], known: Names, reader: User) -> Names:
    """The names behind all ids in the events, as far as the reader may know them. One query for what is not known."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for event in events:
        for name, pair in event.changes.items():
            for relation, pk in _mentioned(name, pair):
                if (relation, pk) not in known:
                    wanted[relation].add(pk)
    if not wanted:
        return known
    first, *others = [_names_of(relation, pks, reader) for relation, pks in wanted.items()]
    german = (get_language() or "").startswith("de")
    rows = first.union(*others, all=True)
    return known | {(relation, pk): ((other if german else "") or name) for relation, pk, name, other in rows}


def names_of_deal(deal: Deal) -> Names:
    """The names of what the deal itself points to, which whoever sees it may know. It was read together with them."""
    pointed_to = {name: related for name in OF_A_DEAL if (related := getattr(deal, name))}
    return {(name, related.pk): getattr(related, "label", None) or related.name for name, related in pointed_to.items()}


def _mentioned(name: str, pair: Any) -> list[tuple[str, int]]:
    """The rows whose names a change needs, as relation and id."""
    if not isinstance(pair, list):
        return []
    part, _slash, key = name.partition("/")
    if part == "lines" and key:
        return [("product", int(row["product_id"])) for row in pair if row]
    if is_part(name):
        return [(_PARTS[part][1], int(key))]
    relation = name.removesuffix("_id")
    return [(relation, int(pk)) for pk in pair if pk is not None] if relation in _RELATIONS else []


def _names_of(relation: str, pks: set[int], reader: User) -> Any:
    model: Any = _RELATIONS[relation]
    words: dict[str, Any] = {
        "said": F("pk") if relation in {"owner", "contact"} else F("name"),
        "said_de": F("name_de") if relation in _TRANSLATED else Value("", output_field=CharField()),
    }
    if relation in {"owner", "contact"}:
        full = NullIf(Trim(Concat("first_name", Value(" "), "last_name")), Value(""))
        words["said"] = Coalesce(full, "email", output_field=CharField())
    rows = model._default_manager.all()
    if relation in _HIDDEN:
        rows = rows.reachable_by(reader)
    rows = rows.filter(pk__in=pks).order_by()
    return rows.annotate(relation=Value(relation, output_field=CharField()), **words).values_list(
        "relation", "pk", "said", "said_de"
    )


def sentence(event: DealEvent, deal: Deal, names: Names) -> SafeString:
    """What changed, from what to what, and by whom."""
    actor = event.actor.name if event.actor else gettext("Kontor")
    shown = [name for name in FIELD_LABELS if name in event.changes and not _is_implied(name, event)]
    shown += [name for name in event.changes if is_part(name)]
    if event.corrects_id:
        what = format_html("{}", gettext("Undone: %(what)s") % {"what": event.get_kind_display()})
    elif event.kind == EventKind.CREATED or not shown:
        what = format_html("<b>{}</b>", event.get_kind_display())
    else:
        what = format_html_join("; ", "{}", [(_change(name, event, deal, names),) for name in shown])
    said = format_html(": {}", event.note) if event.note else ""
    return format_html("{}{} · {}", what, said, actor)


def _is_implied(name: str, event: DealEvent) -> bool:
    """Whether another word of the event already says this."""
    return (name == "probability" and event.kind != EventKind.PROBABILITY_CHANGED) or (
        name == "forecast_category" and event.kind != EventKind.FORECAST_CATEGORY_CHANGED
    )


def _change(name: str, event: DealEvent, deal: Deal, names: Names) -> SafeString:
    before, after = event.changes[name]
    label = _PARTS[name.partition("/")[0]][0] if is_part(name) else FIELD_LABELS[name]
    old, new = (printed(name, value, deal.currency, names) for value in (before, after))
    if name == "need":
        return format_html("<b>{}</b> {}", label, gettext("changed"))
    if before in (None, ""):
        return format_html("<b>{}</b> {}", label, new)
    if is_part(name) and after is None:
        return format_html("<b>{}</b> <s>{}</s>", label, old)
    return format_html("<b>{}</b> <s>{}</s> {} <b>{}</b>", label, old, "→", new)


def printed(name: str, value: Any, currency: str, names: Names | None = None) -> str:
    """A stored value as people read it; a dash for nothing."""
    if value in (None, ""):
        return "–"
    if name in _RELATIONS:
        return _name(name, int(value), names or {})
    if is_part(name):
        return _part(name, value, currency, names or {})
    if name == "value":
        return _amount(value, currency)
    printer = _PRINTERS.get(name, str)
    return printer(value)


def _name(relation: str, pk: int, names: Names) -> str:
    """A name, or a neutral word for what the reader may not see."""
    return names.get((relation, pk)) or str(_HIDDEN.get(relation, f"#{pk}"))


def _part(name: str, row: dict[str, Any], currency: str, names: Names) -> str:
    part, _slash, key = name.partition("/")
    if part == "lines":
        return _line(row, currency, names)
    words = [_name(_PARTS[part][1], int(key), names)]
    if part == "people":
        words.append(str(ContactRole(row["role"]).label))
    if row.get("is_primary"):
        words.append(gettext("first contact"))
    if row.get("can_edit") is False:
        words.append(gettext("may only look"))
    return ", ".join(words)


def _line(row: dict[str, Any], currency: str, names: Names) -> str:
    quantity = number(Decimal(row["quantity"]), 2 if Decimal(row["quantity"]) % 1 else 0)
    words = [f"{quantity} × {_name('product', int(row['product_id']), names)}"]
    if row["unit_price"] is not None:
        words.append(money_cents(Decimal(row["unit_price"]), currency))
    if Decimal(row["discount_percent"]):
        words.append(percentage(-Decimal(row["discount_percent"]), 2))
    return ", ".join(words)


_PRINTERS: dict[str, Callable[[Any], str]] = {
    "expected_close_date": lambda value: day_year(date.fromisoformat(str(value))),
    "probability": percentage,
    "status": lambda value: str(DealStatus(value).label),
    "forecast_category": lambda value: str(ForecastCategory(value).label),
}


def _amount(value: Any, currency: str) -> str:
    try:
        return money(Decimal(str(value)), currency)
    except InvalidOperation:
        return str(value)
