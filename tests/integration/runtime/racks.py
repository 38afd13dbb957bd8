"""Racks under test, and what is seen of their children from outside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from streamforge.config import PoolSettings
from streamforge.ops.metrics import REGISTRY
from streamforge.runtime.pool import Rack
from streamforge.testing.waiting import until


@asynccontextmanager
async def running(**settings: Any) -> AsyncGenerator[Rack]:  # noqa: ANN401 - PoolSettings'
    """A started rack, stopped at the end."""
    facts: dict[str, Any] = {"slots": 1, "kill_grace_s": 0.1, **settings}
    rack = Rack(PoolSettings(**facts))
    await rack.start()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(rack.run())
        try:
            yield rack
        finally:
            rack.stop()


def is_alive(pid: int) -> bool:
    """Whether that process exists and is no zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


async def pid_in(path: Path) -> int:
    """The process id that a child has written."""
    text = await until(lambda: path.exists() and path.read_text(), "the child is at work")
    return int(str(text))


async def gone(pid: int) -> None:
    """Wait until that process is."""
    await until(lambda: not is_alive(pid), f"process {pid} is gone")


def metric(name: str, **labels: str) -> float:
    """A metric's value now; 0 where it was never counted."""
    return REGISTRY.get_sample_value(f"streamforge_{name}", labels) or 0.0
