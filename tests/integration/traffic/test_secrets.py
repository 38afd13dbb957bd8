"""Keys, prompts and payloads stay where they are: nothing of them in Redis, logs, errors or metrics."""

from __future__ import annotations

import io
from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.config import LogsSettings
from streamforge.config.secret import Secret
from streamforge.errors import InputError, ProviderRefused, ProviderUnavailable, RateLimited, StreamForgeError
from streamforge.ops import logs, metrics
from streamforge.traffic.keys import KeyPool
from streamforge.traffic.limiter import Limiter
from streamforge.traffic.model import Caller, Estimate, Limits, Scope

PLANTED = ("sk-planted-key-one-000111", "sk-planted-key-two-222333", "planted prompt of a customer", "planted answer")
READ = {
    "hash": ("HGETALL",),
    "string": ("GET",),
    "zset": ("ZRANGE", 0, -1, "WITHSCORES"),
    "set": ("SMEMBERS",),
    "list": ("LRANGE", 0, -1),
    "stream": ("XRANGE", "-", "+"),
}
"""What reads all of a value, by its type."""

SCOPE = Scope("acme", "large-1")


async def everything_in(client: Any) -> str:  # noqa: ANN401 - redis-py's client
    """Every key and value of the server, in whatever type."""
    parts: list[str] = []
    for name in await client.keys("*"):
        read = READ[(await client.type(name)).decode()]
        parts.append(f"{name} {await client.execute_command(*read[:1], name, *read[1:])}")
    return "\n".join(parts)


async def use(limiter: Limiter, pool: KeyPool, number: int, status: int, error: StreamForgeError | None) -> str:
    """One call with planted words all over it; what its error says."""
    who = Caller(id=f"job-{number}:design", tenant="tenant")
    try:
        async with limiter.admitted(SCOPE, pool.candidates, Estimate(100, 100), who, patience_s=0.0) as call:
            headers = {"x-api-key": pool.reveal(call.fingerprint), "body": PLANTED[3], "retry-after": "0"}
            call.hear(status, headers)
            call.use(input_tokens=len(PLANTED[2]), output_tokens=len(PLANTED[3]))
            if error is not None:
                raise error
    except StreamForgeError as raised:
        return "" if raised is error else f"{raised!r} {raised}"
    return ""


@pytest.mark.parametrize("is_verbose", [True, False])
async def test_planted_secrets_are_nowhere(broker: Broker, is_verbose: bool) -> None:
    """After calls of every outcome, waits, parking, benching and an open circuit, no planted word is anywhere."""
    written = io.StringIO()
    logs.configure(LogsSettings(level="debug" if is_verbose else "info", format="json"), written)
    pool = KeyPool("acme", [Secret(PLANTED[0]), Secret(PLANTED[1])], Limits(requests=600, concurrent=50))
    limiter = Limiter(broker.client, broker.keys)
    ends: list[tuple[int, StreamForgeError | None]] = [
        (200, None),
        (200, ProviderUnavailable(f"cut after {PLANTED[3]}")),
        (400, InputError(PLANTED[2])),
        (500, ProviderUnavailable(PLANTED[2])),
        (429, RateLimited(PLANTED[2], retry_after_s=0.0)),
        (529, ProviderUnavailable(PLANTED[2])),
        (401, ProviderRefused(PLANTED[0])),
        (403, ProviderRefused(PLANTED[1])),
    ]
    told = [await use(limiter, pool, i, *end) for i, end in enumerate(ends * 4)]
    seen = {
        "redis": await everything_in(broker.client),
        "logs": written.getvalue(),
        "metrics": metrics.render().decode(),
        "errors": "\n".join(told) + repr(pool),
    }
    assert "limit:acme/large-1" in seen["redis"]
    assert "circuit_changed" in seen["logs"] or "key_benched" in seen["logs"]
    assert "streamforge_traffic_calls_total" in seen["metrics"]
    assert "Parked" in seen["errors"] or "NoUsableKey" in seen["errors"]
    found = {where: word for where, text in seen.items() for word in PLANTED if word in text}
    assert found == {}
