"""A public schema tester sends what the description allows and what it forbids; none may differ.

About 500 requests, the same ones each time, of an identified customer with a card. Its checks: no
server error, no undescribed status, content type or header, no reply against its schema, no valid
request refused in an undescribed way, no invalid one accepted.
"""

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import HypothesisException
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode

from accounts.models import LoginSession
from tests.accounts.api.conftest import Phone, wait

EXAMPLES = {GenerationMode.POSITIVE: 10, GenerationMode.NEGATIVE: 9}
# Each of them is described, with its codes, where it can occur; 400 is never among them.
DESCRIBED = ["2xx", "401", "403", "404", "409", "413", "422", "423", "429"]
CONFIG = {"checks": {
    "positive_data_acceptance": {"expected-statuses": DESCRIBED},
    # Of a wrong header no more is known than that it was not taken.
    "missing_required_header": {"expected-statuses": ["400", "401"]},
}}  # fmt: skip


def without_decimal_points(value):
    """Write 560.0 as 560: a schema cannot tell them apart, the words of the field do."""
    if isinstance(value, dict):
        return {name: without_decimal_points(one) for name, one in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Caller:
    """Sends cases as one customer and keeps what was not as described."""

    def __init__(self, phone):
        self.phone = phone
        self.sent = 0
        self.faults = []

    def run(self, operation, mode):
        @settings(
            max_examples=EXAMPLES[mode], derandomize=True, database=None, deadline=None,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case):
            self.check(case)

        try:
            send()
        except HypothesisException:
            if mode is GenerationMode.POSITIVE:
                raise
            # Nothing about this operation can be wrong.

    def check(self, case):
        self.sent += 1
        if case.media_type == "application/json":
            case.body = without_decimal_points(case.body)
        headers = {"Authorization": f"Bearer {self.token()}"}
        response = case.call(headers=headers)
        try:
            case.validate_response(response, headers=headers, transport_kwargs={"headers": headers})
        except (BaseExceptionGroup, AssertionError) as failure:
            found = getattr(failure, "exceptions", [failure])
            sent = f"{case.method} {case.formatted_path} {case.query} {case.headers} {case.body!r}"
            self.faults += [f"{sent}\n{one}\n{response.text}" for one in found]

    def token(self):
        """Return a token that serves: some cases end the session."""
        if not LoginSession.objects.filter(revoked_at=None).exists():
            self.phone.token = ""
            self.phone.log_in()
        return self.phone.token


@pytest.fixture
def tester(committed_db, cheap_hashing, stopped_clock):
    phone = Phone("tested").log_in()
    wait(30)
    assert phone.identify().status_code == 200
    assert phone.bind().status_code == 201
    return Caller(phone)


def test_five_hundred_requests_are_answered_as_described(tester):
    config = SchemathesisConfig.from_dict(CONFIG)
    app = get_wsgi_application()
    schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", app, config=config)

    for operation in schema.get_all_operations():
        for mode in EXAMPLES:
            tester.run(operation.ok(), mode)

    if tester.faults:
        pytest.fail("\n\n".join(tester.faults), pytrace=False)
    assert tester.sent >= 500
