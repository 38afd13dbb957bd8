"""Attempts over the emptied shared server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.storage.objects import Objects
from tests.integration.runtime.steps.attempts import Attempts

Make = Callable[..., Attempts]


@pytest.fixture
def attempts(broker: Broker, objects: Objects) -> Make:
    """Make the attempts at a job of one recipe, or of a whole pipeline."""

    def make(recipe: Any, **more: Any) -> Attempts:  # noqa: ANN401
        return Attempts(broker, objects, recipe, **more)

    return make
