"""Bodies: how much of one is read where, who is asked for one at all, and how much this process holds of all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from streamforge.broker.broker import Broker
from streamforge.ops import metrics
from streamforge.testing.waiting import until
from tests.integration.api.gate import Gate, opened

JOBS = "/api/v1/jobs"
KIB = 1024


@pytest.fixture
async def gate(broker: Broker) -> AsyncIterator[Gate]:
    """A server that asks for keys, and holds little at one time."""
    async with opened(Gate(broker, auth="always", max_body_bytes=200 * KIB, max_bodies_bytes=300 * KIB)) as made:
        yield made


@asynccontextmanager
async def connected(gate: Gate) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection on which anything can be said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gate.server.port)
    try:
        with anyio.fail_after(15):
            yield reader, writer
    finally:
        writer.close()


def head(method: str, path: str, length: int, *headers: str) -> bytes:
    """A request's head that announces a body of JSON."""
    own = ("Host: localhost", "Content-Type: application/json", f"Content-Length: {length}")
    return "\r\n".join((f"{method} {path} HTTP/1.1", *own, *headers, "", "")).encode()


def held() -> float:
    """Bytes of bodies that the server holds now."""
    return metrics.REGISTRY.get_sample_value("streamforge_http_body_bytes") or 0.0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/session"),
        ("POST", "/api/v1/keys"),
        ("POST", "/api/v1/webhooks"),
        ("POST", f"{JOBS}/j/cancel"),
        ("POST", "/api/v1/accounts/acme/credits"),
    ],
)
async def test_small_requests_have_small_bodies(gate: Gate, method: str, path: str) -> None:
    """What brings no job and no kit is refused by its announcement, and in chunks as soon as it is too much."""
    await gate.submit("j")
    key = f"Authorization: Bearer {await gate.key('*')}"
    async with connected(gate) as (reader, writer):
        writer.write(head(method, path, 20 * KIB, key))
        assert b" 413 " in await reader.readline()
    chunked = head(method, path, 1, key, "Transfer-Encoding: chunked").replace(b"Content-Length: 1\r\n", b"")
    async with connected(gate) as (reader, writer):
        writer.write(chunked + b"5000\r\n" + b" " * 0x5000 + b"\r\n")
        assert b" 413 " in await reader.readline()


@pytest.mark.parametrize("key", [False, True], ids=["stranger", "caller"])
async def test_a_body_is_asked_for_after_the_guard(gate: Gate, key: bool) -> None:
    """A sender that waits for leave gets it once he may call; a stranger is refused without having sent a byte."""
    body = b'{"kind":"banner","input":{"prompt":"x"}}'
    own = (f"Authorization: Bearer {await gate.key()}",) if key else ()
    async with connected(gate) as (reader, writer):
        writer.write(head("POST", JOBS, len(body), "Expect: 100-continue", *own))
        first = await reader.readline()
        assert first == (b"HTTP/1.1 100 Continue\r\n" if key else b"HTTP/1.1 401 Unauthorized\r\n")
        if key:
            assert await reader.readline() == b"\r\n"
            writer.write(body)
            assert await reader.readline() == b"HTTP/1.1 202 Accepted\r\n"


@pytest.mark.parametrize(("method", "path", "status"), [("POST", "/nowhere", "404"), ("PATCH", JOBS, "405")])
async def test_nobody_asks_for_a_body_that_leads_nowhere(gate: Gate, method: str, path: str, status: str) -> None:
    """Who waits for leave to send a body to what is not there is told that, and nothing before it."""
    async with connected(gate) as (reader, writer):
        writer.write(head(method, path, KIB, "Expect: 100-continue"))
        assert (await reader.readline()).split()[1].decode() == status


async def test_what_all_bodies_hold_is_bounded(gate: Gate) -> None:
    """Beyond the bound a sender is told to come back, 503; the others end as they would, and then there is room."""
    key = await gate.key()
    auth = f"Authorization: Bearer {key}"
    async with connected(gate) as (slow, slow_writer), connected(gate) as (late, late_writer):
        slow_writer.write(head("POST", JOBS, 180 * KIB, auth) + b" " * (150 * KIB))
        await until(lambda: held() >= 150 * KIB, "the first is held")
        late_writer.write(head("POST", JOBS, 180 * KIB, auth) + b" " * (170 * KIB))
        answer = await late.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: " in answer
        assert (await late.read()).find(b'"code":"bodies_full"') >= 0
        slow_writer.write(b" " * (30 * KIB))
        assert b" 422 " in await slow.readline()
    await until(lambda: not held(), "nothing is held")
    assert (await gate.call("POST", JOBS, key, body={"kind": "banner", "input": {"prompt": "x"}})).status == 202


async def test_an_upload_counts_while_it_comes(broker: Broker) -> None:
    """Files are bodies, too: what is held of them has room in the same bound, and is given back at their end."""
    async with opened(Gate(broker, max_bodies_bytes=100 * KIB, max_body_bytes=1 * KIB)) as gate:
        await gate.submit("open", "acme", "a", "b")
        path = f"{JOBS}/open/uploads"
        png = b"\x89PNG\r\n\x1a\n"
        assert (await gate.call("PUT", f"{path}/a", data=png + b"x" * 50 * KIB)).status == 200
        assert (await gate.call("PUT", f"{path}/b", data=png + b"x" * 200 * KIB)).status == 503
        assert (await gate.call("PUT", f"{path}/b", data=png)).status == 200
    assert not held()
