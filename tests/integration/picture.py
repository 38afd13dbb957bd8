"""All of Redis at one moment, in a form that a test can reason about."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

from streamforge.broker.broker import Broker
from tests.integration.moves import raw


class Picture:
    """All of Redis at one moment."""

    def __init__(self, base: str, found: dict[str, Any]) -> None:
        self.keys = {name.removeprefix(f"{base}:"): value for name, value in found.items()}
        self.jobs: dict[str, dict[str, str]] = self.named("job:")
        self.streams: dict[str, dict[str, Any]] = self.named("queue:")

    def named(self, prefix: str) -> dict[str, Any]:
        """The keys that begin so, by the rest of their names."""
        return {name.removeprefix(prefix): value for name, value in self.keys.items() if name.startswith(prefix)}

    def waiting(self) -> dict[tuple[str, str, str], list[str]]:
        """The jobs that nobody has ever been given, by queue, priority and tenant."""
        lines = {name: stream["waiting"] for name, stream in self.streams.items() if stream["waiting"]}
        return {
            cast("tuple[str, str, str]", tuple(name.split(":"))): list(jobs.values()) for name, jobs in lines.items()
        }

    def running(self) -> Counter[str]:
        """How many jobs of each tenant are in state running."""
        return Counter(job["tenant"] for job in self.jobs.values() if job["state"] == "running")


async def look(broker: Broker) -> Picture:
    """Read everything."""
    client, base = raw(broker), broker.keys.base
    names = sorted(key.decode() for key in await client.keys("*"))
    readers: dict[str, tuple[Any, ...]] = {
        "job": ("HGETALL",),
        "log": ("LRANGE", 0, -1),
        "queue": ("XRANGE", "-", "+"),
        "lines": ("SMEMBERS",),
        "ring": ("ZRANGE", 0, -1),
        "past": ("ZRANGE", 0, -1),
        "scheduled": ("ZRANGE", 0, -1),
        "expiring": ("ZRANGE", 0, -1),
        "clock": ("HGETALL",),
        "running": ("HGETALL",),
        "capped": ("SMEMBERS",),
        "paused": ("SMEMBERS",),
        "bell": ("XRANGE", "-", "+"),
    }
    known = [name for name in names if name.removeprefix(f"{base}:").split(":")[0] in readers]
    async with client.pipeline(transaction=False) as pipe:
        for name in known:
            command, *how = readers[name.removeprefix(f"{base}:").split(":")[0]]
            pipe.execute_command(command, name, *how)
        found = dict(zip(known, map(_plain, await pipe.execute()), strict=True))
    for name in known:
        if name.startswith(f"{base}:queue:"):
            found[name] = await _stream(client, name, found[name])
    return Picture(base, {**dict.fromkeys(names), **found})


async def _stream(client: Any, name: str, rows: Any) -> dict[str, Any]:  # noqa: ANN401 - redis-py's
    """A line's entries: those that nobody was given, and who holds the others."""
    jobs = {entry: fields["job"] for entry, fields in rows}
    held = await client.xpending_range(name, "workers", "-", "+", 1000)
    holders = {row["message_id"].decode(): row["consumer"].decode() for row in held}
    (group,) = await client.xinfo_groups(name)
    last = _order(group["last-delivered-id"].decode())
    waiting = {entry: job for entry, job in jobs.items() if _order(entry) > last}
    return {"jobs": jobs, "holders": holders, "waiting": waiting}


def _order(entry: str) -> tuple[int, ...]:
    return tuple(int(part) for part in entry.split("-"))


def _plain(value: Any) -> Any:  # noqa: ANN401 - any reply
    """A reply with text in place of bytes, where it is text."""
    if isinstance(value, bytes):
        return value.decode() if value.isascii() else value
    if isinstance(value, dict):
        pairs = cast("dict[Any, Any]", value)
        return {_plain(name): _plain(part) for name, part in pairs.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(part) for part in cast("list[Any]", value)]
    return value
