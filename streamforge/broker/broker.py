"""The broker: every word spoken with Redis, with patience where it is safe.

``Broker`` repeats idempotent calls while Redis is away, with backoff, until they succeed, the caller is cancelled, or
the process has been stopping for too long; the one exception is ``take``, whose lost answer the worker recovers from
its own pending list.
"""

from __future__ import annotations

import math
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic
from typing import Any, TypeVar, cast

import anyio
import redis.asyncio as aioredis
from redis.exceptions import RedisError, ResponseError

from streamforge.broker.connection import connect, is_away, translate
from streamforge.broker.keys import INBOX_GROUP, Keys
from streamforge.broker.messages import (
    LineDepth,
    Promoted,
    Record,
    Refused,
    Room,
    Settlement,
    Take,
    Taken,
    UploadRecord,
)
from streamforge.broker.scripts import Arg, Scripts
from streamforge.config import JobsSettings, RedisSettings
from streamforge.errors import BrokerUnavailable, ConfigError, StreamForgeError
from streamforge.jobs.model import Submission
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger

T = TypeVar("T")
Entry = tuple[str, dict[bytes, bytes]]
"""A stream entry: its id and its fields."""

BLOCK_S = 5.0
"""The longest that a blocking read waits; a stopping service waits no longer than this for it."""

log = get_logger(__name__)


class Broker:
    """One Redis, for one process. ``keys`` names what lives there."""

    def __init__(
        self, redis_settings: RedisSettings, limits: JobsSettings, url: str = "", *, max_crashes: int = 3
    ) -> None:
        self.keys = Keys(redis_settings.prefix)
        self.client: aioredis.Redis = connect(redis_settings, url)
        self._blocking: aioredis.Redis = connect(redis_settings, url, block_s=BLOCK_S)
        self._scripts = Scripts(self.client, self.keys, limits, max_crashes)
        self._limits = limits
        self._patient_until = math.inf
        self._was_let_in = False

    def configure(self, limits: JobsSettings, *, max_crashes: int) -> None:
        """Go on with these limits."""
        self._limits = limits
        self._scripts.configure(limits, max_crashes)

    def lose_patience(self, after_s: float) -> None:
        """From then on no call is repeated while Redis is away: a process that stops must not wait for ever."""
        self._patient_until = min(self._patient_until, monotonic() + after_s)

    async def close(self) -> None:
        """Close every connection."""
        await self.client.aclose()
        await self._blocking.aclose()

    async def ping(self) -> None:
        """One round trip; raises BrokerUnavailable or ConfigError."""
        await self._once("ping", self._ping)

    async def wait_until_ready(self, patience_s: float = 0.0) -> None:
        """Return when Redis answers; raises BrokerUnavailable after ``patience_s`` (0: never), ConfigError at once."""
        with anyio.move_on_after(patience_s or None):
            return await self._patiently("connect", self._ping)
        raise BrokerUnavailable(
            f"Redis did not answer within {patience_s:g} s",
            field="redis.url",
            hint="is it running, and reachable from here?",
        )

    async def _ping(self) -> None:
        await cast("Awaitable[Any]", self.client.execute_command("PING"))  # pyright: ignore[reportUnknownMemberType]

    async def submit(self, job: Submission, fingerprint: str) -> tuple[int, str]:
        """One job; see ``submit_all``."""
        (answer,) = await self.submit_all([(job, fingerprint)])
        return answer

    async def submit_all(self, batch: Sequence[tuple[Submission, str]]) -> list[tuple[int, str]]:
        """See ``Scripts.submit``; one try: the caller tells its client."""
        return await self._once("submit", lambda: self._scripts.submit(batch))

    async def take(self, take: Take) -> Taken:
        """See ``Scripts.take``; one try: on BrokerUnavailable the caller takes its own pending entries next."""
        return await self._once("take", lambda: self._scripts.take(take))

    async def look(self, queues: Sequence[str], lease_ms: int) -> list[str]:
        """See ``Scripts.look``; one try."""
        return await self._once("look", lambda: self._scripts.look(queues, lease_ms))

    async def disown(self, worker: str, identity: bytes, queues: Sequence[str]) -> int:
        """See ``Scripts.disown``; one try."""
        return await self._once("disown", lambda: self._scripts.disown(worker, identity, queues))

    async def identities(self) -> dict[str, bytes]:
        """The workers that have shown themselves alive within their lease: name → identity. Forgets the others."""
        return await self.call("workers", self._identities)

    async def _identities(self) -> dict[str, bytes]:
        client = cast("Any", self.client)
        members: set[bytes] = await client.smembers(self.keys.workers)
        names = sorted(name.decode() for name in members)
        found: list[bytes | None] = await client.mget([self.keys.worker(name) for name in names]) if names else []
        if gone := [name for name, identity in zip(names, found, strict=True) if identity is None]:
            await client.srem(self.keys.workers, *gone)
        return {name: identity for name, identity in zip(names, found, strict=True) if identity is not None}

    async def depths(self, queues: Sequence[str]) -> list[LineDepth]:
        """See ``Scripts.depths``."""
        return await self.call("depths", lambda: self._scripts.depths(queues))

    async def settle(self, batch: Sequence[Settlement]) -> list[int]:
        """See ``Scripts.settle``; repeated until Redis answers."""
        return await self._patiently("settle", lambda: self._scripts.settle(batch))

    async def record(self, record: Record) -> int:
        """One record; see ``record_all``."""
        (code,) = await self.record_all([record])
        return code

    async def record_all(self, batch: Sequence[Record]) -> list[int]:
        """See ``Scripts.record``; repeated until Redis answers."""
        return await self._patiently("record", lambda: self._scripts.record(batch))

    async def checkpoints(self, job_id: str) -> dict[str, bytes]:
        """The job's checkpoints by step name."""
        found = await self._patiently(
            "checkpoints",
            lambda: cast("Awaitable[dict[bytes, bytes]]", self.client.hgetall(self.keys.steps(job_id))),
        )
        return {name.decode(): value for name, value in found.items()}

    async def promote(self) -> Promoted:
        """See ``Scripts.promote``; one try."""
        return await self._once("promote", self._scripts.promote)

    async def requeue(self, dead_id: str, act: bytes = b"", *, fresh: bool = False) -> tuple[int, str]:
        """See ``Scripts.requeue``; one try."""
        return await self._once("requeue", lambda: self._scripts.requeue(dead_id, act, fresh=fresh))

    async def restart(self, job_id: str, act: bytes = b"", *, fresh: bool) -> int:
        """See ``Scripts.restart``; one try."""
        return await self._once("restart", lambda: self._scripts.restart(job_id, act, fresh=fresh))

    async def unlist(self, tenant: str, job_ids: Sequence[str]) -> int:
        """See ``Scripts.unlist``; repeating it changes nothing more."""
        return await self.call("unlist", lambda: self._scripts.unlist(tenant, job_ids))

    async def take_room(self, caller: str, interval_ms: float, burst: int) -> Room:
        """See ``Scripts.take_room``; one try."""
        return await self._once("rate", lambda: self._scripts.take_room(caller, interval_ms, burst))

    async def cancel(self, job_id: str, error: bytes, act: bytes = b"") -> int:
        """See ``Scripts.cancel``; repeating it changes nothing more."""
        return await self.call("cancel", lambda: self._scripts.cancel(job_id, error, act))

    async def upload(self, upload: UploadRecord) -> int:
        """See ``Scripts.upload``; repeating it writes the same again."""
        return await self.call("upload", lambda: self._scripts.upload(upload))

    async def process(self, job_id: str, payload: bytes, uploads_written: bytes) -> int:
        """See ``Scripts.process``; repeating it changes nothing more."""
        return await self.call("process", lambda: self._scripts.process(job_id, payload, uploads_written))

    async def script(self, name: str, *args: Arg) -> Any:  # noqa: ANN401 - a script's reply has its own shape
        """What a script answers that may be repeated and has its typed function elsewhere; see ``outbox``."""
        return await self.call(name, lambda: self._scripts.run(name, *args))

    async def wait_for_bell(self, queue: str, cursor: bytes) -> None:
        """Return when there may be something to take from the queue, or after ``BLOCK_S``.

        It claims nothing: losing the answer loses nothing.
        """
        streams = cast("dict[Any, Any]", {self.keys.bell(queue): cursor})
        await self._once("wait", lambda: self._blocking.xread(streams, count=1, block=round(BLOCK_S * 1000)))

    async def read_streams(
        self, streams: Mapping[str, str], *, count: int, block_s: float
    ) -> list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]:
        """What came into streams after the ids given, waiting up to ``block_s`` (at most ``BLOCK_S``); one try."""
        wanted = cast("dict[Any, Any]", dict(streams))
        block_ms = max(1, round(min(block_s, BLOCK_S) * 1000))  # 0 would wait for ever
        reply = await self._once("read", lambda: self._blocking.xread(wanted, count=count, block=block_ms))
        return cast("list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]", reply or [])

    def channel(self) -> Any:  # noqa: ANN401 - redis-py's types say little
        """A connection for publish and subscribe, not yet made; see ``listen`` for how one is used."""
        return cast("Any", self._blocking).pubsub(ignore_subscribe_messages=True)

    async def tell(self, message: bytes) -> int:
        """Say something on the control channel; how many workers heard it."""
        publish = cast("Any", self.client).publish
        return await self.call("control", lambda: publish(self.keys.control, message))

    async def note(self, operation: str, act: bytes, *changes: Callable[[Any], object]) -> list[Any]:
        """Make changes and note whose act they are, all or nothing; the changes' replies.

        For what takes no script. Without an archive nobody reads the note, and none is left.
        """

        async def write() -> list[Any]:
            async with cast("Any", self.client).pipeline(transaction=True) as pipe:
                for change in changes:
                    change(pipe)
                pipe.xadd(self.keys.outbox, {"act": act}, nomkstream=True)
                return (await pipe.execute())[:-1]

        return await self.call(operation, write)

    async def listen(self, hear: Callable[[bytes], None]) -> None:
        """Pass on what is said on the control channel, for ever; raises BrokerUnavailable when it is lost."""
        async with cast("Any", self._blocking).pubsub(ignore_subscribe_messages=True) as channel:
            await self._once("control", lambda: channel.subscribe(self.keys.control))
            while True:
                message = await self._once("control", lambda: channel.get_message(timeout=BLOCK_S))
                if message is not None:
                    hear(message["data"])

    async def read_inbox(self, consumer: str, count: int, *, own: bool = False) -> list[Entry]:
        """New inbox entries for this consumer, waiting up to ``BLOCK_S``; with ``own``, its pending ones, at once."""
        inbox = self.keys.inbox

        async def read() -> list[Entry]:
            reply = await self._blocking.xreadgroup(
                INBOX_GROUP,
                consumer,
                cast("dict[Any, Any]", {inbox: "0" if own else ">"}),
                count=count,
                block=None if own else round(BLOCK_S * 1000),
            )
            return _entries(reply)

        return await self._once("inbox", lambda: self._with_group(inbox, INBOX_GROUP, read))

    async def adopt_inbox(self, consumer: str, idle_ms: int, count: int) -> list[Entry]:
        """Inbox entries that another consumer read and left for ``idle_ms``; accepting one twice is harmless."""

        async def claim() -> list[Entry]:
            reply = await self.client.xautoclaim(
                self.keys.inbox, INBOX_GROUP, consumer, min_idle_time=idle_ms, count=count
            )
            return [(entry.decode(), fields) for entry, fields in reply[1] if fields is not None]

        return await self._once("inbox", lambda: self._with_group(self.keys.inbox, INBOX_GROUP, claim))

    async def clear_inbox(self, entry: str) -> None:
        """Ack and delete an inbox entry."""
        await self._patiently("accept", lambda: self._clear(entry))

    async def refuse_inbox(self, entry: str, letter: Refused) -> None:
        """The same, once there is a dead letter in its place; none is written of one that has been withdrawn."""

        async def refuse() -> None:
            if await self.client.xrange(self.keys.inbox, entry, entry):
                await self._scripts.refuse(entry, letter)
            await self._clear(entry)

        await self._patiently("refuse", refuse)

    async def forget_letters(self, dead_ids: Sequence[str], act: bytes = b"") -> int:
        """See ``Scripts.forget``; repeating it changes nothing more."""
        return await self.call("forget", lambda: self._scripts.forget(dead_ids, act))

    async def _clear(self, entry: str) -> None:
        inbox = self.keys.inbox
        async with self.client.pipeline(transaction=True) as pipe:
            pipe.xack(inbox, INBOX_GROUP, entry)
            pipe.xdel(inbox, entry)
            await cast("Awaitable[Any]", pipe.execute())

    async def _with_group(self, stream: str, group: str, call: Callable[[], Awaitable[T]]) -> T:
        try:
            return await call()
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
        try:
            await self.client.xgroup_create(stream, group, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):  # another daemon made it first
                raise
        return await call()

    async def call(self, operation: str, call: Callable[[], Awaitable[T]]) -> T:
        """A read (or a write that may happen twice) with this package's errors; ``operation`` names it in metrics.

        Tried once more where Redis is away: the first call after its restart finds out that the connection is stale.
        """
        try:
            return await self._once(operation, call)
        except BrokerUnavailable:
            return await self._once(operation, call)

    async def _once(self, operation: str, call: Callable[[], Awaitable[T]]) -> T:
        try:
            answer = await call()
        except (RedisError, OSError) as error:
            if is_away(error) or self._was_let_in:
                metrics.redis_disruptions_total(operation).inc()
            raise self._translated(error) from error
        self._was_let_in = True
        return answer

    def _translated(self, error: Exception) -> StreamForgeError:
        """A refusal is a wrong setting until Redis has let this process in; later it is a failover, or the like."""
        ours = translate(error)
        if isinstance(ours, ConfigError) and self._was_let_in:
            return BrokerUnavailable(ours.message, field=ours.field, hint=ours.hint)
        return ours

    async def _patiently(self, operation: str, call: Callable[[], Awaitable[T]]) -> T:
        """For idempotent calls only: repeat while Redis is away, with full jitter up to 2 s, until patience is lost."""
        attempt = 0
        while True:
            try:
                return await self._once(operation, call)
            except BrokerUnavailable as error:
                if monotonic() > self._patient_until:
                    raise
                attempt += 1
                pause_s = random.uniform(0, _longest_pause_s(attempt))  # noqa: S311 - jitter, not a secret
                if attempt in (1, 5) or attempt % 20 == 0:
                    log.warning("redis_away", operation=operation, attempt=attempt, error=error.message)
                await anyio.sleep(pause_s)


def _longest_pause_s(attempt: int) -> float:
    """Doubles up to 2 s, however many attempts an outage takes."""
    return min(2.0, 0.05 * 2.0 ** min(attempt, 10))


def _entries(reply: Any) -> list[Entry]:  # noqa: ANN401 - redis-py's reply
    if not reply:
        return []
    return [(entry.decode(), fields or {}) for entry, fields in reply[0][1]]
