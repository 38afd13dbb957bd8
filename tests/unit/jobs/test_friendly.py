"""Friendly sentences: one for every error there is."""

from __future__ import annotations

import pytest

from streamforge import errors
from streamforge.errors import StreamForgeError
from streamforge.jobs.friendly import FRIENDLY, OTHERWISE, friendly

CODES = {
    kind.code
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, StreamForgeError) and kind is not StreamForgeError
}
ENDS = {"cancelled", "expired", "upload_failed", "crashed", "internal", "too_many_requests"}
"""Codes that no exception stands behind."""


def test_every_error_has_its_sentence() -> None:
    """Each class of the tree and each end without one is in the table, and nothing else is."""
    assert FRIENDLY.keys() == CODES | ENDS


@pytest.mark.parametrize("code", sorted(FRIENDLY))
def test_a_sentence_is_for_people(code: str) -> None:
    """It is whole, short, and names no part of the machine."""
    sentence = friendly(code)
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert len(sentence) < 120
    assert not {"redis", "exception", "traceback", "worker"} & set(sentence.lower().rstrip(".").split())


def test_an_unknown_code_has_one_too() -> None:
    """A code of a pipeline's own is told in general words."""
    assert friendly("something_new") == OTHERWISE
