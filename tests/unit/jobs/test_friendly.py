"""Friendly sentences: one for every error there is."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache

import pytest

import streamforge
from streamforge.errors import StreamForgeError
from streamforge.jobs.friendly import FRIENDLY, OTHERWISE, friendly

ENDS = {"cancelled", "expired", "upload_failed", "crashed"}
"""Codes that no exception stands behind."""


def kinds(root: type[StreamForgeError]) -> Iterator[type[StreamForgeError]]:
    """Every error below one."""
    for kind in root.__subclasses__():
        yield kind
        yield from kinds(kind)


@cache
def codes() -> frozenset[str]:
    """Those of every error of every module but the clients', which run elsewhere."""
    for module in pkgutil.walk_packages(streamforge.__path__, "streamforge."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found = [kind for kind in kinds(StreamForgeError) if kind.__module__.startswith("streamforge.")]
    return frozenset(kind.code for kind in found if not kind.__module__.startswith("streamforge.client"))


def test_every_error_has_its_sentence() -> None:
    """Each class of the tree, wherever it is defined, and each end without one is in the table; nothing else is."""
    assert codes() | ENDS == FRIENDLY.keys()


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
