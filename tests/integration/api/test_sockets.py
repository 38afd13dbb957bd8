"""WebSockets: the same events as the streams, resumed in the same way, and clients that do not keep to the rules."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from streamforge.broker.broker import Broker
from streamforge.testing.waiting import until
from tests.integration.api.live_site import LiveSite, run_job, said
from tests.integration.moves import settle, submit, take_one


@pytest.fixture
async def site(broker: Broker, tmp_path: Path) -> AsyncIterator[LiveSite]:
    """A server with a hub."""
    async with LiveSite(broker, tmp_path) as site:
        yield site


async def told(socket: aiohttp.ClientWebSocketResponse, last: str = "end") -> list[dict[str, Any]]:
    """The documents up to the first of that type."""
    found: list[dict[str, Any]] = []
    while not found or found[-1]["type"] != last:
        found.append(json.loads((await socket.receive(timeout=10)).data))
    return found


async def closing(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """The code that the server closes with."""
    while not socket.closed:
        await socket.receive(timeout=10)
    return socket.close_code


async def test_a_job_is_followed_to_its_end(site: LiveSite) -> None:
    """The documents are those of the stream of server-sent events, and the connection closes after the last."""
    broker = site.broker
    await submit(broker)
    socket, stream = await site.connect("/api/v1/jobs/job-1/ws"), await site.listen_to("job-1")
    claim = await take_one(broker)
    await broker.record(said(claim, "hi"))
    await settle(broker, claim)
    documents = await told(socket)
    assert await closing(socket) == 1000
    await stream.ended()
    assert documents[:-1] == [message.data for message in stream.seen[:-1]]
    assert documents[-1]["data"] == {"reason": "job_ended"}


async def test_a_client_goes_on_where_it_was(site: LiveSite) -> None:
    """With an event id in the address, or in its first message where it announced one, it gets what came after."""
    await run_job(site.broker, "job-1", lines=2)
    events = [event.id for event in await site.store.events_since("job-1")]
    by_address = await site.connect(f"/api/v1/jobs/job-1/ws?last_event_id={events[1]}")
    by_message = await site.connect("/api/v1/jobs/job-1/ws?resume=message")
    await by_message.send_json({"last_event_id": events[1]})
    whole = await site.connect("/api/v1/ws?last_event_id=0")
    for socket in (by_address, by_message):
        assert [document["id"] for document in await told(socket)][:-1] == events[2:]
    assert [document["id"] for document in await told(whole, "job.succeeded")] == events


async def test_pings_are_answered(site: LiveSite) -> None:
    """A ping of the protocol and the word ``ping`` are both answered, among the events."""
    socket = await site.connect("/api/v1/ws", autoping=False)
    await socket.ping(b"are you there")
    await socket.send_str("ping")
    answers = [await socket.receive(timeout=10) for _ in range(2)]
    assert [answer.type for answer in answers] == [WSMsgType.PONG, WSMsgType.TEXT]
    assert [answer.data for answer in answers] == [b"are you there", "pong"]


async def test_a_silent_client_is_dropped(broker: Broker, tmp_path: Path) -> None:
    """A client that answers no heartbeat is taken for gone."""
    async with LiveSite(broker, tmp_path, heartbeat_s=0.1) as site:
        socket = await site.connect("/api/v1/ws", autoping=False)
        await until(lambda: site.hub.listeners() == 1, "it listens")
        await until(lambda: site.hub.listeners() == 0, "it is dropped")
        assert not socket.closed


@pytest.mark.parametrize("flood", ["text", "ping", "pong"])
async def test_a_flood_is_shut_out(site: LiveSite, flood: str) -> None:
    """Thousands of messages, of whatever sort, end the connection with 1008; others go on being served."""
    other = await site.listen()
    socket = await site.connect("/api/v1/ws", autoping=False)
    send = {"text": lambda: socket.send_str("ping"), "ping": socket.ping, "pong": socket.pong}[flood]
    try:
        for _ in range(5000):
            await send()
    except (ConnectionError, aiohttp.ClientError):
        pass
    assert await closing(socket) in (1008, 1006)
    await until(lambda: site.hub.listeners() == 1, "it is gone")
    await submit(site.broker)
    await other.until(lambda it: it.types == ["job.queued"], "the other's event")


async def test_a_flood_is_told_why(site: LiveSite) -> None:
    """A client a little over the limit reads the code 1008."""
    socket = await site.connect("/api/v1/ws")
    for _ in range(62):
        await socket.send_str("ping")
    assert await closing(socket) == 1008


@pytest.mark.parametrize(
    ("path", "send", "code"),
    [
        ("/api/v1/ws", "x" * 5000, 1009),
        ("/api/v1/ws", "hello", 1008),
        ("/api/v1/ws?resume=message", '{"last_event_id": "soon"}', 1008),
        ("/api/v1/ws?resume=message", "[[[[", 1008),
        ("/api/v1/ws", b"\x00\x01", 1008),
    ],
)
async def test_bad_messages_end_it(site: LiveSite, path: str, send: str | bytes, code: int) -> None:
    """A message too long, of no meaning or no text closes the connection with the code that says so."""
    socket = await site.connect(path)
    await (socket.send_bytes(send) if isinstance(send, bytes) else socket.send_str(send))
    assert await closing(socket) == code
    await until(lambda: site.hub.listeners() == 0, "nobody listens")


async def test_a_server_that_stops_closes(broker: Broker, tmp_path: Path) -> None:
    """At a daemon's end the client reads ``stopping`` and 1001."""
    async with LiveSite(broker, tmp_path) as site:
        socket = await site.connect("/api/v1/ws")
        await until(lambda: site.hub.listeners() == 1, "it listens")
        stopping = asyncio.get_running_loop().create_task(site.stop())
        assert (await told(socket))[-1]["data"] == {"reason": "stopping"}
        assert await closing(socket) == 1001
        await stopping


@pytest.mark.parametrize("path", ["/api/v1/ws", "/api/v1/jobs/job-1/ws"])
async def test_plain_requests_are_told(site: LiveSite, path: str) -> None:
    """Who asks with plain HTTP is told what this address speaks."""
    await submit(site.broker)
    async with site.session.get(site.server.url + path) as response:
        assert (response.status, (await response.json())["code"]) == (426, "upgrade_required")


async def test_another_sites_page_is_refused(site: LiveSite) -> None:
    """A page of another origin cannot have its visitor's browser read the events of this machine."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await site.connect("/api/v1/ws", headers={"Origin": "https://evil.example"})
    assert refusal.value.status == 403
    own = await site.connect("/api/v1/ws", headers={"Origin": site.server.url})
    assert not own.closed
