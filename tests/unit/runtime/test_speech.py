"""Model text on its way out: where each piece belongs, and what a message may hold."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamforge.jobs.feed import EventDocument
from streamforge.jobs.model import Claim
from streamforge.runtime.deltas import PIECE_MAX, Speech

CLAIM = Claim(
    id="job-1",
    kind="letter",
    input=b"{}",
    stream=b"s",
    entry=b"1-0",
    token=1,
    attempt=2,
    crashes=0,
    tenant="acme",
    created_ms=0,
    waited_ms=0,
)


def piece(speech: Speech) -> tuple[int, str]:
    """Place and text of the next message."""
    data = msgspec.json.decode(speech.message(), type=EventDocument).data
    offset, text = data["offset"], data["text"]
    assert isinstance(offset, int)
    assert isinstance(text, str)
    return offset, text


def test_a_message_says_whose_text_it_is() -> None:
    """It is a document as those of events, without an id, for the attempt's job and step."""
    speech = Speech(CLAIM, "write")
    speech.add("hello", None)
    document = msgspec.json.decode(speech.message(), type=EventDocument)
    assert (document.id, document.type, document.job_id, document.tenant) == ("", "step.delta", "job-1", "acme")
    assert (document.attempt, document.data) == (2, {"step": "write", "offset": 0, "text": "hello"})


@given(st.lists(st.lists(st.text(max_size=20), max_size=5), max_size=8))
def test_pieces_put_together_are_the_text(messages: list[list[str]]) -> None:
    """However the text comes and is gathered, whoever puts each message at its place has all of it."""
    speech, read = Speech(CLAIM, "write"), ""
    for texts in messages:
        for text in texts:
            speech.add(text, None)
        offset, text = piece(speech)
        read = read[:offset] + text
    assert read == "".join(text for texts in messages for text in texts)


def test_a_call_made_anew_replaces_what_was_gathered() -> None:
    """What a first model wrote and nobody was told yet is not told any more."""
    speech = Speech(CLAIM, "write")
    speech.add("half a", 0)
    speech.add("The ", 0)
    speech.add("whole", 4)
    assert piece(speech) == (0, "The whole")


def test_a_message_is_bounded() -> None:
    """Of a flood the end is told, at its place; what JSON cannot hold is replaced."""
    speech = Speech(CLAIM, "write")
    speech.add("x" * PIECE_MAX + "the end", None)
    offset, text = piece(speech)
    assert (offset, len(text), text[-7:]) == (7, PIECE_MAX, "the end")
    speech.add("\ud83d", None)
    assert piece(speech)[0] == PIECE_MAX + 7


def test_text_that_nobody_heard_is_counted_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a while nothing is gathered; then the text goes on at the right place."""
    now = 100.0
    monkeypatch.setattr("streamforge.runtime.deltas.monotonic", lambda: now)
    speech = Speech(CLAIM, "write")
    speech.quiet_until = 101.0
    assert not speech.add("unheard ", None)
    now = 102.0
    assert speech.add("heard", None)
    assert piece(speech) == (8, "heard")
