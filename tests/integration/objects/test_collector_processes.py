"""Real processes that write references and collect, the collectors killed again and again."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from streamforge.broker.broker import Broker
from streamforge.collector.check import check
from streamforge.collector.references import References
from streamforge.storage.objects import Objects
from streamforge.testing.server import TestServer

ROOT = Path(__file__).parents[3]
WRITERS, COLLECTORS, ROUNDS = 3, 2, 150


def started(*args: str) -> subprocess.Popen[str]:
    """One of them."""
    command = [sys.executable, "-m", "tests.integration.objects.churn", *args]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def line_of(process: subprocess.Popen[str]) -> str:
    """The next line that it prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def killed_in_the_midst(url: str, directory: str, rounds: int) -> int:
    """A collector that is killed some time after so many collections; how many objects it had told of deleting."""
    with started("collect", url, directory) as collector:
        deleted = sum(int(line_of(collector)) for _ in range(rounds))
        collector.kill()
    return deleted


@pytest.mark.timeout(180)
async def test_nothing_is_lost_while_collectors_die(shared_server: TestServer, broker: Broker, tmp_path: Path) -> None:
    """Writers that save the same few files, and drop them, find all that they refer to; so does a check at last."""
    url, chance, deleted = shared_server.url, random.Random(1), 0  # noqa: S311 - no secret
    writers = [started("write", url, str(tmp_path), f"w{number}", str(ROUNDS)) for number in range(WRITERS)]
    steady = started("collect", url, str(tmp_path))
    while any(writer.poll() is None for writer in writers):
        deleted += killed_in_the_midst(url, str(tmp_path), chance.randint(1, 6))
    steady.kill()
    told = [writer.communicate()[0].split("\n")[:-1] for writer in writers]
    deleted += sum(map(int, steady.communicate()[0].split()))
    assert [line for lines in told for line in lines if line.startswith("lost")] == []
    assert [writer.returncode for writer in writers] == [0] * WRITERS
    assert [int(lines[-1].split()[0]) for lines in told] == [ROUNDS] * WRITERS
    assert deleted > 0
    checked = await check(Objects.open("", tmp_path), References(broker), reads=True)
    assert (checked.references, checked.faults) == (WRITERS, [])
