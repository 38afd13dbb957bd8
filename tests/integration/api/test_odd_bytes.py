"""Bytes that are no text, in every place of a request: refused like anything else that is wrong, never an error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import anyio
import pytest
from structlog.testing import capture_logs

from streamforge.broker.broker import Broker
from tests.integration.api.gate import Gate, opened

ODD = [b"\xe9", b"a.b.1.\xe9", b"\xff" * 50, b"a." * 3 + b"\xc3\x28", "é".encode(), b"%ff", b"\xed\xa0\x80", b"=;\xe9,"]
HEADERS = [
    b"Authorization",
    b"Accept",
    b"Accept-Encoding",
    b"Connection",
    b"Content-Encoding",
    b"Content-Range",
    b"Content-Type",
    b"Cookie",
    b"Expect",
    b"Forwarded",
    b"Host",
    b"Idempotency-Key",
    b"If-Modified-Since",
    b"If-None-Match",
    b"If-Range",
    b"Last-Event-ID",
    b"Origin",
    b"Range",
    b"Sec-Fetch-Site",
    b"Sec-WebSocket-Key",
    b"Transfer-Encoding",
    b"Upgrade",
    b"X-Forwarded-Proto",
    b"X-Requested-With",
    b"traceparent",
]
TARGETS = [
    b"/api/v1/me",
    b"/api/v1/jobs",
    b"/api/v1/events?last_event_id=%s",
    b"/api/v1/jobs/%s",
    b"/api/v1/status/%s",
    b"/api/v1/jobs?cursor=%s",
    b"/api/v1/jobs?q=%s&%s=1",
    b"/api/v1/dead/%s",
    b"/api/v1/dead?cursor=%s",
    b"/api/v1/kinds/%s",
    b"/api/v1/kits/%s",
    b"/api/v1/queues/%s/pause",
    b"/api/v1/accounts/%s",
    b"/api/v1/artifacts/done/%s",
    b"/api/v1/artifacts/done/a?signature=%s&expires=1&version=x",
    b"/api/v1/artifacts/done/a?signature=x&expires=1&version=%s",
    b"/api/v1/artifacts/done/%s?signature=x&expires=9999999999999&version=y",
    b"/api/v1/jobs/open/uploads/%s",
    b"/api/v1/webhooks/%s/deliveries",
    b"/api/v1/events?ticket=%s",
    b"/api/v1/ws?ticket=%s",
    b"/static/%s",
    b"/%s",
]


@pytest.fixture(params=["auto", "always"])
async def gate(broker: Broker, request: pytest.FixtureRequest) -> AsyncIterator[Gate]:
    """A server with and without keys, with a job that is done, and pages of every origin let in."""
    async with opened(Gate(broker, auth=request.param, cors_origins=("*",))) as made:
        await made.finished("done", {"a": b"x"})
        await made.submit("open", "acme", "a")
        yield made


async def answer_of(gate: Gate, said: bytes) -> bytes:
    """What the server says to these bytes, up to the answer's head; nothing where it only closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gate.server.port)
    try:
        writer.write(said)
        with anyio.fail_after(10):
            return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    finally:
        writer.close()


def is_in_order(answer: bytes) -> bool:
    """Whether it is one that a client can make something of."""
    return not answer or (answer.startswith(b"HTTP/1.") and answer[9:10] in b"1234")


async def test_headers_of_odd_bytes(gate: Gate) -> None:
    """Every header that anybody reads, with every kind of odd value, on paths that read it."""
    key = (await gate.key()).encode()
    api = b"/api/v1/"
    targets = [b"GET %sme", b"GET %sartifacts/done/a", b"POST %sjobs", b"PUT %sjobs/open/uploads/a"]
    with capture_logs() as lines:
        for target in (target % api for target in targets):
            for name in HEADERS:
                for value in (b"streamforge_session=" + odd if name == b"Cookie" else odd for odd in ODD):
                    own = b"" if name in (b"Authorization", b"Cookie") else b"Authorization: Bearer " + key + b"\r\n"
                    host = b"" if name == b"Host" else b"Host: localhost\r\n"
                    said = b"%s HTTP/1.1\r\n%s%s%s: %s\r\nContent-Length: 0\r\n\r\n" % (target, host, own, name, value)
                    answer = await answer_of(gate, said)
                    assert is_in_order(answer), (target, name, value, answer)
    assert [line["event"] for line in lines if line["event"] == "http_failed"] == []


async def test_paths_and_queries_of_odd_bytes(gate: Gate) -> None:
    """The same for every part of an address, raw and as percent signs."""
    key = (await gate.key("*")).encode()
    with capture_logs() as lines:
        for target in TARGETS:
            for odd in (*ODD, b"%ed%a0%80", b"%00", b"\\", b"a" * 300, b"9" * 40 + b"-1"):
                for method in (b"GET", b"POST"):
                    path = target.replace(b"%s", odd)
                    ticket = b"" if b"ticket" in target or b"signature" in target else b"Authorization: Bearer " + key
                    said = b"%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n%s\r\n\r\n" % (
                        method,
                        path,
                        ticket or b"X: y",
                    )
                    answer = await answer_of(gate, said)
                    assert is_in_order(answer), (method, path, answer)
    assert [line["event"] for line in lines if line["event"] == "http_failed"] == []
