"""What Redis says: a connection by which the driver hands in jobs, looks at them, and disturbs the server."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

import msgspec
import redis
from msgspec import Struct
from redis.backoff import NoBackoff
from redis.retry import Retry

from chaos.recipes import Done, Work
from streamforge.broker.keys import GROUP, INBOX_GROUP, Keys
from streamforge.jobs.events import Event

TIMEOUT_S = 2.0


class View(Struct, frozen=True):
    """A job as Redis has it. ``state`` is empty where there is no such job; ``error`` is JSON."""

    id: str
    state: str = ""
    owner: str = ""
    token: int = 0
    crashes: int = 0
    result: Done | None = None
    error: str = ""
    events: list[Event] = []

    def times(self, event: str) -> int:
        """How often an event of that type happened."""
        return sum(one.type == event for one in self.events)


class Leftovers(Struct, frozen=True, kw_only=True):
    """What is still there when nothing should be."""

    pending: dict[str, int]
    """Entries in each queue's and the inbox's pending list, or undelivered."""
    scheduled: int
    workers: list[str]
    keys_without_ttl: list[str]
    letters: list[dict[str, str]]


class Witness:
    """Raises redis.RedisError where Redis does not answer; nothing here is repeated."""

    def __init__(self, url: str, prefix: str = "streamforge") -> None:
        self.keys = Keys(prefix)
        pool = redis.ConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]
            url, protocol=2, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=Retry(NoBackoff(), 0)
        )
        self._client = redis.Redis(connection_pool=pool)

    def call(self, *words: str | bytes | int) -> Any:  # noqa: ANN401 - a reply has the command's own shape
        """One command."""
        return cast("Callable[..., Any]", self._client.execute_command)(*words)  # pyright: ignore[reportUnknownMemberType]

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def submit(self, job: str, kind: str, work: Work, not_before_ms: int = 0) -> None:
        """Put a job into the inbox, as anybody may; again with the same id makes no second job."""
        words = ["kind", kind, "id", job, "input", msgspec.json.encode(work)]
        if not_before_ms:
            words += ["not_before_ms", str(not_before_ms)]
        self.call("XADD", self.keys.inbox, "*", *words)

    def move_away(self, worker: str) -> None:
        """Let the worker's sign of life come from another machine, until it gives the next."""
        sign = self.keys.worker(worker)
        identity = msgspec.json.decode(self.call("GET", sign), type=dict[str, Any])
        self.call("SET", sign, msgspec.json.encode({**identity, "boot": "another machine's"}), "KEEPTTL")

    def states(self, jobs: Iterable[str]) -> dict[str, str]:
        """Each job's state; empty where there is no such job."""
        names = list(jobs)
        with self._client.pipeline(transaction=False) as pipe:  # pyright: ignore[reportUnknownMemberType]
            for name in names:
                pipe.hget(self.keys.job(name), "state")
            replies = cast("list[bytes | None]", pipe.execute())
        return {name: (state or b"").decode() for name, state in zip(names, replies, strict=True)}

    def view(self, job: str) -> View:
        """A job with its events."""
        fields = texts(self.call("HGETALL", self.keys.job(job)))
        rows = cast("list[bytes]", self.call("LRANGE", self.keys.log(job), 0, -1))
        return View(
            id=job,
            state=fields.get("state", ""),
            owner=fields.get("owner", ""),
            token=int(fields.get("token", 0)),
            crashes=int(fields.get("crashes", 0)),
            result=msgspec.json.decode(fields["result"], type=Done) if "result" in fields else None,
            error=fields.get("error", ""),
            events=[_EVENT.decode(row) for row in rows],
        )

    def leftovers(self) -> Leftovers:
        """See the class."""
        keys = self._scan("*")
        return Leftovers(
            pending={key: count for key in keys if (count := self._waiting(key))},
            scheduled=int(self.call("ZCARD", self.keys.scheduled)),
            workers=[key.rpartition(":worker:")[2] for key in keys if ":worker:" in key],
            keys_without_ttl=[key for key in keys if self.call("PTTL", key) == -1],
            letters=[texts(fields) for _, fields in self.call("XRANGE", self.keys.dead, "-", "+")],
        )

    def _scan(self, pattern: str) -> list[str]:
        return sorted(key.decode() for key in cast("Iterable[bytes]", self._client.scan_iter(pattern, count=1000)))  # pyright: ignore[reportUnknownMemberType]

    def _waiting(self, key: str) -> int:
        if ":queue:" not in key and key != self.keys.inbox:
            return 0
        if self.call("TYPE", key) != b"stream":
            return 0
        group = INBOX_GROUP if key == self.keys.inbox else GROUP
        try:
            pending = int(self.call("XPENDING", key, group)["pending"])
        except redis.ResponseError:  # no group yet
            pending = 0
        return max(pending, int(self.call("XLEN", key)))


def texts(flat: Any) -> dict[str, str]:  # noqa: ANN401 - a reply of names and values, in turn or paired
    """As text."""
    if isinstance(flat, dict):
        items: Iterable[tuple[Any, Any]] = cast("dict[Any, Any]", flat).items()
    else:
        items = zip(flat[::2], flat[1::2], strict=True)
    return {_text(name): _text(value) for name, value in items}


def _text(value: Any) -> str:  # noqa: ANN401 - bytes or str
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


_EVENT = msgspec.msgpack.Decoder(Event)
