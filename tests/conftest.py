"""What every test shares: quiet logs, and property tests that repeat themselves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings
from structlog.typing import EventDict, WrappedLogger

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def drop(_: WrappedLogger, __: str, ___: EventDict) -> EventDict:
    """Say nothing; ``structlog.testing.capture_logs`` still hears everything."""
    raise structlog.DropEvent


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    """Nothing is printed but what a test asks for; each test leaves structlog as it found it."""
    before = structlog.get_config()
    structlog.configure(processors=[drop])
    yield
    structlog.configure(**before)
