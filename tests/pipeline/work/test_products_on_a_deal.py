"""Product lines and the value that follows from them."""

from decimal import Decimal

import pytest

from crm.lib.errors import Conflict, Refused
from pipeline.deals.actions import undo, win
from pipeline.deals.line_item_actions import add_line, change_line, remove_line
from pipeline.models import Deal, DealStateInterval, Product
from tests.factories import NOW, make_deal


@pytest.fixture
def deal(rep, pipeline):
    return make_deal(rep, value=None)


@pytest.fixture
def rack(db):
    return Product.objects.create(name="RackStor 24", list_price=Decimal(18600))


def add(deal, product, price, by=None, **fields):
    price = None if price is None else Decimal(price)
    facts = {"at": NOW, "version": None, "unit_price": price, **fields}
    return add_line(deal_id=deal.pk, product=product, by=by or deal.owner, **facts)


def value(deal):
    return Deal.objects.get(pk=deal.pk).value


@pytest.mark.parametrize(
    ("quantity", "price", "discount", "total"),
    [
        ("3", "18600", "6", "52452.00"),
        ("1", "0.05", "50", "0.03"),  # half a cent goes up
        ("0.33", "99.99", "12.5", "28.87"),
        ("2", "10", "100", "0.00"),
    ],
)
def test_a_line_is_exact_to_the_cent(deal, rack, quantity, price, discount, total):
    add(deal, rack, price, quantity=Decimal(quantity), discount_percent=Decimal(discount))
    assert value(deal) == Decimal(total)


def test_a_line_without_a_price_never_sets_a_value(deal, rack):
    add(deal, rack, None)
    assert value(deal) is None
    add(deal, rack, "100")
    assert value(deal) is None
    unpriced = deal.line_items.get(unit_price=None)
    change_line(
        deal_id=deal.pk, line_id=unpriced.pk, by=deal.owner, at=NOW, version=None, changes={"unit_price": Decimal(5)}
    )
    assert value(deal) == 105


def test_the_value_is_one_event_with_its_line_and_undone_with_it(deal, rack):
    add(deal, rack, "100")
    event = deal.events.order_by("-pk").first()
    assert (event.kind, event.changes["value"]) == ("value_changed", [None, "100.00"])
    assert DealStateInterval.objects.get(deal=deal, valid_to=None).value == 100
    undo(deal_id=deal.pk, event_id=event.pk, by=deal.owner, at=NOW)
    assert (value(deal), deal.line_items.count()) == (None, 0)


def test_without_lines_the_value_stays(deal, rack):
    add(deal, rack, "100")
    remove_line(deal_id=deal.pk, line_id=deal.line_items.get().pk, by=deal.owner, at=NOW, version=None)
    assert value(deal) == 100


@pytest.mark.parametrize(
    "wrong", [{"quantity": Decimal(0)}, {"discount_percent": Decimal(101)}, {"unit_price": Decimal(-1)}]
)
def test_impossible_lines_are_refused(deal, rack, wrong):
    with pytest.raises(Refused) as refusal:
        add_line(**{"deal_id": deal.pk, "product": rack, "by": deal.owner, "at": NOW, "version": None, **wrong})
    assert refusal.value.field == next(iter(wrong))


def test_two_people_who_change_one_line_conflict(deal, rack, manager):
    read = add(deal, rack, "100").version
    line = deal.line_items.get()
    facts = {"deal_id": deal.pk, "line_id": line.pk, "at": NOW, "version": read}
    change_line(by=manager, changes={"quantity": Decimal(2)}, **facts)
    with pytest.raises(Conflict):
        change_line(by=deal.owner, changes={"quantity": Decimal(3)}, **facts)
    assert value(deal) == 200


def test_the_lines_of_a_closed_deal_stay(deal, rack):
    add(deal, rack, "100")
    win(deal_id=deal.pk, by=deal.owner, at=NOW, version=None)
    with pytest.raises(Refused, match="closed"):
        remove_line(deal_id=deal.pk, line_id=deal.line_items.get().pk, by=deal.owner, at=NOW, version=None)
