"""The rows that migrations make survive tests that empty the tables."""

import pytest

from pipeline.models import CloseReason


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", [1, 2])
def test_rows_of_migrations_are_there_each_time(round_):
    assert CloseReason.objects.exists()
    CloseReason.objects.all().delete()


@pytest.mark.django_db
def test_rows_of_migrations_are_there_in_a_plain_test():
    assert CloseReason.objects.exists()
