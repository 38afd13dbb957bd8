"""Engines over the emptied shared server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.runtime import scheduler
from streamforge.storage.objects import Objects
from streamforge.testing.server import TestServer
from tests.integration.engine import Engine, pipeline

Build = Callable[..., Engine]


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    """An object store of this test alone."""
    return Objects.open("", tmp_path)


@pytest.fixture(autouse=True)
def quick_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries are promoted as soon as they are due."""
    monkeypatch.setattr(scheduler, "LONGEST_PAUSE_S", 0.01)


@pytest.fixture
def build(shared_server: TestServer, broker: Broker, objects: Objects) -> Build:  # noqa: ARG001 - empties the server
    """Make an engine of one recipe (``echo``) or of whole pipelines; not yet running."""

    def make(recipe: Any = None, *, pipelines: Any = None, steps: tuple[str, ...] = (), **more: Any) -> Engine:  # noqa: ANN401
        facts: dict[str, Any] = {"objects": objects, **more}
        return Engine(shared_server.url, pipelines or [pipeline(recipe, steps=steps)], **facts)

    return make
