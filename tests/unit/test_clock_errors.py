"""The error tree, its journey between processes, and the clock."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
import time

import pytest

from streamforge import errors
from streamforge.clock import SYSTEM_CLOCK, iso
from streamforge.errors import InvalidInput, LayoutInfeasible, RateLimited, StreamForgeError, VerificationFailed

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, StreamForgeError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_speaks_for_itself(kind: type[StreamForgeError]) -> None:
    """Without a message an error says its docstring; its code is its name in snake case, and no other's."""
    assert str(kind()) == re.sub(r"\s+", " ", inspect.getdoc(kind) or "").strip()
    if kind is not StreamForgeError:
        assert kind.code == re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()
    assert [other for other in KINDS if other.code == kind.code] == [kind]


def test_the_tree_is_drawn_as_it_is() -> None:
    """Each class stands in the module's drawing, under its own parent."""
    drawing = (errors.__doc__ or "").splitlines()
    names = {match[2]: len(match[1]) for line in drawing if (match := re.match(r"([ │├└─]*)([A-Z]\w+)", line))}
    assert {kind.__name__ for kind in KINDS} <= names.keys()
    for kind in KINDS:
        parent = kind.__bases__[0]
        assert parent is Exception or names[parent.__name__] < names[kind.__name__]


@pytest.mark.parametrize(
    "error",
    [
        InvalidInput("bad", field="width", hint="use 100"),
        RateLimited("slow down", retry_after_s=2.5),
        LayoutInfeasible("no room", conflicts=("a", "b"), field="x"),
        VerificationFailed("thin", violations=("c",), hint="h"),
        *(kind() for kind in KINDS),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_crosses_a_process_border_whole(error: StreamForgeError) -> None:
    """Pickled and rebuilt it is of the same class, with every attribute, and reads the same."""
    for rebuilt in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - our own bytes
        assert type(rebuilt) is type(error)
        assert rebuilt.__dict__ == error.__dict__
        assert (str(rebuilt), rebuilt.args) == (str(error), error.args)


def test_an_error_is_one_line() -> None:
    """Where, what, how to fix it."""
    assert str(InvalidInput("is 0", field="width", hint="use 100")) == "width: is 0 (use 100)"
    assert str(InvalidInput("is 0")) == "is 0"


@pytest.mark.parametrize(
    ("time_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
        (999, "1970-01-01T00:00:00.999Z"),
    ],
)
def test_times_are_written_in_utc(time_ms: int, text: str) -> None:
    """RFC 3339, to the millisecond."""
    assert iso(time_ms) == text


def test_the_system_clock_is_the_machines() -> None:
    """Wall time is Unix time in milliseconds, monotonic time never goes back."""
    before = time.time_ns() // 1_000_000
    assert before <= SYSTEM_CLOCK.now_ms() <= time.time_ns() // 1_000_000
    first = SYSTEM_CLOCK.monotonic()
    assert SYSTEM_CLOCK.monotonic() >= first
