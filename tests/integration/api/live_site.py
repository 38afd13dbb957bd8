"""A server with a hub behind it, and listeners that read what it sends as any client would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, Self, cast

import aiohttp

from streamforge.api.hub import Hub
from streamforge.api.server import ApiServer
from streamforge.broker.broker import Broker
from streamforge.broker.messages import Record
from streamforge.config import ApiSettings
from streamforge.jobs.kinds import Kinds
from streamforge.jobs.model import Claim
from streamforge.jobs.store import JobStore
from streamforge.ops.service import Supervisor
from streamforge.storage.objects import Objects
from streamforge.testing.waiting import until
from streamforge.webhooks.store import Webhooks
from tests.integration.api.gate import front_over
from tests.integration.moves import settle, submit, take_one

_SERIALS = count(1_000_000)


class Message(NamedTuple):
    """A server-sent event."""

    id: str
    event: str
    data: dict[str, Any]


class Listener:
    """Reads one stream of server-sent events in the background. ``seen`` are the events, ``comments`` the rest."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.status = response.status
        self.seen: list[Message] = []
        self.comments: list[str] = []
        self.is_over = False
        self._task = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        fields: dict[str, str] = {}
        try:
            async for raw in self.response.content:
                line = raw.decode().rstrip("\n")
                if line.startswith(":"):
                    self.comments.append(line)
                elif line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "data" in fields:
                    self.seen.append(Message(fields.get("id", ""), fields["event"], json.loads(fields["data"])))
                    fields = {}
                else:
                    fields = {}
        except aiohttp.ClientError:
            pass
        self.is_over = True

    @property
    def types(self) -> list[str]:
        """The events' types."""
        return [message.event for message in self.seen]

    @property
    def ids(self) -> list[str]:
        """The ids of those that have one."""
        return [message.id for message in self.seen if message.id]

    async def until(self, condition: Callable[[Listener], object], description: str) -> None:
        """Wait until what it has seen is so."""
        await until(lambda: bool(condition(self)), f"{description}; seen: {self.types}")

    async def ended(self) -> str:
        """Wait for the stream's end; its reason, empty where none was told."""
        await until(lambda: self.is_over, f"the stream's end; seen: {self.types}")
        return self.seen[-1].data["data"]["reason"] if self.seen and self.seen[-1].event == "end" else ""

    async def close(self) -> None:
        """Go away."""
        self.response.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class LiveSite:
    """``async with`` starts it and always stops it."""

    def __init__(
        self,
        broker: Broker,
        home: Path,
        *,
        webhooks: Webhooks | None = None,
        **settings: Any,  # noqa: ANN401 - ApiSettings'
    ) -> None:
        self.broker = broker
        facts: dict[str, Any] = {"port": 0, "heartbeat_s": 30.0, **settings}
        self.settings = ApiSettings(**facts)
        self.store = JobStore(broker)
        self.hub = Hub(broker, buffer_bytes=self.settings.listener_buffer_bytes)
        own = {"webhooks": webhooks} if webhooks else {}
        front = front_over(
            broker, Objects.open("", home), Kinds([]), self.settings, store=self.store, hub=self.hub, **own
        )
        self.server = ApiServer(front)
        self._ready = asyncio.Event()
        self._supervisor = Supervisor([self.server, self.hub], self._ready.set)
        self._listeners: list[Listener] = []
        self._sockets: list[aiohttp.ClientWebSocketResponse] = []

    async def __aenter__(self) -> Self:
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._task = asyncio.get_running_loop().create_task(self._supervisor.run())
        await self._ready.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        for listener in self._listeners:
            await listener.close()
        for socket in self._sockets:
            await socket.close()
        await self.session.close()

    async def stop(self) -> None:
        """Stop the server as a daemon's end does."""
        self._supervisor.stop()
        await self._task

    async def listen(self, path: str = "/api/v1/events", last_id: str = "") -> Listener:
        """Open a stream; the subscription stands on return."""
        headers = {"Last-Event-ID": last_id} if last_id else {}
        before = self.hub.listeners()
        listener = Listener(await self.session.get(self.server.url + path, headers=headers))
        self._listeners.append(listener)
        await until(lambda: listener.is_over or self.hub.listeners() > before, "the subscription stands")
        return listener

    async def connect(self, path: str, **how: Any) -> aiohttp.ClientWebSocketResponse:  # noqa: ANN401 - aiohttp's
        """Open a WebSocket."""
        socket = cast(
            "aiohttp.ClientWebSocketResponse", await cast("Any", self.session).ws_connect(self.server.url + path, **how)
        )
        self._sockets.append(socket)
        return socket

    async def listen_to(self, job_id: str, last_id: str = "") -> Listener:
        """Open a job's stream."""
        return await self.listen(f"/api/v1/jobs/{job_id}/events", last_id)


def said(claim: Claim, text: str = "", **more: Any) -> Record:  # noqa: ANN401 - Record's
    """A log line of a running job."""
    data = json.dumps({"message": text, "facts": {}}).encode()
    facts: dict[str, Any] = {"event": "job.log", "data": data, "serial": next(_SERIALS), **more}
    return Record(id=claim.id, token=claim.token, **facts)


async def run_job(broker: Broker, job_id: str, lines: int = 1, **fields: Any) -> None:  # noqa: ANN401 - Submission's
    """A whole life of a job: queued, started, some lines, succeeded."""
    await submit(broker, job_id, **fields)
    claim = await take_one(broker)
    for line in range(lines):
        await broker.record(said(claim, str(line)))
    await settle(broker, claim)
