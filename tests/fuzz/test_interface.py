"""Schemathesis asks all that the OpenAPI document allows, and much that it forbids; the answers must be as documented.

Examples are bounded, and the same whenever the same tests run together, so that a failure comes again. To look for new
ones: `python -m pytest tests/fuzz --hypothesis-seed=random` with another `MAX_EXAMPLES`.
"""

from collections.abc import Iterator

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig

from service.api.app import create_app
from service.api.dependencies import Container
from service.settings import Settings
from tests.api.serving import FakeModels
from tests.fuzz.listening import listening

pytestmark = pytest.mark.slow

MAX_EXAMPLES = 300

DOCUMENT = create_app(Container(Settings(), FakeModels())).openapi()
KEY = "a key of the operator's"
# No schema can tell a picture from other bytes, so bytes that fit the schema may be refused as what they are. And who
# asks for an answer within a millisecond may be told that there is none.
NO_PICTURE = [400, 404, 413, 415]
TOO_LATE = 504
# Nor can one tell a regular expression from other text, which lists there are, or whether two lengths go together.
NO_CONSTRAINT = 422
# Nor whether JSON is a template, and this service stores none.
NO_TEMPLATE = [403, 422]
# Too many parts are too much, and not wrong; what is wrong besides may be told first.
REFUSED = ["4xx"]
CONFIG = SchemathesisConfig.from_dict(
    {
        "auth": {"openapi": {"api_key": {"api_key": KEY}}},
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ["2xx", *NO_PICTURE, TOO_LATE]},
            "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", TOO_LATE]},
        },
        "operations": [
            {
                "include-path": "/sequence",
                "checks": {
                    "positive_data_acceptance": {"expected-statuses": ["2xx", *NO_PICTURE, NO_CONSTRAINT, TOO_LATE]}
                },
            },
            {
                "include-path": "/batch",
                "checks": {
                    "positive_data_acceptance": {"expected-statuses": ["2xx", *NO_PICTURE, NO_CONSTRAINT, TOO_LATE]},
                    "negative_data_rejection": {"expected-statuses": REFUSED},
                },
            },
            {
                "include-path-regex": "/templates/.+",
                "checks": {
                    "positive_data_acceptance": {"expected-statuses": ["2xx", *NO_PICTURE, *NO_TEMPLATE]},
                    "negative_data_rejection": {"expected-statuses": REFUSED},
                },
            },
        ],
    }
)
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT, config=CONFIG)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    # With a key, so that schemathesis can see that none, or another, is refused.
    with listening(FakeModels(), Settings(api_key=KEY)) as address:
        yield address


@SCHEMA.parametrize()
@hypothesis.settings(
    max_examples=MAX_EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)
def test_answers_are_as_documented(case, address):
    response = case.call(base_url=address)
    case.validate_response(response, checks=CHECKS.get_all())
    assert response.status_code != 500
