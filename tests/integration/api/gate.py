"""A running server with accounts, uploads and kits, and a caller for each kind of key."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import msgspec
from msgspec import Meta, Struct
from yarl import URL

from streamforge.accounts.accounts import Accounts
from streamforge.accounts.keys import NewKey
from streamforge.accounts.model import Scope
from streamforge.api.front import Front
from streamforge.api.hub import Hub
from streamforge.api.money import Money
from streamforge.api.server import ApiServer
from streamforge.broker.broker import Broker
from streamforge.config import ApiSettings, JobsSettings
from streamforge.config.web import WebhookSettings
from streamforge.jobs.kinds import Kind, Kinds
from streamforge.jobs.model import Artifact, FileWanted, Submission
from streamforge.jobs.store import JobStore
from streamforge.jobs.uploads import Uploads
from streamforge.ops.health import Health
from streamforge.ops.service import Supervisor
from streamforge.storage.objects import Objects
from streamforge.traffic.budgets import Budgets, Credits
from streamforge.traffic.ledger import Books
from streamforge.traffic.rules import Rules
from streamforge.traffic.scripts import Scripts
from streamforge.webhooks.store import Webhooks
from tests.integration.moves import raw, settle, take_one


class Brief(Struct):
    """Stands for the banner's input."""

    prompt: Annotated[str, Meta(min_length=1)]
    files: list[Artifact] = msgspec.field(default_factory=list[Artifact])


class Plain(Struct):
    """The input of a kind that takes no files."""

    text: str = ""


class Answer(Struct, frozen=True):
    """What came back."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """The body, decoded."""
        return json.loads(self.body)


def front_over(
    broker: Broker,
    objects: Objects,
    kinds: Kinds,
    settings: ApiSettings,
    **more: Any,  # noqa: ANN401 - Front's fields
) -> Front:
    """A whole front over a broker; ``more`` takes the place of parts."""
    scripts = Scripts(broker.client, broker.keys, Rules())
    parts: dict[str, Any] = {
        "store": JobStore(broker),
        "health": Health(),
        "queues": ("default",),
        "accounts": Accounts(broker),
        "uploads": Uploads(broker, objects, kinds, settings),
        "kits": MemoryShelf(),
        "hub": Hub(broker, buffer_bytes=settings.listener_buffer_bytes),
        "webhooks": Webhooks(broker, WebhookSettings(), JobsSettings().feed_max),
        "money": Money(Books(broker.client, broker.keys), Credits(broker.client, broker.keys, scripts), Budgets()),
    }
    return Front(objects=objects, kinds=kinds, settings=settings, **{**parts, **more})


class Gate:
    """A server and what lies behind it. ``settings`` are ApiSettings' fields."""

    def __init__(self, broker: Broker, objects: Objects | None = None, **settings: Any) -> None:  # noqa: ANN401
        self.broker = broker
        self.store = JobStore(broker)
        self.objects = objects or Objects.open("memory://", Path())
        self.accounts = Accounts(broker)
        self.settings = ApiSettings(port=0, **settings)
        self.kinds = Kinds([Kind("banner", Brief), Kind("plain", Plain)])
        self.shelf = MemoryShelf()
        self.front = front_over(
            broker, self.objects, self.kinds, self.settings, accounts=self.accounts, kits=self.shelf
        )
        self.serve()
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    def serve(self) -> None:
        """Have the server work with ``front`` as it is now, before it is started."""
        self.server = ApiServer(self.front)

    async def key(self, tenant: str = "acme", *scopes: Scope, **more: Any) -> str:  # noqa: ANN401 - NewKey's fields
        """A new key, as its holder sends it; ``admin`` unless scopes are named."""
        issued = await self.accounts.keys.create(NewKey(tenant=tenant, scopes=scopes or (Scope.ADMIN,), **more))
        return issued.token

    async def call(
        self, method: str, path: str, key: str = "", *, body: object = None, data: object = None, **headers: str
    ) -> Answer:
        """Send a request; ``body`` goes as JSON, ``data`` as it is; a header's underscores are dashes."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            sent["Authorization"] = f"Bearer {key}"
        if body is not None:
            data = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        url = URL(self.server.url + path, encoded=True)
        async with self.session.request(method, url, data=data, headers=sent, allow_redirects=False) as response:
            return Answer(response.status, response.headers.copy(), await response.read())

    async def get(self, path: str, key: str = "", **headers: str) -> Answer:
        """Send a GET."""
        return await self.call("GET", path, key, **headers)

    async def submit(self, job_id: str, tenant: str = "acme", *files: str, **more: Any) -> str:  # noqa: ANN401
        """Hand a job in; with file names it waits for these."""
        wanted = tuple(FileWanted(name=name) for name in files)
        given: dict[str, Any] = {"kind": "banner", "input": b'{"prompt":"x"}', "files": wanted, **more}
        submission = Submission(id=job_id, tenant=tenant, upload_ttl_s=60, **given)
        return (await self.store.submit(submission)).id

    async def finished(self, job_id: str, files: dict[str, bytes], tenant: str = "acme") -> str:
        """A job that has succeeded with these files."""
        await self.submit(job_id, tenant)
        claim = await take_one(self.broker)
        for name, data in files.items():
            ref = await self.objects.of(tenant).put(data)
            file = Artifact(name=name, key=ref.key, media_type="image/png", size=ref.size)
            await raw(self.broker).hset(self.broker.keys.files(job_id), name, msgspec.json.encode(file))
        await settle(self.broker, claim, "succeeded", body=b"{}")
        return job_id


class MemoryShelf:
    """Kits in memory, whatever their form."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}

    async def put(self, tenant: str, name: str, kit: bytes) -> bytes:
        """Keep."""
        self.kept[tenant, name] = kit
        return kit

    async def get(self, tenant: str, name: str) -> bytes | None:
        """Find."""
        return self.kept.get((tenant, name))

    async def delete(self, tenant: str, name: str) -> bool:
        """Forget."""
        return self.kept.pop((tenant, name), None) is not None

    async def list(self, tenant: str) -> list[str]:
        """Names."""
        return sorted(name for owner, name in self.kept if owner == tenant)


@asynccontextmanager
async def opened(gate: Gate) -> AsyncGenerator[Gate]:
    """The gate and its hub, up until the end of the block."""
    ready = asyncio.Event()
    supervisor = Supervisor([gate.server, gate.front.hub], ready.set)
    running = asyncio.get_running_loop().create_task(supervisor.run())
    try:
        await ready.wait()
        yield gate
    finally:
        await gate.session.close()
        supervisor.stop()
        await running
