"""Dead letters: what could not be done, why, and how to try again."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from time import time_ns
from typing import Any, cast

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from streamforge.broker.broker import Broker
from streamforge.errors import InvalidInput, UnknownJob
from streamforge.jobs.acts import act
from streamforge.jobs.model import JobError

PAGE = 200
"""Letters of a page, where all are wanted."""

CHUNK = 100
"""Letters read from Redis at once."""

SCAN_MAX = 2000
"""Letters read for one page."""


class DeadLetter(Struct, frozen=True, kw_only=True):
    """What could not be done, with everything needed to try again.

    ``source`` is ``inbox`` (a message that never became a job; ``fields`` are its own) or ``job`` (``fields`` has its
    ``input``); lists leave ``fields`` out, which may be large. ``signal`` is what
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
        self._client = cast("Any", broker.client)

    async def list(self, *, count: int = 50, before: str = "", only: Filter = EVERY) -> list[DeadLetter]:
        """Newest first, at most ``count``, older than the letter ``before``; raises UnknownJob."""
        found: list[DeadLetter] = []
        async for letter in self.all(before=before, only=only):
            found.append(letter)
            if len(found) >= count:
                break
        return found

    async def all(self, *, before: str = "", only: Filter = EVERY) -> AsyncGenerator[DeadLetter]:
        """Every letter that the filter admits, newest first; without what they were given."""
        place: str | None = before
        while place is not None:
            letters, place = await self.page(before=place, only=only, count=PAGE)
            for letter in letters:
                yield letter

    async def page(
        self, *, before: str = "", only: Filter = EVERY, count: int = 50
    ) -> tuple[list[DeadLetter], str | None]:
        """At most ``count`` letters, newest first, and the last that was looked at; None where there are no more.

        A page reads ``SCAN_MAX`` letters at most, of a tenant that the filter names its own alone, and never what they
        were given; it may hold fewer than ``count``, or none, and still have a place to go on from. Raises UnknownJob.
        """
        if before:
            check_id(before)
        found: list[DeadLetter] = []
        now_ms = time_ns() // 1_000_000
        for _ in range(SCAN_MAX // CHUNK):
            ids, letters = await self._chunk(before, only.tenant)
            for letter in letters:
                if only.admits(letter, now_ms):
                    found.append(letter)
                if len(found) == count:
                    is_last = letter is letters[-1] and len(ids) < CHUNK
                    return found, None if is_last else letter.id
            if len(ids) < CHUNK:
                return found, None
            before = ids[-1]
        return found, before

    async def _chunk(self, before: str, tenant: str) -> tuple[Sequence[str], list[DeadLetter]]:
        """The next ids, and their letters; one that has gone meanwhile has none."""
        if not tenant:
            newest = f"({before}" if before else "+"
            rows = await self._read(lambda: self._client.xrevrange(self._keys.dead, max=newest, min="-", count=CHUNK))
        else:
            ids = await self._ids(before, tenant)
            rows = [row for found in await self._entries(ids) for row in found]
            return ids, [_letter(entry.decode(), fields) for entry, fields in rows]
        letters = [_letter(entry.decode(), fields) for entry, fields in rows]
        return [letter.id for letter in letters], letters

    async def _ids(self, before: str, tenant: str) -> Sequence[str]:
        newest, key = f"({_place(before)}" if before else "+", self._keys.letters(tenant)
        members: list[bytes] = await self._read(lambda: self._client.zrevrangebylex(key, newest, "-", 0, CHUNK))
        return [_id_at(member.decode()) for member in members]

    async def _entries(self, ids: Sequence[str]) -> list[Any]:
        async def read() -> list[Any]:
            async with self._client.pipeline(transaction=False) as pipe:
                for letter_id in ids:
                    pipe.xrange(self._keys.dead, letter_id, letter_id)
                return await pipe.execute()

        return await self._read(read) if ids else []

    async def _read(self, call: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401 - a reply of Redis
        return await self._broker.call("dead", call)

    async def count(self) -> int:
        """How many there are."""
        return await self._broker.call("dead", lambda: self._client.xlen(self._keys.dead))

    async def get(self, dead_id: str) -> DeadLetter:
        """One of them, with what it was given; raises UnknownJob."""
        check_id(dead_id)

        async def read() -> list[Any]:
            async with self._client.pipeline(transaction=False) as pipe:
                pipe.xrange(self._keys.dead, dead_id, dead_id)
                pipe.hget(self._keys.given, dead_id)
                return await pipe.execute()

        rows, given = await self._read(read)
        if not rows:
            raise unknown_letter(dead_id)
        return _with_given(_letter(dead_id, rows[0][1]), rows[0][1], given)

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
        return await self._broker.forget_letters(list(dead_ids), asked)

    async def forget(self, ttl_s: float) -> int:
        """Forget letters older than this, in seconds; how many there were."""
        oldest_ms = max(0, time_ns() // 1_000_000 - round(ttl_s * 1000))
        newest, gone = f"({oldest_ms}-0", 0
        while rows := await self._read(lambda: self._client.xrange(self._keys.dead, "-", newest, count=CHUNK)):
            gone += await self._broker.forget_letters([entry.decode() for entry, _ in rows])
        return gone

    async def _resend(self, dead_id: str, asked: bytes) -> str:
        letter = await self.get(dead_id)
        own = {} if "cancel" in letter.fields else {"id": f"requeue-{dead_id}"}
        fields = cast("dict[Any, Any]", {**own, **letter.fields})
        await self._broker.call("requeue", lambda: self._client.xadd(self._keys.inbox, fields))
        await self._broker.forget_letters([dead_id], asked)
        return str(fields.get("id") or fields["cancel"])


_ENTRY_ID = re.compile(r"[0-9]{1,16}-[0-9]{1,16}")


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
    )


def _with_given(letter: DeadLetter, raw: Mapping[bytes, bytes], given: bytes | None) -> DeadLetter:
    """The letter with what it was given; one that an earlier version wrote holds that itself."""
    if letter.source == "job":
        return replace(letter, fields={"input": (given or raw.get(b"input", b"")).decode(errors="replace")})
    return replace(letter, fields=msgspec.json.decode(given or raw.get(b"fields", b"{}"), type=dict[str, str]))


def _place(letter_id: str) -> str:
    """An id as the index has it: as text it sorts as the numbers do."""
    ms, _, seq = letter_id.partition("-")
    return f"{ms:0>16}-{seq:0>16}"


def _id_at(place: str) -> str:
    ms, _, seq = place.partition("-")
    return f"{int(ms)}-{int(seq)}"
