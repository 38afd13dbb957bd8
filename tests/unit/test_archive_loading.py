"""SQLAlchemy comes along with an archive that is used, and not before; however many ask for it at once."""

from __future__ import annotations

import subprocess
import sys

LIGHT = (
    "import sys, streamforge.app, streamforge.cli.main, streamforge.cli.erase; sys.exit('sqlalchemy' in sys.modules)"
)

AT_ONCE = """
import anyio
from streamforge.archive.handle import loaded

async def main():
    async with anyio.create_task_group() as tasks:
        for name in ("remover", "carrier", "reader", "figures", "engines", "migrating"):
            tasks.start_soon(loaded, f"streamforge.archive.{name}")

anyio.run(main)
"""


def test_nothing_loads_it_before_it_is_needed() -> None:
    """Neither the daemon's modules nor those of commands that do without."""
    assert subprocess.run([sys.executable, "-c", LIGHT], check=False).returncode == 0


def test_its_modules_may_be_asked_for_at_once() -> None:
    """Services that start together each have theirs whole."""
    done = subprocess.run([sys.executable, "-c", AT_ONCE], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
