"""Writers of references over the real scripts and a real server, and a note of every reference that stands."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from streamforge.broker.broker import Broker
from streamforge.broker.messages import UploadRecord
from streamforge.config import JobsSettings, RedisSettings
from streamforge.jobs.model import Artifact, Claim, FileWanted
from streamforge.storage.objects import ObjectMissing, Objects
from tests.integration.moves import checkpoint, raw, settle, submit, take_one
from tests.integration.objects.stepped import SteppedCollector

CONTENTS = (b"one", b"two")
TENANTS = ("a", "b")
KEYS = {hashlib.sha256(content).hexdigest(): content for content in CONTENTS}
ONE, TWO = KEYS


class Put(NamedTuple):
    """An object that a writer has put, and not recorded yet."""

    claim: Claim
    key: str
    number: int = 0


class Rows:
    """An archive: which keys the rows of which job name."""

    def __init__(self) -> None:
        self.keys: dict[str, set[str]] = {}

    async def identity(self) -> str:
        """Nothing asks for it here."""
        return ""

    async def referenced(self, keys: Sequence[str]) -> set[str]:
        """See ``Archived``."""
        return set(keys) & {key for named in self.keys.values() for key in named}

    async def every(self) -> AsyncIterator[list[tuple[str, str]]]:
        """Nothing asks for it here."""
        yield []


class World:
    """One store in memory, one server, two collectors. Each method is one step of a writer, whole."""

    def __init__(self, url: str) -> None:
        self.broker = Broker(RedisSettings(), JobsSettings(), url)

    async def begin(self) -> None:
        """Nothing is there."""
        await raw(self.broker).flushall()
        self.objects = Objects.open("memory://", Path())
        self.rows = Rows()
        self.claims: dict[str, Claim] = {}
        self.puts: list[Put] = []
        self.named: dict[str, set[str]] = {}
        self.letters: dict[str, Claim] = {}
        self.count = 0
        self.last: Any = None
        self.collectors = [SteppedCollector(self.objects, self.broker, self.rows) for _ in range(2)]

    async def end(self) -> None:
        """Kill the collectors."""
        for collector in self.collectors:
            await collector.kill()

    async def start(self, tenant: str = "a", given: bytes = b"{}") -> Claim:
        """A job begins."""
        self.count += 1
        job_id = f"job-{self.count}"
        await submit(self.broker, job_id, tenant=tenant, input=given)
        claim = self.claims[job_id] = await take_one(self.broker)
        self.named[job_id] = keys_of(given)
        return claim

    async def put(self, claim: Claim, key: str = ONE) -> None:
        """A writer puts an object, and is in no hurry to record it."""
        await self.objects.of(claim.tenant).put(KEYS[key])
        self.puts.append(Put(claim, key))

    async def record(self, put: Put) -> None:
        """A writer records what it has put, or is told to put it again, which it does at once."""
        self.puts.remove(put)
        code = await self.broker.record(_file(put))
        if code > 1:
            await self.objects.of(put.claim.tenant).put(KEYS[put.key], code)
            self.puts.append(put._replace(number=code))
        elif code:
            self.named[put.claim.id].add(put.key)

    async def record_all(self) -> None:
        """The same until all that was put is recorded."""
        while self.puts:
            await self.record(self.puts[0])

    async def save(self, claim: Claim, key: str = ONE) -> None:
        """All of it."""
        await self.put(claim, key)
        await self.record_all()

    async def pass_on(self, claim: Claim, given: bytes) -> None:
        """A job saves what another's input names, and is forgotten; the other one is ``last`` now."""
        await self.save(claim)
        self.last = await self.start(given=given)
        await self.forget(claim)

    async def copy(self, claim: Claim, key: str = ONE) -> None:
        """A step's value names an object that stands."""
        value = b"v" + msgspec.msgpack.encode([key])
        assert await self.broker.record(checkpoint(claim, key, value, named=[key])) == 1
        self.named[claim.id].add(key)

    async def upload(self, key: str = ONE) -> None:
        """A file has arrived for a job that waits for it."""
        file = Artifact(name="f", key=key, media_type="text/plain", size=3)
        number = 0
        while (code := await self.broker.upload(_upload("job-u", file, number))) > 1:
            await self.objects.of("a").put(KEYS[key], code)
            number = code
        assert code == 1
        self.named["job-u"] = {key}

    async def await_file(self) -> None:
        """A job waits for a file."""
        await submit(self.broker, "job-u", tenant="a", files=(FileWanted(name="f"),))

    async def process(self, key: str = ONE) -> None:
        """The job goes to its queue, with an input that names its file."""
        (written,) = await raw(self.broker).hmget(self.broker.keys.job("job-u"), "uploads_written")
        assert await self.broker.process("job-u", msgspec.json.encode({"files": [key]}), written) == 1

    async def archive(self, claim: Claim) -> None:
        """The archive commits a job's rows; its record stays for now."""
        self.rows.keys[claim.id] = set(self.named[claim.id])

    async def forget(self, claim: Claim) -> None:
        """A job's record is gone, be it archived or erased."""
        await settle(self.broker, claim)
        await self._drop(claim.id)

    async def fail(self, claim: Claim) -> None:
        """A job becomes a dead letter, and its record expires: its input is left."""
        await settle(self.broker, claim, "failed", reason="x")
        await self._drop(claim.id)
        self.letters[claim.id] = claim

    async def requeue(self, claim: Claim) -> None:
        """A job is started anew from its letter."""
        entries = await raw(self.broker).xrange(self.broker.keys.dead)
        entry = next(entry for entry, fields in entries if fields[b"job"].decode() == claim.id)
        assert (await self.broker.requeue(entry.decode()))[0] == 1
        del self.letters[claim.id]
        self.last = self.claims[claim.id] = await take_one(self.broker)
        self.named[claim.id] = keys_of(claim.input)

    def stands(self, tenant: str, key: str) -> bool:
        """Whether a record of the tenant's names it."""
        return any(key in keys for job_id, keys in self.named.items() if self.claims[job_id].tenant == tenant)

    async def check(self) -> None:
        """Every reference that stands has its object."""
        standing = [(self._tenant(job_id), key) for job_id, keys in self.named.items() for key in keys]
        standing += [(claim.tenant, key) for claim in self.letters.values() for key in keys_of(claim.input)]
        for tenant, key in standing:
            assert await self._is_there(tenant, key), f"{key[:8]} of {tenant} is gone"
        for key in {key for keys in self.rows.keys.values() for key in keys}:
            assert any([await self._is_there(tenant, key) for tenant in TENANTS]), f"{key[:8]} is gone"

    def _tenant(self, job_id: str) -> str:
        return self.claims[job_id].tenant if job_id in self.claims else "a"

    async def _is_there(self, tenant: str, key: str) -> bool:
        try:
            return await self.objects.of(tenant).get(key) == KEYS[key]
        except ObjectMissing:
            return False

    async def _drop(self, job_id: str) -> None:
        keys = self.broker.keys
        await raw(self.broker).delete(*(make(job_id) for make in (keys.job, keys.steps, keys.files, keys.log)))
        del self.claims[job_id], self.named[job_id]


def keys_of(given: bytes) -> set[str]:
    """Those of ``KEYS`` that a text names."""
    return {key for key in KEYS if key.encode() in given}


def _file(put: Put) -> Any:  # noqa: ANN401 - a Record
    artifact = Artifact(name=put.key, key=put.key, media_type="text/plain", size=3)
    facts: dict[str, Any] = {"target": "files", "event": "artifact.saved"}
    facts |= {"object": put.key, "number": put.number, "size": 3}
    return checkpoint(put.claim, put.key, msgspec.json.encode(artifact), **facts)


def _upload(job_id: str, file: Artifact, number: int) -> UploadRecord:
    return UploadRecord(
        id=job_id,
        name=file.name,
        record=msgspec.json.encode(file),
        ttl_ms=3_600_000,
        max_total_bytes=1000,
        event="upload.received",
        data=b"{}",
        number=number,
    )
