"""What listeners get through a Redis that goes away, and what a listener does that is too slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from streamforge.broker.broker import Broker
from streamforge.config import JobsSettings, RedisSettings
from streamforge.errors import BrokerUnavailable
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from tests.integration.api.live_site import Listener, LiveSite, said
from tests.integration.moves import raw, settle, submit, take_one


@pytest.fixture
async def site(own_server: TestServer, tmp_path: Path) -> AsyncIterator[LiveSite]:
    """A server with a hub over a Redis that may be killed."""
    broker = Broker(RedisSettings(socket_timeout_s=1.0), JobsSettings(), own_server.url)
    async with LiveSite(broker, tmp_path) as site:
        yield site
    await broker.close()


async def answering(broker: Broker) -> bool:
    """Whether Redis is back."""
    with suppress(BrokerUnavailable):
        await broker.ping()
        return True
    return False


async def test_streams_outlive_a_restart_of_redis(site: LiveSite, own_server: TestServer) -> None:
    """Redis is killed and comes back: streams that were open go on, and what happened in between is told once."""
    broker = site.broker
    await submit(broker)
    claim = await take_one(broker)
    one, everything = await site.listen_to("job-1"), await site.listen()
    await broker.record(said(claim, "before"))
    await everything.until(lambda it: it.types == ["job.log"], "the event before")
    await raw(broker).config_set("appendfsync", "always")
    await broker.record(said(claim, "kept"))
    own_server.kill()
    own_server.start()
    await until(lambda: answering(broker), "Redis is back")
    await broker.record(said(claim, "after"))
    await settle(broker, claim)
    assert await one.ended() == "job_ended"
    await everything.until(lambda it: it.types[-1] == "job.succeeded", "the end")
    events = [event.id for event in await site.store.events_since("job-1")]
    assert one.ids == events
    assert everything.ids == events[-4:]


async def test_an_empty_redis_ends_the_streams(site: LiveSite, own_server: TestServer) -> None:
    """Where Redis comes back without what it held, streams end with the word that they were interrupted."""
    await submit(site.broker)
    listener = await site.listen()
    await submit(site.broker, "job-2")
    await listener.until(lambda it: it.types == ["job.queued"], "an event")
    own_server.kill()
    for file in (own_server.home / "appendonlydir").iterdir():
        file.unlink()
    own_server.start()
    assert await listener.ended() == "interrupted"


async def test_nobody_waits_for_ever_while_redis_is_away(site: LiveSite, own_server: TestServer) -> None:
    """A listener that comes while Redis is away is told so as a problem, not with an empty stream."""
    await submit(site.broker)
    own_server.kill()
    listener = await site.listen_to("job-1")
    assert listener.status == 503
    own_server.start()


async def test_a_slow_listener_is_sent_away(broker: Broker, tmp_path: Path) -> None:
    """Who does not read is ended with a reason while others are served, and with the last id it misses nothing."""
    async with LiveSite(broker, tmp_path, listener_buffer_bytes=64 * 1024) as site:
        await submit(broker)
        claim = await take_one(broker)
        lazy = await site.session.get(f"{site.server.url}/api/v1/jobs/job-1/events")
        quick = await site.listen_to("job-1")
        line = "x" * 20_000
        while site.hub.listeners() and not _is_slow(site):
            await broker.record(said(claim, line))
            await quick.until(lambda it: it.seen, "the quick one reads")
        await settle(broker, claim)
        first = Listener(lazy)
        assert await first.ended() == "slow_consumer"
        rest = await site.listen_to("job-1", first.ids[-1])
        assert await rest.ended() == "job_ended"
        assert await quick.ended() == "job_ended"
        events = [event.id for event in await site.store.events_since("job-1")]
        assert quick.ids == [*first.ids, *rest.ids] == events
        await first.close()


def _is_slow(site: LiveSite) -> bool:
    return any(sub.end == "slow_consumer" for subs in site.hub._topics.values() for sub in subs)  # pyright: ignore[reportPrivateUsage]


async def test_one_reader_serves_all(broker: Broker, tmp_path: Path) -> None:
    """However many listen, Redis sees one blocking read and one subscriber of this server."""
    async with LiveSite(broker, tmp_path) as site:
        await submit(broker)
        streams = [await site.listen_to("job-1") for _ in range(40)] + [await site.listen() for _ in range(40)]
        reading = await until(lambda: _reading(broker), "the hub's read")
        assert reading == 1
        await submit(broker, "job-2")
        for stream in streams[40:]:
            await stream.until(lambda it: it.types == ["job.queued"], "the other job")
        clients = await raw(broker).client_list()
        assert sum(client["cmd"] == "xread" for client in clients) == 1
        assert sum(int(client["sub"]) > 0 for client in clients) == 1


async def _reading(broker: Broker) -> int:
    return sum(client["cmd"] == "xread" for client in await raw(broker).client_list())


async def test_a_socket_that_reads_nothing_is_cut(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that takes nothing for too long is dropped, whatever still lies between it and the server."""
    monkeypatch.setattr("streamforge.api.ws.WRITE_S", 0.2)
    async with LiveSite(broker, tmp_path, listener_buffer_bytes=16 * 1024 * 1024) as site:
        await submit(broker)
        claim = await take_one(broker)
        reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port, limit=1024)
        writer.write(
            b"GET /api/v1/jobs/job-1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
        )
        assert b"101" in await reader.readline()
        await until(lambda: site.hub.listeners() == 1, "it listens")
        line = "x" * 200_000
        while site.hub.listeners():
            await broker.record(said(claim, line))
        writer.close()
