"""Kinds: what is accepted at every door, and how a refusal reads."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from streamforge.errors import InvalidInput, UnknownKind
from streamforge.jobs.kinds import Kind, Kinds, submission_from


class Size(msgspec.Struct):
    """A nested part."""

    width: Annotated[int, Meta(ge=1)] = 1


class Poster(msgspec.Struct):
    """An input with a field of each sort."""

    title: str
    size: Size = msgspec.field(default_factory=Size)
    colour: Annotated[str, Meta(pattern=r"^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$")] = "#fff"
    tags: list[str] | None = None
    loud: bool = False


KIND = Kind("poster", Poster)
KINDS = Kinds([KIND, Kind("banner", Poster)])


def test_equal_inputs_are_equal_bytes() -> None:
    """Order, spacing and left-out defaults make no difference after normalising, and doing it again changes nothing."""
    one = KIND.normalise(b'{"title":"x","loud":false}')
    assert one == KIND.normalise(b' { "loud" : false, "title" : "x", "size": {"width": 1} } ')
    assert KIND.normalise(one) == one


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"{}", "title"),
        (b'{"title":5}', "title"),
        (b'{"title":"x","size":{"width":0}}', "size.width"),
        (b'{"title":"x","colour":"red"}', "colour"),
        (b"[]", "input"),
        (b"", "input"),
        (b"{", "input"),
        (b"\xff", "input"),
        (b'{"title":"\xff"}', "input"),
        (b'{"title":"x","more":' + b"[" * 100_000, "input"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_refusal_names_the_field(raw: bytes, field: str) -> None:
    """The path of the field that does not fit, in words, with a hint."""
    with pytest.raises(InvalidInput) as caught:
        KIND.decode(raw)
    assert caught.value.field == field
    assert caught.value.hint


def test_a_pattern_is_told_in_words() -> None:
    """Nobody has to read a regular expression."""
    with pytest.raises(InvalidInput) as caught:
        KIND.decode(b'{"title":"x","colour":"red"}')
    assert "[0-9a-f" not in f"{caught.value}"


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_refused(raw: bytes) -> None:
    """No bytes raise anything but InvalidInput."""
    with suppress(InvalidInput):
        assert KIND.normalise(KIND.normalise(raw)) == KIND.normalise(raw)


@given(st.dictionaries(st.text(max_size=8) | st.sampled_from(["title", "size", "tags", "loud"]), st.text(max_size=40)))
def test_any_flat_fields_are_converted_or_refused(fields: dict[str, str]) -> None:
    """No text fields raise anything but InvalidInput, and what is accepted is a whole input."""
    with suppress(InvalidInput):
        raw = KIND.from_flat(fields)
        assert KIND.normalise(raw) == raw


def test_flat_fields_take_the_types_of_the_input() -> None:
    """Nested objects are given as JSON, lists as JSON or by comma, and text stays text."""
    fields = {"title": "[5", "size": '{"width":7}', "tags": "a, b,", "loud": "true"}
    assert msgspec.json.decode(KIND.from_flat(fields), type=Poster) == Poster("[5", Size(7), tags=["a", "b"], loud=True)


def test_an_unknown_kind_names_the_nearest() -> None:
    """A slip of the pen is answered with the right name, anything else with all of them."""
    with pytest.raises(UnknownKind) as near:
        KINDS["banr"]
    assert "'banner'" in str(near.value.hint)
    with pytest.raises(UnknownKind) as far:
        KINDS["x" * 500]
    assert "banner, poster" in str(far.value.hint)
    assert len(far.value.message) < 150
    assert KINDS["poster"] is KIND
    assert KINDS.names() == ["banner", "poster"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "-x"},
        {"id": "x" * 65},
        {"kind": "A"},
        {"queue": ""},
        {"priority": "x"},
        {"tenant": ":"},
        {"not_before_ms": -1},
    ],
    ids=str,
)
def test_a_submission_is_checked_field_by_field(wrong: dict[str, Any]) -> None:
    """Whatever door it comes through, the field that is wrong is named."""
    with pytest.raises(InvalidInput) as caught:
        submission_from(**{"id": "x", "kind": "k", "input": b"{}", **wrong})
    assert caught.value.field == next(iter(wrong))
