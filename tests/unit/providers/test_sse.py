"""Server-sent events, however the network cuts them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamforge.errors import ProviderUnavailable
from streamforge.providers import sse

STREAM = (
    b': hello\r\n\r\ndata: {"a": 1}\r\n\r\nevent: x\ndata:two\ndata: lines\nid: 7\n\n\n\ndata: \xc3\xa4\n\ndata: cut'
)
EVENTS = [b'{"a": 1}', b"two\nlines", b"\xc3\xa4"]


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """The parts."""
    for part in parts:
        yield part


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
async def test_events_do_not_depend_on_how_they_are_cut(cuts: list[int]) -> None:
    """Any division of a stream gives the same events: comments and fields passed over, an unfinished one dropped."""
    edges = [0, *sorted(cuts), len(STREAM)]
    parts = [STREAM[start:end] for start, end in pairwise(edges)]
    assert [event async for event in sse.events(pieces(*parts))] == EVENTS


async def test_an_endless_event_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line without an end does not fill the memory."""
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 100)
    with pytest.raises(ProviderUnavailable, match="over 100 bytes"):
        _ = [event async for event in sse.events(pieces(*[b"x" * 60] * 5))]
