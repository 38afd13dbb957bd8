"""What stands before every handler: limits on how often, how much and how slowly; what browsers are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from streamforge.api.rates import Rates
from streamforge.broker.broker import Broker
from tests.integration.api.gate import Gate, opened
from tests.integration.moves import raw, submit

ORIGIN = "https://app.example.com"


@pytest.fixture
async def gate(broker: Broker) -> AsyncIterator[Gate]:
    """A server that pages of one other origin may call."""
    async with opened(Gate(broker, auth="always", cors_origins=(ORIGIN,), body_timeout_s=0.2)) as made:
        yield made


@pytest.fixture
async def limited(broker: Broker) -> AsyncIterator[Gate]:
    """A server that gives each key six requests a minute, three of them at once."""
    gate = Gate(broker, auth="always", requests_per_minute=6, request_burst=3)
    gate.front = replace(gate.front, rates=Rates(broker, gate.settings))
    gate.serve()
    async with opened(gate) as made:
        yield made


async def test_too_many_requests_are_turned_away(limited: Gate) -> None:
    """As many as may come at once pass, each told what is left; the next is 429 and says when to come back."""
    key = await limited.key()
    for left in (2, 1, 0):
        passed = await limited.get("/api/v1/kinds", key)
        assert (passed.status, passed.headers["RateLimit-Policy"]) == (200, '"requests";q=6;w=60')
        assert passed.headers["RateLimit"].startswith(f'"requests";r={left};t=')
    refused = await limited.get("/api/v1/kinds", key)
    assert (refused.status, refused.json["code"]) == (429, "too_many_requests")
    assert 1 <= int(refused.headers["Retry-After"]) <= 10
    assert (await limited.get("/api/v1/kinds", await limited.key("other"))).status == 200


async def test_links_have_a_bucket_of_their_own(limited: Gate) -> None:
    """Whoever fetches a tenant's links too often is turned away from these, and nobody else is from anything."""
    for tenant in ("acme", "other"):
        await limited.finished(f"job-{tenant}", {"a.png": b"x"}, tenant)
    keys = {tenant: await limited.key(tenant) for tenant in ("acme", "other")}
    path = "/api/v1/artifacts/job-{}/a.png/link"
    links = {
        tenant: (await limited.call("POST", path.format(tenant), key, body={})).json["url"]
        for tenant, key in keys.items()
    }
    assert [(await limited.get(links["acme"])).status for _ in range(4)] == [200, 200, 200, 429]
    assert (await limited.get(links["other"])).status == 200
    assert (await limited.get("/api/v1/kinds", keys["acme"])).status == 200


async def test_probes_are_not_counted(limited: Gate) -> None:
    """What asks for no key is answered however often; so is what leads nowhere."""
    for _ in range(5):
        assert (await limited.get("/healthz")).status == 200
        assert (await limited.get("/nowhere")).status == 404


async def test_a_rate_is_earned_back(broker: Broker) -> None:
    """Each interval pays off one request; nobody saves up more than the burst; what is kept goes by itself."""
    first = await broker.take_room("k", 1000.0, 2)
    assert (first.is_there, first.left) == (True, 1)
    assert (await broker.take_room("k", 1000.0, 2)).left == 0
    refused = await broker.take_room("k", 1000.0, 2)
    assert (refused.is_there, refused.left) == (False, 0)
    assert 0 < refused.wait_ms <= 1000
    key = broker.keys.rate("k")
    assert 1000 < await raw(broker).pttl(key) <= 2000
    paid_off = float(await raw(broker).get(key))
    await raw(broker).set(key, f"{paid_off - 1000:.3f}", px=5000)  # a second later
    assert (await broker.take_room("k", 1000.0, 2)).is_there
    assert not (await broker.take_room("k", 1000.0, 2)).is_there
    await raw(broker).delete(key)  # as it is after a long rest
    assert (await broker.take_room("k", 1000.0, 2)).left == 1


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/kinds", "/nowhere", "/docs", "/api/v1/status/none"])
async def test_every_answer_guards_its_page(gate: Gate, path: str) -> None:
    """Good and bad ones: no sniffing, no frames, no scripts but a page's own; nothing of the server's make."""
    told = await gate.get(path)
    assert told.headers["X-Content-Type-Options"] == "nosniff"
    assert told.headers["X-Frame-Options"] == "DENY"
    assert told.headers["Referrer-Policy"] == "no-referrer"
    assert told.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert told.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert told.headers["Server"] == "streamforge"
    assert (told.headers.get("Cache-Control") == "no-store") is path.startswith("/api/")


async def test_pages_of_listed_origins_may_read(gate: Gate) -> None:
    """The origin is named back, errors too, and which headers it may see; another origin is told nothing."""
    key = await gate.key()
    for path, status in (("/api/v1/kinds", 200), ("/api/v1/kinds/none", 404)):
        told = await gate.get(path, key, Origin=ORIGIN)
        assert (told.status, told.headers["Access-Control-Allow-Origin"]) == (status, ORIGIN)
        assert "Origin" in told.headers["Vary"]
        assert "RateLimit" in told.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in told.headers
    assert "Access-Control-Allow-Origin" not in (await gate.get("/healthz", Origin="https://evil.example")).headers
    assert "Access-Control-Allow-Origin" not in (await gate.get("/healthz")).headers


async def test_browsers_ask_beforehand(gate: Gate) -> None:
    """A preflight needs no key: 204 with what is allowed for a listed origin, 403 for another; else OPTIONS is 405."""
    ask = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "idempotency-key"}
    allowed = await gate.call("OPTIONS", "/api/v1/jobs", Origin=ORIGIN, **ask)
    assert (allowed.status, allowed.headers["Access-Control-Allow-Origin"]) == (204, ORIGIN)
    assert "POST" in allowed.headers["Access-Control-Allow-Methods"]
    assert "Idempotency-Key" in allowed.headers["Access-Control-Allow-Headers"]
    refused = await gate.call("OPTIONS", "/api/v1/jobs", Origin="https://evil.example", **ask)
    assert (refused.status, refused.json["field"]) == (403, "Origin")
    assert (await gate.call("OPTIONS", "/api/v1/jobs")).status == 405


async def test_a_body_that_does_not_come_is_given_up(gate: Gate) -> None:
    """Whoever sends a head and then nothing gets 408, and his connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gate.server.port)
    key = await gate.key()
    head = f"POST /api/v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
    writer.write(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())
    answer = await asyncio.wait_for(reader.read(), 20)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"body_too_slow"' in answer
    writer.close()


async def test_a_head_that_does_not_end_is_given_up(broker: Broker) -> None:
    """A connection on which no whole head comes is closed after its time, however it is kept busy; others go on."""
    async with opened(Gate(broker, idle_timeout_s=0.3)) as gate:
        reader, writer = await asyncio.open_connection("127.0.0.1", gate.server.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        assert await asyncio.wait_for(reader.read(), 20) == b""
        writer.close()
        assert (await gate.get("/healthz")).status == 200


async def test_a_page_path_does_not_answer_for_its_neighbour(gate: Gate, broker: Broker) -> None:
    """``batch`` is no job's id: other methods on it are 405 and name its own, not those of ``/jobs/{job_id}``."""
    await submit(broker, "batch")
    refused = await gate.call("GET", "/api/v1/jobs/batch")
    assert (refused.status, refused.headers["Allow"]) == (405, "POST")
