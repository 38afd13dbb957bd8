"""The public surface of the package."""

from __future__ import annotations

import subprocess
import sys

import pytest

import streamforge


def test_every_public_name_is_the_object_of_its_home() -> None:
    """Each name in ``__all__`` can be imported from the package, and says by its own name what it is."""
    for name in streamforge.__all__:
        assert getattr(streamforge, name).__name__ == name


def test_names_are_sorted_and_listed() -> None:
    """``__all__`` is in order, and ``dir`` shows it."""
    assert streamforge.__all__ == sorted(streamforge.__all__)
    assert set(streamforge.__all__) <= set(dir(streamforge))


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A typo fails as for any module."""
    with pytest.raises(AttributeError, match="Pipelin'"):
        _ = streamforge.Pipelin  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]


def test_importing_the_package_imports_nothing_heavy() -> None:
    """``import streamforge`` leaves Redis, aiohttp, Skia and OR-Tools alone."""
    heavy = ("redis", "aiohttp", "skia", "ortools", "numpy")
    code = f"import sys, streamforge; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
