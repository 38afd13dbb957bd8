"""A receiver of webhooks on a real socket, and what delivers to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Self

import msgspec
from aiohttp import web

from streamforge.broker.broker import Broker
from streamforge.config import WebhookSettings
from streamforge.ops.service import Service, Supervisor
from streamforge.webhooks import verify
from streamforge.webhooks.courier import Courier
from streamforge.webhooks.feeder import Feeder
from streamforge.webhooks.store import Webhooks

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Request(NamedTuple):
    """What came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The delivery's."""
        return self.headers["webhook-id"]

    @property
    def payload(self) -> dict[str, Any]:
        """The decoded body."""
        return msgspec.json.decode(self.body)

    def verified(self, *secrets: str) -> dict[str, Any]:
        """The payload, its signature checked."""
        return verify(self.body, self.headers, secrets)


class Receiver:
    """Answers with ``answers`` in turn, the last one again and again: a status, or a handler of its own."""

    def __init__(self, *answers: int | Answer) -> None:
        self.requests: list[Request] = []
        self.answers: list[int | Answer] = list(answers) or [204]
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(Request(request.path, headers, await request.read()))
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return web.Response(status=answer) if isinstance(answer, int) else await answer(request)


class Post:
    """Feeder and courier over a broker; ``async with`` starts them and always stops them."""

    def __init__(self, broker: Broker, *, lease_s: float = 0.0, **settings: Any) -> None:  # noqa: ANN401 - WebhookSettings'
        facts: dict[str, Any] = {
            "private_hosts": ("http://127.0.0.1:1", "http://*"),
            "retry_pauses_s": (0.01, 0.02, 0.03),
            **settings,
        }
        self.webhooks = Webhooks(broker, WebhookSettings(**facts), feed_max=100_000)
        services: list[Service] = [
            Feeder(broker, self.webhooks, lease_ms=1500),
            Courier(broker, self.webhooks, lease_s=lease_s),
        ]
        self._ready = asyncio.Event()
        self._supervisor = Supervisor(services, self._ready.set)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.get_running_loop().create_task(self._supervisor.run())
        await self._ready.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._supervisor.stop()
        if self._task is not None:
            await self._task


def allowed(*receivers: Receiver) -> tuple[str, ...]:
    """The entries that let these receivers be told although they lie on this machine."""
    return tuple(receiver.url for receiver in receivers)
