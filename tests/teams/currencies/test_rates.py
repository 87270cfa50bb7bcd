from datetime import date
from decimal import Decimal
from io import BytesIO
from urllib.error import URLError
from zipfile import ZipFile

import pytest

from teams import tasks
from teams.currencies.actions import load_reference_rates
from teams.currencies.rates import rates_on
from teams.models import ExchangeRate
from tests.factories import make_workspace

pytestmark = pytest.mark.django_db

FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)


def archive(*lines):
    file = BytesIO()
    with ZipFile(file, "w") as zipped:
        zipped.writestr("eurofxref.csv", "\n".join(["Date,USD,CHF,HRK,", *lines]))
    file.seek(0)
    return file


def test_each_day_is_loaded_once_and_what_is_not_known_is_left_out():
    assert load_reference_rates(archive("2026-11-20,1.25,0.80,N/A,")) == 2
    assert load_reference_rates(archive("2026-11-23,1.20,0.90,N/A,", "2026-11-20,1.25,0.80,N/A,")) == 2
    assert ExchangeRate.objects.count() == 4


def test_a_rate_entered_by_hand_stays():
    ExchangeRate.objects.create(currency="USD", valid_from=FRIDAY, rate=2, source="hand")
    load_reference_rates(archive("2026-11-20,1.25,0.80,N/A,"))
    assert rates_on(FRIDAY)["USD"] == Decimal("0.5")


def test_a_rate_counts_until_the_next_one_and_a_missing_one_is_never_one():
    make_workspace(currency="EUR")
    load_reference_rates(archive("2026-11-23,1.20,0.80,N/A,", "2026-11-20,1.25,0.80,N/A,"))
    assert rates_on(date(2026, 11, 22))["USD"] == Decimal("0.8")
    assert rates_on(MONDAY)["USD"] == Decimal("0.83333333")
    assert "USD" not in rates_on(date(2026, 11, 19))
    assert "JPY" not in rates_on(MONDAY)
    assert rates_on(date(1990, 1, 1)) == {"EUR": 1}


def test_another_workspace_currency_converts_across_the_euro():
    make_workspace(currency="CHF")
    load_reference_rates(archive("2026-11-20,1.25,0.80,N/A,"))
    assert rates_on(FRIDAY) == {"CHF": 1, "EUR": Decimal("0.8"), "USD": Decimal("0.64")}


def test_rates_are_read_in_one_query_however_long_the_history(django_assert_num_queries):
    make_workspace()
    load_reference_rates(archive("2026-11-23,1.20,0.80,N/A,", "2026-11-20,1.25,0.80,N/A,"))
    with django_assert_num_queries(2):
        rates_on(MONDAY)


def test_the_shipped_history_begins_with_the_euro():
    assert load_reference_rates() > 200_000
    assert ExchangeRate.objects.get(currency="USD", valid_from=date(1999, 1, 4)).rate == Decimal("1.1789")
    assert load_reference_rates() == 0


def test_without_an_answer_the_known_rates_stay(settings, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise URLError("no network")

    settings.EXCHANGE_RATES_URL = "https://rates.example/"
    monkeypatch.setattr(tasks.urllib.request, "urlopen", refuse)
    load_reference_rates(archive("2026-11-20,1.25,0.80,N/A,"))
    tasks.refresh_rates()
    assert ExchangeRate.objects.count() == 2
