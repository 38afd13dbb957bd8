"""Server-sent events: a job's life and a tenant's, resumed without a gap or a repetition."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import anyio
import pytest

from streamforge.broker.broker import Broker
from streamforge.config import JobsSettings, RedisSettings
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from tests.integration.api.live_site import LiveSite, run_job, said
from tests.integration.moves import raw, settle, submit, take_one

LIFE = ["job.queued", "job.started", "job.log", "job.succeeded"]


@pytest.fixture
async def site(broker: Broker, tmp_path: Path) -> AsyncIterator[LiveSite]:
    """A server with a hub."""
    async with LiveSite(broker, tmp_path) as site:
        yield site


async def test_a_job_is_followed_to_its_end(site: LiveSite) -> None:
    """What happened before and what happens after the listener came is told once each, in order, and then it ends."""
    broker = site.broker
    await submit(broker)
    listener = await site.listen_to("job-1")
    assert listener.response.headers["Content-Type"].startswith("text/event-stream")
    claim = await take_one(broker)
    await broker.record(said(claim, "half way"))
    await settle(broker, claim)
    assert await listener.ended() == "job_ended"
    assert listener.types == [*LIFE, "end"]
    assert listener.ids == [event.id for event in await site.store.events_since("job-1")]
    document = listener.seen[2].data
    assert document["data"] == {"message": "half way", "facts": {}}
    assert {name: document[name] for name in ("type", "job_id", "tenant", "kind", "attempt")} == {
        "type": "job.log",
        "job_id": "job-1",
        "tenant": "default",
        "kind": "echo",
        "attempt": 1,
    }
    assert document["id"] == listener.seen[2].id
    assert document["at_ms"] > 0


async def test_a_listener_goes_on_where_it_was(site: LiveSite) -> None:
    """With the id of any event, by header or address, exactly what came after it is told; after the last one, 204."""
    await run_job(site.broker, "job-1", lines=3)
    events = await site.store.events_since("job-1")
    for place, event in enumerate(events[:-1]):
        later = [after.id for after in events[place + 1 :]]
        by_header = await site.listen_to("job-1", event.id)
        by_address = await site.listen(f"/api/v1/jobs/job-1/events?last_event_id={event.id}")
        assert await by_header.ended() == await by_address.ended() == "job_ended"
        assert by_header.ids == by_address.ids == later
    assert (await site.listen_to("job-1", events[-1].id)).status == 204


async def test_a_requeued_job_goes_on(site: LiveSite) -> None:
    """Who has seen a job fail and comes back after its requeue is told of its second life."""
    broker = site.broker
    await submit(broker)
    await settle(broker, await take_one(broker), "failed", reason="x")
    last = (await site.store.events_since("job-1"))[-1].id
    letter = (await raw(broker).xrevrange(broker.keys.dead, count=1))[0][0]
    await broker.requeue(letter.decode())
    listener = await site.listen_to("job-1", last)
    await settle(broker, await take_one(broker))
    assert await listener.ended() == "job_ended"
    assert listener.types == ["job.requeued", "job.queued", "job.started", "job.succeeded", "end"]


async def test_what_is_gone_is_told(shared_server: TestServer, tmp_path: Path) -> None:
    """Where the log has dropped what a listener has not seen, it is told so before it gets the rest."""
    broker = Broker(RedisSettings(), JobsSettings(event_log_max=10), shared_server.url)
    await raw(broker).flushall()
    async with LiveSite(broker, tmp_path) as site:
        await submit(broker)
        first = (await site.store.events_since("job-1"))[0].id
        claim = await take_one(broker)
        for line in range(20):
            await broker.record(said(claim, str(line)))
        await settle(broker, claim)
        kept = [event.id for event in await site.store.events_since("job-1")]
        listener = await site.listen_to("job-1", first)
        assert await listener.ended() == "job_ended"
        assert listener.seen[0].event == "gap"
        assert listener.seen[0].data["data"] == {"after": first, "before": kept[0]}
        assert listener.ids == kept
        assert (await site.listen_to("job-1", kept[3])).status == 200
        whole = await site.listen_to("job-1", kept[3])
        await whole.ended()
        assert whole.types[0] != "gap"
    await broker.close()


async def test_a_tenant_is_followed(site: LiveSite) -> None:
    """The stream of all jobs begins now, tells of every job, and resumes after any id; 0 is all that is kept."""
    await run_job(site.broker, "old")
    live = await site.listen()
    await run_job(site.broker, "new")
    await live.until(lambda it: it.types == LIFE, "the new job's life")
    assert {message.data["job_id"] for message in live.seen} == {"new"}
    resumed = await site.listen(last_id=live.ids[1])
    whole = await site.listen("/api/v1/events?last_event_id=0")
    await run_job(site.broker, "third")
    await resumed.until(lambda it: it.types == [*LIFE[2:], *LIFE], "the rest and the third")
    await whole.until(lambda it: it.types == [*LIFE, *LIFE, *LIFE], "everything")
    await live.until(lambda it: len(it.ids) == 8, "both")
    assert whole.ids[4:] == live.ids
    assert resumed.ids == live.ids[2:]


async def test_a_long_past_is_told_whole(shared_server: TestServer, tmp_path: Path) -> None:
    """A listener who is thousands of events behind gets each of them once, while more come."""
    broker = Broker(RedisSettings(), JobsSettings(event_log_max=10_000), shared_server.url)
    await raw(broker).flushall()
    async with LiveSite(broker, tmp_path, listener_buffer_bytes=4 * 1024 * 1024) as site:
        await run_job(broker, "old", lines=3500)
        listener = await site.listen("/api/v1/events?last_event_id=0")
        await run_job(broker, "new", lines=500)
        wanted = [entry.decode() for entry, _ in await raw(broker).xrange(broker.keys.feed)]
        await listener.until(lambda it: len(it.ids) >= len(wanted), "all of them")
        assert listener.ids == wanted
    await broker.close()


async def test_types_are_chosen(site: LiveSite) -> None:
    """A filter by type holds for what is past and what comes; a job's end is told in any case."""
    await submit(site.broker)
    chosen = await site.listen("/api/v1/jobs/job-1/events?types=job.started")
    groups = await site.listen("/api/v1/events?types=step.*,job.queued")
    claim = await take_one(site.broker)
    await site.broker.record(said(claim))
    await site.broker.record(said(claim, event="step.started"))
    await settle(site.broker, claim)
    await submit(site.broker, "job-2")
    assert await chosen.ended() == "job_ended"
    assert chosen.types == ["job.started", "job.succeeded", "end"]
    await groups.until(lambda it: it.types == ["step.started", "job.queued"], "only these")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/jobs/nobody/events", 404),
        ("/api/v1/jobs/job-1/events?last_event_id=yesterday", 422),
        ("/api/v1/jobs/job-1/events?last_event_id=99999999999999999999-1", 422),
        ("/api/v1/events?types=a,b", 422),
        ("/api/v1/events?since=1", 422),
    ],
)
async def test_bad_questions(site: LiveSite, path: str, status: int) -> None:
    """An unknown job, an id that is none, a filter that fits nothing: refused before a stream is opened."""
    await submit(site.broker)
    listener = await site.listen(path)
    assert listener.status == status
    assert site.hub.listeners() == 0


async def test_a_heartbeat_comes_in_silence(broker: Broker, tmp_path: Path) -> None:
    """A stream on which nothing happens shows that it lives."""
    async with LiveSite(broker, tmp_path, heartbeat_s=0.05) as site:
        listener = await site.listen()
        await listener.until(lambda it: len(it.comments) > 2, "heartbeats")


async def test_a_listener_that_goes_is_forgotten(broker: Broker, tmp_path: Path) -> None:
    """Once its connection is closed nothing of a listener is kept, and with the last one the hub stops reading."""
    async with LiveSite(broker, tmp_path, heartbeat_s=0.05) as site:
        await submit(broker)
        one, two = await site.listen(), await site.listen_to("job-1")
        await one.close()
        await two.close()
        await until(lambda: site.hub.listeners() == 0, "nobody listens")
        again = await site.listen()
        await submit(broker, "job-2")
        await again.until(lambda it: it.types == ["job.queued"], "the new event")


async def test_listeners_are_bounded(broker: Broker, tmp_path: Path) -> None:
    """Beyond the limit a listener is refused with a time to come back, and the others stay."""
    async with LiveSite(broker, tmp_path, max_listeners=2) as site:
        first, _ = await site.listen(), await site.listen()
        async with site.session.get(f"{site.server.url}/api/v1/events") as refused:
            assert (refused.status, refused.headers["Retry-After"]) == (503, "10")
        await submit(broker)
        await first.until(lambda it: it.types == ["job.queued"], "the event")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/events",
        "/api/v1/events?last_event_id=0",
        "/api/v1/jobs/job-1/events",
        "/api/v1/ws",
        "/api/v1/ws?resume=message",
        "/api/v1/jobs/job-1/ws?resume=message",
    ],
)
async def test_no_way_in_passes_the_limit(broker: Broker, tmp_path: Path, path: str) -> None:
    """Of many who come at the same moment as many are let in as there may be, however their answers begin."""
    statuses: list[int] = []
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    headers = {**upgrade, "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} if "/ws" in path else {}
    async with LiveSite(broker, tmp_path, max_listeners=5) as site, AsyncExitStack() as open_ones:
        await submit(broker)

        async def come() -> None:
            request = site.session.get(site.server.url + path, headers=headers)
            statuses.append((await open_ones.enter_async_context(request)).status)

        async with anyio.create_task_group() as many:
            for _ in range(40):
                many.start_soon(come)
        good = 101 if "/ws" in path else 200
        assert sorted(statuses) == sorted([good] * 5 + [503] * 35)


async def test_a_server_that_stops_says_so(broker: Broker, tmp_path: Path) -> None:
    """At a daemon's end each stream ends with the word to come back."""
    async with LiveSite(broker, tmp_path) as site:
        await submit(broker)
        streams = [await site.listen(), await site.listen_to("job-1")]
        await site.stop()
        assert [await stream.ended() for stream in streams] == ["stopping", "stopping"]


async def test_head_opens_nothing(site: LiveSite) -> None:
    """HEAD answers as GET would begin, without a stream."""
    await submit(site.broker)
    for path in ("/api/v1/events", "/api/v1/jobs/job-1/events"):
        async with site.session.head(site.server.url + path) as response:
            assert (response.status, response.content_type) == (200, "text/event-stream")
    await settle(site.broker, await take_one(site.broker))
    last = (await site.store.events_since("job-1"))[-1].id
    async with site.session.head(f"{site.server.url}/api/v1/jobs/job-1/events?last_event_id={last}") as response:
        assert response.status == 204
    assert site.hub.listeners() == 0


async def test_old_entries_are_understood(site: LiveSite) -> None:
    """An entry that a daemon of an earlier version wrote gets its tenant and kind from the job's record."""
    await submit(site.broker)
    listener = await site.listen()
    old = {"job": "job-1", "type": "job.log", "at": 1, "attempt": 1, "data": '{"message":"old"}'}
    await raw(site.broker).xadd(site.broker.keys.feed, old)
    await listener.until(lambda it: it.types == ["job.log"], "the old entry")
    assert (listener.seen[0].data["tenant"], listener.seen[0].data["kind"]) == ("default", "echo")
