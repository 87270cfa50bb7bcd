import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
ADDRESSES = ["/api/v1/schema/", "/api/v1/docs/"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_strangers_do_not_read_how_the_api_is_made(address):
    assert Client().get(address).status_code == 401


@pytest.mark.parametrize("address", ADDRESSES)
def test_everybody_with_a_sign_in_reads_it(rep, address):
    client = Client()
    client.force_login(rep)
    assert client.get(address).status_code == 200
