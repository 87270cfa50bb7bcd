"""How figures and dates are printed, and how typed ones are understood, in English and German."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone, translation

from crm.lib.localised import NotUnderstood, parse_amount, parse_date
from crm.templatetags import components, formats
from crm.templatetags.charts import Column, bar_chart

# A no-break space, as it is printed.
NB = "\u00a0"
MINUS = "\u2212"
TODAY = date(2026, 11, 23)  # a Monday


def printed(name: str, language: str, *arguments: object) -> str:
    with translation.override(language):
        return getattr(formats, name)(*arguments)


@pytest.mark.parametrize(
    ("name", "arguments", "english", "german"),
    [
        ("money", (71500,), "€71,500", f"71.500{NB}€"),
        ("money", (Decimal("0.5"),), "€1", f"1{NB}€"),
        ("money", (0,), "€0", f"0{NB}€"),
        ("money", (12_345_678,), "€12,345,678", f"12.345.678{NB}€"),
        ("money", (-1200,), f"{MINUS}€1,200", f"{MINUS}1.200{NB}€"),
        ("money", (26000, "CHF"), f"CHF{NB}26,000", f"26.000{NB}CHF"),
        ("money_cents", (Decimal("5608.4"),), "€5,608.40", f"5.608,40{NB}€"),
        ("compact_money", (30_600,), "€30.6k", f"30,6{NB}Tsd.{NB}€"),
        ("compact_money", (92_000,), "€92.0k", f"92,0{NB}Tsd.{NB}€"),
        ("compact_money", (886_000,), "€886k", f"886{NB}Tsd.{NB}€"),
        ("compact_money", (4_060_000,), "€4.06m", f"4,06{NB}Mio.{NB}€"),
        ("compact_money", (999_600,), "€1.00m", f"1,00{NB}Mio.{NB}€"),
        ("percentage", (57,), "57%", f"57{NB}%"),
        ("percentage", (Decimal("-2.5"), 2), f"{MINUS}2.50%", f"{MINUS}2,50{NB}%"),
        ("sharing_unit", (f"61,4{NB}Tsd.{NB}€", f"92,0{NB}Tsd.{NB}€"), f"61,4{NB}Tsd.{NB}€", "61,4"),
        ("sharing_unit", (f"900{NB}€", f"1,20{NB}Mio.{NB}€"), f"900{NB}€", f"900{NB}€"),
        ("compact_money", (640,), "€640", f"640{NB}€"),
        ("axis_money", (3_000_000,), "€3m", f"3{NB}Mio.{NB}€"),
        ("axis_money", (2_500_000,), "€2.5m", f"2,5{NB}Mio.{NB}€"),
        ("axis_money", (0,), "0", "0"),
        ("number", (1040,), "1,040", "1.040"),
        ("percent", (Decimal("0.57"),), "57%", f"57{NB}%"),
        ("percent", (0.274, 1), "27.4%", f"27,4{NB}%"),
        ("signed", (-6,), f"{MINUS}6", f"{MINUS}6"),
        ("signed", (0,), "±0", "±0"),
        ("day", (date(2026, 11, 27), TODAY), "27 Nov", "27. Nov."),
        ("day", (date(2027, 9, 1), TODAY), "1 Sep", "1. Sept."),
        ("day", (date(2027, 11, 27), TODAY), "27 Nov 2027", "27. Nov. 2027"),
        ("day_year", (date(2026, 3, 5),), "5 Mar 2026", "5. März 2026"),
        ("weekday_day", (date(2026, 11, 19),), "Thu 19", "Do 19."),
        ("weekday_date", (date(2026, 11, 19),), "Thu 19 Nov", "Do 19. Nov."),
        ("date_long", (date(2026, 11, 17),), "Tuesday 17 November", "Dienstag, 17. November"),
        ("month", (date(2026, 11, 1),), "November", "November"),
        ("time_of_day", (time(14, 0),), "14:00", "14:00"),
    ],
)
def test_figures_and_dates_follow_the_language(
    name: str, arguments: tuple[object, ...], english: str, german: str
) -> None:
    assert printed(name, "en", *arguments) == english
    assert printed(name, "de", *arguments) == german


def test_sentences_know_one_and_many() -> None:
    assert printed("days_long", "en", 1) == "1 day"
    assert printed("days_long", "en", 46) == "46 days"
    assert printed("overdue", "en", 5) == "5 days overdue"
    assert printed("points", "en", Decimal("0.019")) == "+1.9 pts"
    assert printed("points", "en", -0.05) == f"{MINUS}5.0 pts"


@pytest.mark.parametrize("name", ["money", "percent", "day", "days", "time_of_day"])
def test_what_is_not_known_is_a_dash_and_never_zero(name: str) -> None:
    assert printed(name, "en", None) == "–"


def test_near_days_have_names() -> None:
    assert printed("near_day", "en", TODAY, TODAY) == "Today"
    assert printed("near_day", "en", date(2026, 11, 24), TODAY) == "Tomorrow"
    assert printed("near_day", "en", date(2026, 11, 27), TODAY) == "Fri 27"
    assert printed("near_day", "en", date(2027, 1, 15), TODAY) == "15 Jan"


def test_an_instant_is_printed_in_the_readers_zone() -> None:
    with timezone.override("Europe/Berlin"):
        instant = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
        assert printed("moment", "en", instant, TODAY) == "24 Nov 00:30"


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("71.500", 71500),
        ("71,500", 71500),
        ("71500", 71500),
        ("71,5k", 71500),
        ("71.5k", 71500),
        ("€28,000", 28000),
        ("28.000 €", 28000),
        ("1,2 Mio.", 1_200_000),
        ("30 Tsd.", 30_000),
        ("1.234.567", 1_234_567),
        ("1,234,567.50", Decimal("1234567.50")),
        ("1.234.567,50", Decimal("1234567.50")),
        ("12,50", Decimal("12.50")),
        ("12.5", Decimal("12.5")),
        ("0,500", Decimal("0.5")),
        ("−1200", -1200),
        ("1'200", 1200),
        (f"71{NB}500", 71500),
    ],
)
def test_amounts_are_understood_in_both_habits(language: str, typed: str, amount: Decimal) -> None:
    assert parse_amount(typed, language=language) == amount


@pytest.mark.parametrize(
    ("typed", "english", "german"),
    [("1.250k", 1250, 1_250_000), ("1,250k", 1_250_000, 1250)],
)
def test_an_ambiguous_amount_follows_the_language(typed: str, english: int, german: int) -> None:
    assert parse_amount(typed, language="en") == english
    assert parse_amount(typed, language="de") == german


@pytest.mark.parametrize("typed", ["", "twenty", "72.5.00", "1,2,3", "1.2,3.4", "12 apples", "k"])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(NotUnderstood):
        parse_amount(typed, language="en")


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("27.11.", date(2026, 11, 27)),
        ("27/11", date(2026, 11, 27)),
        ("27.11.2027", date(2027, 11, 27)),
        ("27.11.27", date(2027, 11, 27)),
        ("2027-11-27", date(2027, 11, 27)),
        ("27 Nov 2027", date(2027, 11, 27)),
        ("1. März", date(2027, 3, 1)),
        ("29 Jan", date(2027, 1, 29)),
        ("1 Sept", date(2027, 9, 1)),
        ("10.11.", date(2026, 11, 10)),
        ("27.06.", date(2027, 6, 27)),
        ("29.2.", date(2028, 2, 29)),
        ("fri", date(2026, 11, 27)),
        ("Freitag", date(2026, 11, 27)),
        ("mo", date(2026, 11, 30)),
        ("today", date(2026, 11, 23)),
        ("morgen", date(2026, 11, 24)),
        ("+2w", date(2026, 12, 7)),
        ("+3", date(2026, 11, 26)),
        ("+3m", date(2027, 2, 23)),
    ],
)
def test_dates_are_understood_in_both_habits(language: str, typed: str, expected: date) -> None:
    assert parse_date(typed, language=language, today=TODAY) == expected


@pytest.mark.parametrize("typed", ["", "31.02.2027", "32.1.", "f", "13/13", "+w", "29 Foo"])
def test_what_is_no_date_is_refused(typed: str) -> None:
    with pytest.raises(NotUnderstood):
        parse_date(typed, language="en", today=TODAY)


def test_the_same_name_always_has_the_same_hue_and_initials() -> None:
    assert components.hue("Katrin Vogel") == components.hue("Katrin Vogel")
    assert components.initials("Dr. Annette Voss") == "AV"
    assert components.initials("Voss") == "VO"
    assert components.initials("") == "?"


def test_an_address_keeps_the_other_parameters() -> None:
    request = RequestFactory().get("/deals/", {"owner": "me", "page": "3"})
    context = Context({"request": request})
    assert components.url_with(context, sort="-value", page=None) == "?owner=me&sort=-value"
    assert components.url_with(context, owner=None, page=None) == "/deals/"


def test_a_pace_bar_stays_inside_its_track() -> None:
    html = Template('{% load components %}{% pace_bar 1.4 0.57 label="140 percent" %}').render(Context())
    assert 'width="100.00%"' in html
    assert 'aria-label="140 percent"' in html
    assert "style=" not in html


def november(*, won):
    return Column(label="Nov", name="", url="/", won=won, quota=None, is_current=False)


def test_a_chart_without_figures_is_drawn() -> None:
    assert bar_chart([november(won=0)])["ticks"] == [{"at": "100.00%", "text": "0"}]


def test_the_axis_of_a_chart_is_round() -> None:
    with translation.override("en"):
        ticks = bar_chart([november(won=2_550_000)])["ticks"]
    assert [tick["text"] for tick in ticks] == ["0", "€1m", "€2m"]  # type: ignore[attr-defined]
