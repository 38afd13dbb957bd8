"""Processes that a test kills: ``write`` makes jobs that save and drop files, ``collect`` collects without a pause.

    python -m tests.integration.objects.churn write URL DIRECTORY NAME ROUNDS
    python -m tests.integration.objects.churn collect URL DIRECTORY

A writer prints a line for each reference that it finds without its object, and at last how many it has written and how
often it was told to put one again. A collector prints a line for each collection: how many objects it deleted.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import sys
from pathlib import Path
from typing import Any

import msgspec

from streamforge.broker.broker import Broker
from streamforge.collector.collector import Collector
from streamforge.collector.garbage import Garbage
from streamforge.collector.references import References
from streamforge.config import JobsSettings, RedisSettings
from streamforge.jobs.model import Artifact, Claim
from streamforge.storage.objects import ObjectMissing, Objects
from tests.integration.moves import checkpoint, raw, settle, submit, take_one

CONTENTS = [bytes([number]) * 100 for number in range(5)]
KEPT = 1
"""Jobs of one writer that stand at a time."""


class Writer:
    """Makes jobs in a queue of its own, for a tenant that it shares with every other."""

    def __init__(self, url: str, directory: str, name: str) -> None:
        self._broker = Broker(RedisSettings(), JobsSettings(), url)
        self._objects = Objects.open("", Path(directory)).of("acme")
        self._name = name
        self._random = random.Random(name)  # noqa: S311 - no secret
        self._standing: dict[str, bytes] = {}
        self.written = 0
        self.again = 0

    async def run(self, rounds: int) -> None:
        """So many jobs, one after the other."""
        for number in range(rounds):
            await self._job(f"{self._name}-{number}")
            await self._look()

    async def _job(self, job_id: str) -> None:
        await submit(self._broker, job_id, tenant="acme", queue=self._name)
        claim = await take_one(self._broker, worker=self._name, queues=(self._name,))
        content = self._random.choice(CONTENTS)
        await self._save(claim, content)
        await settle(self._broker, claim)
        self._standing[job_id] = content
        if len(self._standing) > KEPT:
            await self._erase(next(iter(self._standing)))

    async def _save(self, claim: Claim, content: bytes) -> None:
        number = 0
        while True:
            ref = await self._objects.put(content, number)
            if self._random.random() < 0.5:
                await asyncio.sleep(0.001)
            file = Artifact(name="f", key=ref.key, media_type="text/plain", size=ref.size)
            facts: dict[str, Any] = {"target": "files", "object": ref.key, "number": number, "size": ref.size}
            code = await self._broker.record(checkpoint(claim, "f", msgspec.json.encode(file), **facts))
            if code == 1:
                self.written += 1
                return
            assert code > 1
            self.again += 1
            number = code

    async def _erase(self, job_id: str) -> None:
        del self._standing[job_id]
        keys = self._broker.keys
        await raw(self._broker).delete(*(make(job_id) for make in (keys.job, keys.steps, keys.files, keys.log)))

    async def _look(self) -> None:
        for job_id, content in self._standing.items():
            try:
                assert await self._objects.get(hashlib.sha256(content).hexdigest()) == content
            except ObjectMissing:
                sys.stdout.write(f"lost by {job_id}\n")


async def write(url: str, directory: str, name: str, rounds: str) -> None:
    """A writer."""
    writer = Writer(url, directory, name)
    await writer.run(int(rounds))
    sys.stdout.write(f"{writer.written} {writer.again}\n")


async def collect(url: str, directory: str) -> None:
    """A collector."""
    broker = Broker(RedisSettings(), JobsSettings(), url)
    collector = Collector(Objects.open("", Path(directory)), References(broker), Garbage(broker))
    while True:
        done = await collector.collect(-1.0)
        sys.stdout.write(f"{done.deleted}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run({"write": write, "collect": collect}[sys.argv[1]](*sys.argv[2:]))
