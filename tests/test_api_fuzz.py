"""The API under strange input: no call of its schema fails, whatever is sent."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

from teams.models import ApiToken
from tests import factories

pytestmark = pytest.mark.timeout(300)
EXAMPLES = 8


@pytest.fixture
def secret(live_app, admin, rep, pipeline):
    company = factories.make_company(owner=rep)
    factories.make_contact(company=company, owner=rep)
    factories.make_deal(rep, company=company)
    factories.make_reason("lost")
    _token, secret = ApiToken.objects.create(user=admin, scope="write", name="fuzz")
    return secret


@pytest.fixture
def api_schema(live_app, secret):
    address = f"{live_app.url}/api/v1/schema/?format=json"
    return schemathesis.openapi.from_url(address, headers={"Authorization": f"Bearer {secret}"})


def test_no_input_makes_the_api_fail(api_schema, secret):
    for found in api_schema.get_all_operations():
        send_much(found.ok(), secret)


def send_much(operation, secret):
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def send(case):
        answer = case.call(headers={"Authorization": f"Bearer {secret}"})
        case.validate_response(answer, checks=[not_a_server_error])

    send()
