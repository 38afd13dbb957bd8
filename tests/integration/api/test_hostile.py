"""What nobody should send: the server refuses it early, holds little of it, says nothing of it, and goes on."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import anyio
import pytest
from structlog.testing import capture_logs

from streamforge.broker.broker import Broker
from tests.integration.api.gate import Gate, opened

GB = 1_000_000_000
JOBS = "/api/v1/jobs"


@pytest.fixture
async def gate(broker: Broker) -> AsyncIterator[Gate]:
    """A server with short patience."""
    async with opened(Gate(broker, idle_timeout_s=1.0, body_timeout_s=1.0, max_body_bytes=8 * 1024 * 1024)) as made:
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


def head(method: str, path: str, *headers: str) -> bytes:
    """A request's head."""
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", "")).encode()


async def status_of(reader: asyncio.StreamReader) -> int:
    """The status of the answer that comes; 0 where the connection is closed instead."""
    line = await reader.readline()
    return int(line.split()[1]) if line else 0


async def is_well(gate: Gate) -> bool:
    """Whether the server answers others."""
    return (await gate.get("/healthz")).status == 200


@pytest.mark.parametrize(
    ("method", "path", "content_type"),
    [
        ("POST", JOBS, "application/json"),
        ("POST", "/api/v1/generate", "application/json"),
        ("POST", f"{JOBS}/batch", "application/json"),
        ("PUT", "/api/v1/kits/k", "application/json"),
        ("POST", "/api/v1/session", "application/json"),
        ("PUT", f"{JOBS}/open/uploads/a", "image/png"),
    ],
)
async def test_a_gigabyte_is_refused_by_its_announcement(gate: Gate, method: str, path: str, content_type: str) -> None:
    """413 comes before a single byte of the body is sent."""
    await gate.submit("open", "acme", "a")
    async with connected(gate) as (reader, writer):
        writer.write(head(method, path, f"Content-Type: {content_type}", f"Content-Length: {GB}"))
        assert await status_of(reader) == 413
    assert await is_well(gate)


@pytest.mark.parametrize(("method", "path"), [("POST", JOBS), ("PUT", f"{JOBS}/open/uploads/a")])
async def test_a_body_without_end_is_cut_off(broker: Broker, method: str, path: str) -> None:
    """Of what comes in chunks no more than the limit is taken; then the connection is closed to the rest."""
    async with opened(Gate(broker, max_body_bytes=100_000, upload_max_bytes=100_000)) as gate:
        await gate.submit("open", "acme", "a")
        sent = 0
        async with connected(gate) as (reader, writer):
            writer.write(head(method, path, "Content-Type: application/json", "Transfer-Encoding: chunked"))
            piece = b"4000\r\n" + b'"' * 0x4000 + b"\r\n"
            answer = asyncio.ensure_future(status_of(reader))
            try:
                while sent < GB and not answer.done():
                    writer.write(piece)
                    await writer.drain()
                    sent += len(piece)
            except ConnectionError:
                pass
            assert await answer == 413
        assert sent < 100_000_000
        assert await is_well(gate)


@pytest.mark.parametrize(
    "said",
    [b"", b"GET /healthz HTT", head("GET", "/healthz")[:-2], b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: "],
    ids=["nothing", "a line", "no end", "half a header"],
)
async def test_who_never_finishes_a_head_is_left(gate: Gate, said: bytes) -> None:
    """The connection is closed from this side, however little is said at a time."""
    async with connected(gate) as (reader, writer):
        writer.write(said)
        while not reader.at_eof():
            writer.write(b"x" if said.endswith(b"X: ") else b"")
            with anyio.move_on_after(0.1):
                if not await reader.read(100):
                    break
    assert await is_well(gate)


@pytest.mark.parametrize(("method", "path"), [("POST", JOBS), ("PUT", f"{JOBS}/open/uploads/a")])
async def test_who_never_finishes_a_body_is_left(
    gate: Gate, method: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """408, and the connection is closed."""
    monkeypatch.setattr("streamforge.api.uploads.IDLE_S", 0.5)
    await gate.submit("open", "acme", "a")
    async with connected(gate) as (reader, writer):
        writer.write(head(method, path, "Content-Type: application/json", "Content-Length: 1000") + b"{")
        assert await status_of(reader) == 408
        while await reader.read(1000):
            pass
    assert await is_well(gate)


@pytest.mark.parametrize(
    "headers",
    [
        [f"X-Long: {'a' * 100_000}"],
        [f"X-{number}: {'b' * 100}" for number in range(20_000)],
        [f"Cookie: {'; '.join(f'c{number}=d' for number in range(2000))}"],
        [f"Authorization: Bearer {'e' * 7000}"],
        [f"Range: bytes={'0-1,' * 1500}"],
        ["If-None-Match: " + '"f",' * 1500],
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Content-Length: -1"],
        ["Content-Length: 1", "Content-Length: 2"],
        [f"X-{'n' * 9000}: v"],
        ["X: a\x00b"],
        ["Expect: 200-ok"],
    ],
    ids=[
        "long",
        "many",
        "cookies",
        "key",
        "ranges",
        "tags",
        "smuggled",
        "negative",
        "two lengths",
        "name",
        "nul",
        "expect",
    ],
)
async def test_headers_out_of_measure_are_refused(gate: Gate, headers: list[str]) -> None:
    """An answer of ours or a closed connection; never an error of the server's own, and never a wait."""
    async with connected(gate) as (reader, writer):
        try:
            writer.write(head("GET", "/api/v1/artifacts/a/b", *headers))
            await writer.drain()
            status = await status_of(reader)
        except ConnectionError:
            status = 0
        assert status < 500
        assert status != 200
    assert await is_well(gate)


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    """Brackets within brackets."""
    return (opening * depth + closing * depth).encode()


@pytest.mark.parametrize(
    "data",
    [
        nested(100_000),
        nested(100_000, '{"a":', "}"),
        b'{"kind":"banner","input":' + nested(50_000) + b"}",
        b'{"kind":"banner","input":{"prompt":"x","more":' + nested(50_000, '{"a":', "}") + b"}}",
        b'{"kind":"banner","input":{"prompt":' + b"9" * 1_000_000 + b"}}",
        b'{"kind":"banner","input":{"prompt":1e999999}}',
        b'{"kind":"banner","input":{' + b",".join(b'"k%d":1' % n for n in range(60_000)) + b"}}",
        b'{"kind":"banner","input":{"prompt":"x"},"priority":' + b'"' + b"p" * 1_000_000 + b'"}',
        b'{"kind":"\\ud800","input":{"prompt":"x"}}',
        b'{"kind":"banner","input":{"prompt":"x"},"files":' + json.dumps([{"name": "a"}] * 50_000).encode() + b"}",
        b"\xff\xfe{",
        b"nul",
        b"",
    ],
    ids=lambda data: f"{data[:40]!r} and {len(data)} bytes",
)
async def test_json_bombs_are_refused(gate: Gate, data: bytes) -> None:
    """422 with a short answer, whatever its depth, its width or its numbers; nothing is queued."""
    for path in (JOBS, "/api/v1/generate", f"{JOBS}/batch"):
        answer = await gate.call("POST", path, data=data, Content_Type="application/json")
        assert answer.status in (202, 422) if path.endswith("batch") else answer.status == 422, answer.body[:300]
        assert len(answer.body) < 2000
    assert (await gate.get(JOBS)).json["items"] == []
    assert await is_well(gate)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/artifacts/../../../etc/passwd",
        "/api/v1/artifacts/%2e%2e/%2e%2e",
        "/api/v1/artifacts/a%2f..%2f../b",
        "/static/../front.py",
        "/static/..%2f..%2ffront.py",
        "/static/%2e%2e/front.py",
        "/static/x/..%2f..%2f..%2fserver.py",
        "/static//etc/passwd",
        "/api/v1/kits/..%2f..%2fsigning",
        "/api/v1/jobs/..%2f..%2fapikeys",
        "/api/v1/jobs/*",
        "/api/v1/jobs/a%00b",
        "//evil.example/%2e%2e",
        "/%5c%5cevil.example",
        "http://evil.example/api/v1/me",
        "*",
    ],
)
async def test_no_path_leads_outside(gate: Gate, path: str) -> None:
    """Dots, slashes and other people's hosts find nothing, and redirect nobody."""
    async with connected(gate) as (reader, writer):
        writer.write(head("GET", path, "Connection: close"))
        answer = await reader.read()
    status = int(answer.split()[1]) if answer else 0
    assert status in (0, 400, 403, 404, 405, 421, 422), answer[:300]
    assert b"root:" not in answer
    assert b"import annotations" not in answer
    assert b"Location" not in answer
    assert await is_well(gate)


async def test_a_flooded_socket_is_closed(gate: Gate) -> None:
    """A client that talks without end is cut off; others are served meanwhile."""
    async with gate.session.ws_connect(f"{gate.server.url}/api/v1/ws") as socket:
        with anyio.fail_after(15):
            try:
                for _ in range(100_000):
                    await socket.send_str("x" * 1000)
                    if socket.closed:
                        break
            except (aiohttp.ClientError, ConnectionError):
                pass
            while (await socket.receive()).type not in (
                aiohttp.WSMsgType.CLOSE,
                aiohttp.WSMsgType.CLOSED,
                aiohttp.WSMsgType.ERROR,
            ):
                pass
    assert await is_well(gate)


async def test_a_page_elsewhere_opens_no_socket(gate: Gate) -> None:
    """A WebSocket is read by whoever opens it, so one of another origin is refused where no key is asked for."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await gate.session.ws_connect(f"{gate.server.url}/api/v1/ws", origin="https://evil.example")
    assert caught.value.status == 403


async def test_secrets_are_never_logged(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    """Keys, cookies, tickets, links, prompts and files show in no line of any log, also where a request is broken."""
    planted = "PLANTED" + "a" * 33
    caplog.set_level(logging.DEBUG)
    async with opened(Gate(broker, auth="always")) as gate:
        with capture_logs() as lines:
            await misbehave(gate, planted)
            key = await gate.key("acme")
            brief: dict[str, Any] = {"kind": "banner", "input": {"prompt": planted}}
            assert (await gate.call("POST", JOBS, key, body=brief)).status == 202
            assert (await gate.call("POST", "/api/v1/session", body={"key": key})).status == 200
            link = (await gate.call("POST", "/api/v1/session/ticket", key)).json["ticket"]
            await gate.get(f"/api/v1/me?ticket={link}", key)
            await gate.call("POST", f"/api/v1/keys/{key.split('_')[1]}/rotate", key, body={})
        secret = key.split("_")[2]
    said = repr(lines) + caplog.text
    assert "api_key_created" in said
    assert [word for word in (planted, secret, link) if word in said] == []


async def misbehave(gate: Gate, planted: str) -> None:
    """Send a secret in every place, each time in a request that fails."""
    token = f"sf_{'a' * 12}_{planted}"
    await gate.get("/api/v1/me", token)
    await gate.get("/api/v1/me", Cookie=f"streamforge_session={planted}.{planted}.1.{planted}")
    await gate.get(f"/api/v1/events?ticket={planted}")
    await gate.get(f"/api/v1/artifacts/j/f?signature={planted}&expires=1&version={planted}")
    await gate.call("POST", "/api/v1/session", body={"key": token})
    await gate.call("POST", "/api/v1/session", data=planted.encode(), Content_Type="application/json")
    broken = [
        head("GET", f"/api/v1/events?ticket={planted} x", "X: y"),
        head("GET", "/api/v1/me", f"Authorization: Bearer {planted}\x00"),
        head("GET", "/api/v1/me", f"Authorization {planted}"),
        head("GET", "/api/v1/me", f"Authorization: Bearer {planted * 400}"),
        head("POST", "/api/v1/session", "Content-Type: application/json", "Transfer-Encoding: chunked")
        + planted.encode(),
    ]
    for said in broken:
        async with connected(gate) as (reader, writer):
            writer.write(said + b"\r\n\r\n")
            writer.write_eof()
            await reader.read()
