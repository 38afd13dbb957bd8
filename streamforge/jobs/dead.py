"""Dead letters: what could not be done, why, and how to try again."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Collection
from time import time_ns
from typing import Any, cast

import msgspec
from msgspec import Struct

from streamforge.broker.broker import Broker
from streamforge.errors import InvalidInput, UnknownJob
from streamforge.jobs.acts import act
from streamforge.jobs.model import JobError

PAGE = 200
"""Letters read from Redis at once."""


class DeadLetter(Struct, frozen=True, kw_only=True):
    """What could not be done, with everything needed to try again.

    ``source`` is ``inbox`` (a message that never became a job; ``fields`` are its own) or ``job``. ``signal`` is what
    killed the process that ran it, ``peak_rss_kb`` the most memory (KiB) that process was seen to hold.
    """

    id: str
    source: str
    reason: str
    error: JobError
    at_ms: int
    job: str = ""
    kind: str = ""
    queue: str = ""
    tenant: str = ""
    attempts: int = 0
    crashes: int = 0
    signal: str = ""
    peak_rss_kb: int = 0
    fields: dict[str, str] = msgspec.field(default_factory=dict[str, str])


class Filter(Struct, frozen=True, kw_only=True):
    """Which letters: each condition that is given must hold. ``older_than_ms`` is an age."""

    reason: str = ""
    kind: str = ""
    tenant: str = ""
    older_than_ms: int = 0

    def admits(self, letter: DeadLetter, now_ms: int) -> bool:
        """Whether the letter is one of them."""
        wanted = ((self.reason, letter.reason), (self.kind, letter.kind), (self.tenant, letter.tenant))
        return all(not want or want == have for want, have in wanted) and letter.at_ms <= now_ms - self.older_than_ms


EVERY = Filter()


class DeadLetters:
    """The dead letters in Redis. Raises BrokerUnavailable when Redis is away; reads never change anything."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._keys = broker.keys
        self._client = broker.client

    async def list(self, *, count: int = 50, before: str = "", only: Filter = EVERY) -> list[DeadLetter]:
        """Newest first, at most ``count``, older than the letter ``before``; raises UnknownJob."""
        found: list[DeadLetter] = []
        async for letter in self.all(before=before, only=only):
            found.append(letter)
            if len(found) >= count:
                break
        return found

    async def all(self, *, before: str = "", only: Filter = EVERY) -> AsyncGenerator[DeadLetter]:
        """Every letter that the filter admits, newest first."""
        if before:
            check_id(before)
        now_ms = time_ns() // 1_000_000
        while page := await self._page(before):
            for letter in page:
                if only.admits(letter, now_ms):
                    yield letter
            before = page[-1].id

    async def _page(self, before: str) -> list[DeadLetter]:
        newest = f"({before}" if before else "+"
        rows = await self._broker.call(
            "dead", lambda: self._client.xrevrange(self._keys.dead, max=newest, min="-", count=PAGE)
        )
        return [_letter(entry.decode(), fields) for entry, fields in cast("list[Any]", rows)]

    async def count(self) -> int:
        """How many there are."""
        return await self._broker.call("dead", lambda: self._client.xlen(self._keys.dead))

    async def get(self, dead_id: str) -> DeadLetter:
        """One of them; raises UnknownJob."""
        check_id(dead_id)
        rows = await self._broker.call("dead", lambda: self._client.xrange(self._keys.dead, min=dead_id, max=dead_id))
        for entry, fields in cast("list[Any]", rows):
            return _letter(entry.decode(), fields)
        raise unknown_letter(dead_id)

    async def requeue(self, dead_id: str, *, fresh: bool = False) -> str:
        """Start a dead job anew, or send a refused message through the inbox again; the id of the job or message.

        A job keeps its checkpoints, unless ``fresh``. Raises UnknownJob, or InvalidInput where the job runs already.
        """
        check_id(dead_id)
        asked = act("letter.requeued", dead_id, data={"fresh": fresh})
        code, job_id = await self._broker.requeue(dead_id, asked, fresh=fresh)
        if code == 1:
            return job_id
        if code == -1:
            return await self._resend(dead_id, asked)
        if code == 0:
            raise unknown_letter(dead_id)
        raise InvalidInput(
            f"job {job_id} is not failed or cancelled now", field="id", hint="it was started by other means"
        )

    async def purge(self, dead_ids: Collection[str]) -> int:
        """Forget these letters; how many there were. Their jobs' records stay until they expire."""
        for dead_id in dead_ids:
            check_id(dead_id)
        if not dead_ids:
            return 0
        asked = act("letter.forgotten", next(iter(dead_ids)), data={"letters": len(dead_ids)})
        gone = await self._broker.note("purge", asked, lambda pipe: pipe.xdel(self._keys.dead, *dead_ids))
        return int(gone[0])

    async def forget(self, ttl_s: float) -> int:
        """Forget letters older than this, in seconds; how many there were."""
        oldest_ms = time_ns() // 1_000_000 - round(ttl_s * 1000)
        trim = self._client.xtrim
        return await self._broker.call(
            "forget", lambda: trim(self._keys.dead, minid=str(max(0, oldest_ms)), approximate=False)
        )

    async def _resend(self, dead_id: str, asked: bytes) -> str:
        letter = await self.get(dead_id)
        own = {} if "cancel" in letter.fields else {"id": f"requeue-{dead_id}"}
        fields = cast("dict[Any, Any]", {**own, **letter.fields})
        await self._broker.call("requeue", lambda: self._client.xadd(self._keys.inbox, fields))
        await self._broker.note("requeue", asked, lambda pipe: pipe.xdel(self._keys.dead, dead_id))
        return str(fields.get("id") or fields["cancel"])


_ENTRY_ID = re.compile(r"[0-9]{1,20}-[0-9]{1,20}")


def check_id(dead_id: str) -> None:
    """A part of an id would find a letter that deleting by that part then misses; raises UnknownJob."""
    if not _ENTRY_ID.fullmatch(dead_id):
        raise unknown_letter(dead_id)


def unknown_letter(dead_id: str) -> UnknownJob:
    """There is no such letter, or none that the caller may know of."""
    return UnknownJob(f"no dead letter {dead_id[:40]!r}", field="id", hint="`streamforge dead list` shows them")


def _letter(dead_id: str, raw: dict[bytes, bytes]) -> DeadLetter:
    fields = {name.decode(): value for name, value in raw.items()}

    def text(name: str) -> str:
        return fields.get(name, b"").decode(errors="replace")

    original = fields.get("fields")
    return DeadLetter(
        id=dead_id,
        source=text("source"),
        reason=text("reason"),
        error=msgspec.json.decode(fields.get("error") or b'{"code":"","message":""}', type=JobError),
        at_ms=int(fields.get("at") or 0),
        job=text("job"),
        kind=text("kind"),
        queue=text("queue"),
        tenant=text("tenant"),
        attempts=int(fields.get("attempts") or 0),
        crashes=int(fields.get("crashes") or 0),
        signal=text("signal"),
        peak_rss_kb=int(fields.get("peak_rss_kb") or 0),
        fields=msgspec.json.decode(original, type=dict[str, str]) if original else {"input": text("input")},
    )
