"""The public surface of the package."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

import streamforge
import streamforge.client

PACKAGES = pytest.mark.parametrize("package", [streamforge, streamforge.client], ids=lambda package: package.__name__)


@PACKAGES
def test_every_public_name_is_the_object_of_its_home(package: ModuleType) -> None:
    """Each name in ``__all__`` can be imported from the package, and says by its own name what it is."""
    for name in package.__all__:
        assert getattr(package, name).__name__ == name


@PACKAGES
def test_names_are_sorted_and_listed(package: ModuleType) -> None:
    """``__all__`` is in order, and ``dir`` shows it."""
    assert package.__all__ == sorted(package.__all__)
    assert set(package.__all__) <= set(dir(package))


@PACKAGES
def test_an_unknown_name_is_an_attribute_error(package: ModuleType) -> None:
    """A typo fails as for any module."""
    with pytest.raises(AttributeError, match="Pipelin'"):
        _ = package.Pipelin


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import streamforge", "redis aiohttp skia ortools numpy"),
        ("from streamforge.client import Job", "httpx2 anyio redis"),
        ("import streamforge.cli.jobs, streamforge.cli.submit", "aiohttp httpx2 rich.live skia ortools numpy"),
        ("import streamforge.cli.queues, streamforge.cli.dead", "aiohttp httpx2 rich.live skia ortools numpy"),
    ],
)
def test_an_import_brings_nothing_heavy(statement: str, heavy: str) -> None:
    """The package waits for no server's library, the client's types not for HTTP, commands over Redis for neither."""
    code = f"import sys; {statement}; print([name for name in {heavy.split()} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
