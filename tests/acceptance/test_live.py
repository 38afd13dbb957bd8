"""Listeners and webhooks through the death of a daemon: nothing is missed, checked by sequence."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from streamforge.testing.model_server import Fault, ModelServer
from streamforge.testing.waiting import until
from tests.acceptance.daemon import FEED, PATIENCE_S, Answer, DaemonProcess
from tests.acceptance.fleet import Fleet
from tests.acceptance.resp import Wire, rows
from tests.acceptance.test_examples import EXAMPLES, ExampleDaemon
from tests.acceptance.test_redis_away import free_port
from tests.integration.webhooks.receiver import Receiver

pytestmark = pytest.mark.long

LISTENERS = 20
RETRY_S = 0.1


class Tab:
    """A browser's tab: an EventSource that comes back with the id of the last event, until it is told not to."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.ids: list[str] = []
        self.types: list[str] = []
        self.connects = 0
        self.is_over = False
        self._session = session
        self._url = url

    async def follow(self) -> None:
        """Listen for ever, or to the job's end."""
        while not self.is_over:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                await self._connect()
            await asyncio.sleep(RETRY_S)

    async def _connect(self) -> None:
        headers = {"Last-Event-ID": self.ids[-1]} if self.ids else {}
        async with self._session.get(self._url, headers=headers) as response:
            self.is_over = response.status == 204
            if response.status == 200:
                self.connects += 1
                await self._read(response)

    async def _read(self, response: aiohttp.ClientResponse) -> None:
        event_id = ""
        async for raw in response.content:
            name, _, value = raw.decode().rstrip("\n").partition(": ")
            if name == "id":
                event_id = value
            elif name == "event":
                self.types.append(value)
            elif name == "" and event_id:
                self.ids.append(event_id)
                event_id = ""


@contextlib.asynccontextmanager
async def tabs(*urls: str) -> AsyncGenerator[list[Tab]]:
    """A tab for each address, all of them following."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        made = [Tab(session, url) for url in urls]
        tasks = [asyncio.get_running_loop().create_task(tab.follow()) for tab in made]
        try:
            yield made
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def feed(fleet: Fleet, job_id: str = "") -> list[str]:
    """The ids of all events, or of a job's."""
    with Wire(fleet.server.socket) as wire:
        entries = rows(wire.call("XRANGE", FEED, "-", "+"))
    return [entry for entry, fields in entries if job_id in ("", fields["job"])]


async def in_thread(act: Callable[[], object]) -> None:
    """Starting and ending a daemon must not hold up the tabs."""
    await asyncio.to_thread(act)


@pytest.mark.parametrize("how", ["kill", "stop"])
async def test_a_restart_of_the_daemon_loses_no_event(fleet: Fleet, how: str) -> None:
    """The daemon is killed, or stopped, under tabs that listen, and starts again: each has every event, once."""
    daemon = fleet.daemon("d1", api__port=free_port(), worker__grace_s=1)
    await in_thread(daemon.start)
    root = f"http://127.0.0.1:{daemon.port}/api/v1"
    held = fleet.gates.send(daemon, "held")
    wide = [f"{root}/events?last_event_id=0"] * LISTENERS
    async with tabs(*wide, *[f"{root}/jobs/{held}/events"] * LISTENERS) as listening:
        await until(lambda: all(tab.ids for tab in listening), "every tab has begun", PATIENCE_S)
        for number in range(10):
            fleet.act(daemon, f"before-{number}")
        await in_thread(daemon.kill if how == "kill" else daemon.stop)
        with Wire(fleet.server.socket) as wire:  # nobody is there, and things go on
            for number in range(10):
                told = '{"do":"succeed"}'
                wire.call("XADD", "streamforge:inbox", "*", "kind", "act", "input", told, "id", f"between-{number}")
        await in_thread(daemon.start)
        for number in range(10):
            fleet.act(daemon, f"after-{number}")
        fleet.gates.open("held")
        await until(lambda: all(tab.is_over for tab in listening[LISTENERS:]), "the job's tabs have ended", PATIENCE_S)
        await until(lambda: ended(fleet) == 31, "every job's end", PATIENCE_S)
        everything = feed(fleet)
        await until(lambda: all(tab.ids[-1] == everything[-1] for tab in listening[:LISTENERS]), "all is told")
    assert all(tab.ids == everything for tab in listening[:LISTENERS])
    assert all(tab.ids == feed(fleet, "held") for tab in listening[LISTENERS:])
    assert all(tab.connects >= 2 for tab in listening[:LISTENERS])


def ended(fleet: Fleet) -> int:
    """Jobs that have succeeded."""
    with Wire(fleet.server.socket) as wire:
        return sum(fields["type"] == "job.succeeded" for _, fields in rows(wire.call("XRANGE", FEED, "-", "+")))


def webhooks(daemon: DaemonProcess, url: str) -> None:
    """Have an address told how jobs end."""
    assert daemon.post("/api/v1/webhooks", f'{{"url": "{url}"}}'.encode()).status == 201


async def test_a_kill_in_the_middle_of_a_delivery_loses_nothing(fleet: Fleet) -> None:
    """The daemon is killed while a receiver has the request in hand: it gets the same message from the next daemon."""
    hold = asyncio.Event()

    async def holding(_: web.Request) -> web.StreamResponse:
        await hold.wait()
        return web.Response()

    async with Receiver(holding) as receiver:
        quick = {"webhooks__timeout_s": 1, "webhooks__private_hosts": receiver.url}
        first = fleet.daemon("d1", **quick)
        await in_thread(first.start)
        await asyncio.to_thread(webhooks, first, receiver.url)
        fleet.act(first, "job-1")
        await until(lambda: receiver.requests, "the request is there", PATIENCE_S)
        await in_thread(first.kill)
        hold.set()
        receiver.answers = [200]
        second = fleet.daemon("d2", **quick)
        await in_thread(second.start)
        await until(lambda: len(receiver.requests) == 2, "it comes again", PATIENCE_S)
        fleet.act(second, "job-2")
        await until(lambda: len(receiver.requests) == 3, "and so does the next", PATIENCE_S)
    one, again, other = receiver.requests
    assert (one.id, one.body) == (again.id, again.body)
    assert (again.payload["data"]["job_id"], other.payload["data"]["job_id"]) == ("job-1", "job-2")


async def test_a_letter_is_read_while_it_is_written(home: Path) -> None:
    """The example's text comes piece by piece out of a real daemon, before the step that writes it has ended."""
    for path in (EXAMPLES / "letter").glob("*.*"):
        shutil.copy(path, home)
    text = "Dear reader, the first snow fell tonight, and the whole town went quiet. " * 4
    async with ModelServer([Fault("stalled", text=text)]) as server:
        daemon = ExampleDaemon(
            home,
            providers__openai__base_url=server.url,
            providers__openai__keys="sk-o",
            llm__chain="openai/gpt-6.1-terra",
        )
        try:
            await in_thread(daemon.start)
            await _watched(daemon, server, text)
        finally:
            await in_thread(daemon.clean_up)


async def _watched(daemon: DaemonProcess, server: ModelServer, text: str) -> None:
    root = f"http://127.0.0.1:{daemon.port}/api/v1"
    async with aiohttp.ClientSession() as session:
        body = {"kind": "letter", "input": {"topic": "snow"}, "delay_s": 1.0}
        async with session.post(f"{root}/jobs", json=body) as accepted:
            job_id = (await accepted.json())["job_id"]
        read = ""
        async with session.get(f"{root}/jobs/{job_id}/events") as stream:
            async for raw in stream.content:
                if raw.startswith(b"data: ") and b'"step.delta"' in raw:
                    data = json.loads(raw[6:])["data"]
                    read = read[: data["offset"]] + data["text"]
                    assert b"step.completed" not in raw
                    server.release.set()
                if b'"job.succeeded"' in raw:
                    break
        assert read
        assert text.startswith(read)
    assert json.loads(daemon.record(job_id)["result"]) == text


async def test_a_job_that_brings_an_address_along(fleet: Fleet) -> None:
    """Over HTTP: the address is told of the job's end; one inside the operator's network is refused at once."""
    async with Receiver() as receiver:
        daemon = fleet.daemon("d1", webhooks__private_hosts=receiver.url)
        await in_thread(daemon.start)

        def post(url: str) -> Answer:
            body = {"kind": "act", "input": {"do": "succeed"}, "callback_url": url}
            return daemon.post("/api/v1/jobs", json.dumps(body).encode())

        accepted = await asyncio.to_thread(post, f"{receiver.url}/done")
        assert accepted.status == 202
        await until(lambda: receiver.requests, "the address is told", PATIENCE_S)
        assert receiver.requests[0].payload["data"]["job_id"] == accepted.json()["job_id"]
        for inside in ("https://169.254.169.254/", "http://127.0.0.1:6379/", "https://localhost:8443/"):
            refused = await asyncio.to_thread(post, inside)
            assert (refused.status, refused.json()["field"]) == (422, "callback_url")
