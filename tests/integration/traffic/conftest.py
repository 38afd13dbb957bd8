"""A desk over the emptied server."""

from __future__ import annotations

import pytest

from streamforge.broker.broker import Broker
from tests.integration.traffic.desk import Desk


@pytest.fixture
def desk(broker: Broker) -> Desk:
    """The limiter's scripts with the usual rules."""
    return Desk(broker.client)
