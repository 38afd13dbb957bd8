"""Kinds: what is accepted at every door, and how a refusal reads."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from streamforge.errors import InvalidInput, UnknownKind
from streamforge.jobs.kinds import Kind, Kinds, check_size, submission_from


class Size(msgspec.Struct):
    """A nested part."""

    width: Annotated[int, Meta(ge=1)] = 1


class Poster(msgspec.Struct):
    """An input with a field of each sort."""

    title: str
    size: Size = msgspec.field(default_factory=Size)
    colour: Annotated[str, Meta(pattern=r"^#[0-9a-f]{3}$", description="#rgb")] = "#fff"
    code: Annotated[str, Meta(pattern=r"^[a-z]$")] | None = None
    tags: list[str] | None = None
    loud: bool = False


class Everything(msgspec.Struct, forbid_unknown_fields=True):
    """A field of each sort that errors have words for."""

    title: str
    code: Annotated[str, Meta(pattern=r"^[a-z]$")] | None = None
    side: Annotated[int, Meta(ge=16, le=8192, description="pixels")] = 16
    share: Annotated[float, Meta(ge=0)] = 0.0
    name: Annotated[str, Meta(max_length=8)] = ""
    tags: list[str] = []
    few: Annotated[list[int], Meta(min_length=1)] = msgspec.field(default_factory=lambda: [1])
    form: Literal["png", "svg"] = "png"
    either: int | str = 1
    size: Size = msgspec.field(default_factory=Size)
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
    assert str(caught.value).startswith("colour: expected #rgb (")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("title", 5, "expected text, got a whole number"),
        ("code", "AB", "expected another form of text"),
        ("side", 0, "expected a whole number from 16 to 8192"),
        ("side", "NaN", "expected a whole number from 16 to 8192, got text"),
        ("share", -1.0, "expected a number of at least 0"),
        ("name", "x" * 9, "expected text of at most 8 characters"),
        ("name", None, "expected text of at most 8 characters, got null"),
        ("tags", "x", "expected a list, got text"),
        ("tags[0]", [1], "expected text, got a whole number"),
        ("few", [], "expected a list of at least 1 entries"),
        ("form", "gif", "expected one of png, svg"),
        ("either", [], "expected a whole number or text, got a list"),
        ("size.width", {"width": 0}, "expected a whole number of at least 1"),
        ("size", 1, "expected an object, got a whole number"),
        ("loud", "x", "expected true or false, got text"),
        ("other", 1, "no such field"),
    ],
)
def test_what_was_expected_is_told_in_words(field: str, value: object, told: str) -> None:
    """Type, range, length and choice of the field, without msgspec's or a regular expression's notation."""
    name = field.partition(".")[0].partition("[")[0]
    with pytest.raises(InvalidInput) as caught:
        Kind("all", Everything).decode(msgspec.json.encode({"title": "x", name: value}))
    assert (caught.value.field, caught.value.message) == (field, told)


def test_a_missing_field_is_told_as_such() -> None:
    """The field alone is the place, the message one word."""
    with pytest.raises(InvalidInput) as caught:
        KIND.decode(b"{}")
    assert (caught.value.field, caught.value.message) == ("title", "missing")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"input": '{"title":"%s"}' % ("ä" * 60)}, "title"),
        ({"input": "x" * 101}, "input"),
        ({"title": "ä" * 60, "n": "x"}, "title"),
        ({"n" * 101: ""}, "n" * 80),
        ({"input": "{" + " " * 100 + "}"}, "input"),
    ],
)
def test_size_is_counted_in_bytes_and_the_largest_field_named(fields: dict[str, str], named: str) -> None:
    """Sixty letters of two bytes are over a hundred bytes; the message says where they are and which setting it is."""
    with pytest.raises(InvalidInput) as caught:
        check_size({name: value.encode() for name, value in fields.items()}, 100)
    assert caught.value.field == named
    assert "jobs.max_input_bytes" in str(caught.value)


def test_size_at_the_limit_is_accepted() -> None:
    """The name counts with the value."""
    check_size({"input": b"x" * 95}, 100)


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
    assert "regex" not in str(caught.value)


class Kept(msgspec.Struct):
    """An input of which a part is kept as it comes."""

    part: msgspec.Raw


def test_what_is_kept_as_it_came_is_text() -> None:
    """Bytes that are no UTF-8 are refused even where nobody looks into them, and others pass."""
    kind = Kind("kept", Kept)
    assert kind.normalise('{"part":"ä"}'.encode()) == '{"part":"ä"}'.encode()
    with pytest.raises(InvalidInput, match="not UTF-8"):
        kind.normalise(b'{"part":"\xff"}')
