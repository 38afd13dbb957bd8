"""What is no HTTP: refused with a problem like everything else, without the sender's words, and unlogged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import anyio
import msgspec
import pytest

from streamforge.api.problems import Problem
from streamforge.broker.broker import Broker
from tests.integration.api.gate import Gate, opened

HEAD = "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture
async def gate(broker: Broker) -> AsyncIterator[Gate]:
    """A server that asks for keys."""
    async with opened(Gate(broker, auth="always")) as made:
        yield made


async def answer_to(gate: Gate, said: str) -> tuple[str, Problem]:
    """Head and problem that come back for what is said on a connection of its own, which the server ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gate.server.port)
    try:
        with anyio.fail_after(15):
            writer.write(said.encode("latin-1"))
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            body = await reader.readexactly(int(head.lower().partition("content-length: ")[2].split("\r\n")[0]))
    finally:
        writer.close()
    return head, msgspec.json.decode(body, type=Problem)


@pytest.mark.parametrize(
    "said",
    [
        "word-of-theirs\r\n\r\n",
        "GET / HTTP/1.1\r\nword-of-theirs: a\r\nbad header: x\r\n\r\n",
        "GET http://word-of-theirs:99999999/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: localhost\r\nX: {'word-of-theirs' * 1000}\r\n\r\n",
        f"{HEAD}Content-Length: word-of-theirs\r\n\r\n",
        f"{HEAD}Transfer-Encoding: chunked\r\n\r\nword-of-theirs\r\n",
        f"{HEAD}Content-Encoding: gzip\r\nContent-Length: 14\r\n\r\nword-of-theirs",
        f"{HEAD}Content-Encoding: deflate\r\nContent-Length: 14\r\n\r\nword-of-theirs",
        f"{HEAD}Content-Encoding: zstd\r\nContent-Length: 14\r\n\r\nword-of-theirs",
    ],
)
async def test_what_is_no_request_is_a_problem(gate: Gate, said: str, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever is wrong with its first line, its head or its body's form: 400, and no log is filled by it."""
    head, problem = await answer_to(gate, said)
    assert " 400 " in head.splitlines()[0]
    assert "Content-Type: application/problem+json" in head
    assert "aiohttp" not in head
    assert problem.code == "bad_request"
    assert "word" not in problem.detail
    assert not caplog.records
