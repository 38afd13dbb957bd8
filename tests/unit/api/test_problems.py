"""Problems: a status for each error, and nothing told that is nobody's business."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

import msgspec
import pytest

from streamforge import errors
from streamforge.api.problems import STATUS, problem
from streamforge.errors import BrokerUnavailable, InvalidInput, StreamForgeError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, StreamForgeError)]
EXPECTED = {
    "unknown_job": 404,
    "unknown_kind": 422,
    "invalid_input": 422,
    "idempotency_conflict": 409,
    "broker_unavailable": 503,
    "config_error": 500,
    "permanent_error": 500,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_has_a_status(kind: type[StreamForgeError]) -> None:
    """Each class of the tree becomes a problem document whose status is its response's."""
    response = problem(kind("text"))
    document = msgspec.json.decode(cast("bytes", response.body))
    assert response.content_type == "application/problem+json"
    assert (document["status"], document["code"]) == (response.status, kind.code)
    assert document["title"] == HTTPStatus(response.status).phrase
    assert response.status == EXPECTED.get(kind.code, response.status)
    assert ("Retry-After" in response.headers) is (response.status == 503)


def test_a_problem_says_where_and_how() -> None:
    """Field and hint are there where the error has them, and absent where not."""
    document = msgspec.json.decode(cast("bytes", problem(InvalidInput("is 0", field="width", hint="use 100")).body))
    assert (document["detail"], document["field"], document["hint"]) == ("is 0", "width", "use 100")
    assert not {"field", "hint"} & msgspec.json.decode(cast("bytes", problem(BrokerUnavailable()).body)).keys()


def test_the_table_goes_from_special_to_general() -> None:
    """No entry is hidden behind an earlier one, and the last fits everything."""
    kinds = [kind for kind, _ in STATUS]
    for place, kind in enumerate(kinds):
        assert not any(issubclass(kind, earlier) for earlier in kinds[:place])
    assert kinds[-1] is StreamForgeError
