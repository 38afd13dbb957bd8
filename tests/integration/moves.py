"""The moves of a job's life by hand, as a worker and the store make them; and pictures of all of Redis."""

from __future__ import annotations

from itertools import count
from typing import Any

from streamforge.broker.broker import Broker
from streamforge.broker.messages import Record, Settlement, Take, TakeMode
from streamforge.jobs.model import Claim, Priority, Submission

_SERIALS = count(1)

ERROR = b'{"code":"internal","message":"no"}'


def raw(broker: Broker) -> Any:  # noqa: ANN401 - redis-py's own types say little
    """The broker's client, to look at what lies in Redis."""
    return broker.client


def submission(job_id: str = "job-1", **fields: Any) -> Submission:  # noqa: ANN401 - any of Submission's
    """A small job."""
    facts: dict[str, Any] = {"id": job_id, "kind": "echo", "input": b'{"text":"hi"}', **fields}
    return Submission(**facts)


async def submit(broker: Broker, job_id: str = "job-1", **fields: Any) -> tuple[int, str]:  # noqa: ANN401
    """Hand a small job to the script."""
    job = submission(job_id, **fields)
    return await broker.submit(job, job.input.hex())


async def take(
    broker: Broker,
    limit: int = 10,
    *,
    worker: str = "w1",
    mode: TakeMode = "new",
    queues: tuple[str, ...] = ("default",),
    max_crashes: int = 3,
    held: tuple[str, ...] = (),
    **how: Any,  # noqa: ANN401 - Take's
) -> list[Claim]:
    """What a worker's take gives."""
    claims: list[Claim] = []
    for queue in queues:
        facts: dict[str, Any] = {"worker": worker, "max_crashes": max_crashes, "mode": mode, "held": held, **how}
        taken = await broker.take(Take(queue=queue, count=limit - len(claims), **facts))
        claims += taken.claims
    return claims


async def cursor(broker: Broker, queue: str = "default") -> bytes:
    """Where to wait for more, as a take that finds nothing tells."""
    taken = await broker.take(Take(queue=queue, worker="w1", count=1, max_crashes=3))
    assert taken.claims == []
    return taken.cursor


async def take_one(broker: Broker, **how: Any) -> Claim:  # noqa: ANN401
    """The one claim that a take gives."""
    (claim,) = await take(broker, **how)
    return claim


def ended(claim: Claim, outcome: str = "succeeded", body: bytes = b'"done"', **more: Any) -> Settlement:  # noqa: ANN401
    """An end of the claim, as the executor would hand it in."""
    if outcome in ("failed", "cancelled", "retry"):
        body = ERROR
    return Settlement(claim.id, claim.token, claim.stream, claim.entry, outcome, body, **more)


async def settle(broker: Broker, claim: Claim, outcome: str = "succeeded", **more: Any) -> int:  # noqa: ANN401
    """Settle one claim; the script's code."""
    (code,) = await broker.settle([ended(claim, outcome, **more)])
    return code


def checkpoint(claim: Claim, name: str = "design", value: bytes = b"v\x01", **more: Any) -> Record:  # noqa: ANN401
    """A step's value, as the context would write it."""
    facts: dict[str, Any] = {"event": "step.completed", "target": "steps", "field": name, "value": value}
    facts |= {"progress": 50.0, "serial": next(_SERIALS), **more}
    return Record(id=claim.id, token=claim.token, **facts)


async def field(broker: Broker, job_id: str, name: str) -> str:
    """A field of the job's record; empty where it is absent."""
    value = await raw(broker).hget(broker.keys.job(job_id), name)
    return (value or b"").decode()


async def entries(
    broker: Broker, queue: str = "default", priority: Priority = Priority.NORMAL, tenant: str = "default"
) -> list[str]:
    """The ids of the jobs in a line's stream, claimed or not."""
    rows = await raw(broker).xrange(broker.keys.queue(queue, priority, tenant))
    return [fields[b"job"].decode() for _, fields in rows]


async def pending(broker: Broker, queue: str = "default", priority: Priority = Priority.NORMAL) -> int:
    """How many entries of a queue's stream are claimed and not acked."""
    line = broker.keys.queue(queue, priority)
    if not await raw(broker).exists(line):
        return 0
    found = await raw(broker).xpending(line, "workers")
    return int(found["pending"])


async def scheduled(broker: Broker) -> list[str]:
    """The ids of the jobs that wait for their time."""
    return [member.decode() for member in await raw(broker).zrange(broker.keys.scheduled, 0, -1)]


async def dump(broker: Broker) -> dict[str, object]:
    """All of Redis: each key with everything in it, pending lists and consumers included."""
    keys = sorted(await raw(broker).keys("*"))
    return {key.decode(): await _content(broker, key) for key in keys}


async def _content(broker: Broker, key: bytes) -> object:
    client = raw(broker)
    kind = (await client.type(key)).decode()
    readers = {
        "hash": lambda: client.hgetall(key),
        "list": lambda: client.lrange(key, 0, -1),
        "set": lambda: client.smembers(key),
        "zset": lambda: client.zrange(key, 0, -1, withscores=True),
        "string": lambda: client.get(key),
        "stream": lambda: _stream(client, key),
    }
    return kind, await readers[kind](), await client.execute_command("EXPIRETIME", key)


async def _stream(client: Any, key: bytes) -> object:  # noqa: ANN401 - as raw
    groups = await client.xinfo_groups(key)
    waiting = [await client.xpending_range(key, group["name"], "-", "+", 1000) for group in groups]
    owners = [[(row["message_id"], row["consumer"]) for row in rows] for rows in waiting]  # idle time passes by itself
    return await client.xrange(key), groups, owners
