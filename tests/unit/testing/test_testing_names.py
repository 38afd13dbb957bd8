"""The public surface of ``streamforge.testing``."""

from __future__ import annotations

import subprocess
import sys

import pytest

from streamforge import testing


def test_every_name_is_the_object_of_its_home() -> None:
    """Each name can be imported from the package, and says by its own name what it is."""
    assert testing.__all__ == sorted(testing.__all__) == dir(testing)
    for name in testing.__all__:
        assert getattr(testing, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A typo fails as for any module."""
    with pytest.raises(AttributeError, match="FakeClocks"):
        _ = testing.FakeClocks  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]


def test_a_clock_does_not_bring_the_daemon() -> None:
    """What a test does not use, it does not wait for."""
    code = "import sys, streamforge.testing as t; t.FakeClock; print('streamforge.app' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
