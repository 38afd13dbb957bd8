"""The client for programs with an event loop (asyncio or trio)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar, Unpack

import anyio
import anyio.to_thread
import httpx2

from streamforge.client import calls
from streamforge.client.fetching import Fetching, Landing
from streamforge.client.flows import Act, Content, Flow, Flows, Pages, Pause, Work
from streamforge.client.following import Following
from streamforge.client.request import Call, Way, address, connection
from streamforge.client.trying import PATIENCE, Streamed
from streamforge.client.types import (
    Account,
    Credits,
    Day,
    Delivery,
    Event,
    IssuedKey,
    Job,
    Key,
    Kind,
    Letter,
    Models,
    Queue,
    Submitted,
    Upload,
    Webhook,
    Worker,
)

T = TypeVar("T")


class AsyncClient:
    """``Client``, with ``await``, ``async with`` and ``async for``."""

    def __init__(
        self,
        url: str | None = None,
        *,
        api_key: str | None = None,
        timeout_s: float = 30.0,
        tries: int = 5,
        **way: Unpack[Way],
    ) -> None:
        self.url = address(url)
        self._flows = Flows(self.url, tries)
        self._http = httpx2.AsyncClient(**connection(self.url, api_key, timeout_s, way))

    def __repr__(self) -> str:
        """The address; never the key."""
        return f"{type(self).__name__}({self.url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, places: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    # ---- jobs ----

    async def submit(
        self,
        kind: str,
        input: object,  # noqa: A002
        *,
        key: str | None = None,
        files: Mapping[str, Content] | None = None,
        **terms: str | float,
    ) -> Submitted:
        """See ``Client.submit``."""
        return await self._do(self._flows.submit(kind, input, key, files or {}, terms))

    async def submit_many(self, jobs: Sequence[Mapping[str, object]]) -> list[dict[str, Any]]:
        """See ``Client.submit_many``."""
        return await self.send(calls.submit_many(jobs))

    async def create(self, kind: str, input: object, *names: str, **terms: str | float) -> Submitted:  # noqa: A002
        """See ``Client.create``."""
        return await self.send(calls.submit(kind, input, None, terms, [{"name": name} for name in names]))

    async def upload(self, job_id: str, name: str, content: Content, *, resume: bool = False) -> Upload:
        """See ``Client.upload``."""
        return await self._do(self._flows.upload(job_id, name, content, resume=resume))

    async def process(self, job_id: str) -> Submitted:
        """See ``Client.process``."""
        return await self.send(calls.process(job_id))

    async def job(self, job_id: str) -> Job:
        """See ``Client.job``."""
        return await self.send(calls.job(job_id))

    def jobs(self, *, limit: int = 0, **filters: str | float) -> AsyncIterator[Job]:
        """See ``Client.jobs``."""
        return self._list(Pages(calls.jobs, filters, limit))

    async def wait(self, job_id: str, *, timeout_s: float | None = None) -> Job:
        """See ``Client.wait``."""
        return await self._do(self._flows.wait(job_id, timeout_s))

    async def run(
        self,
        kind: str,
        input: object,  # noqa: A002
        *,
        timeout_s: float | None = None,
        files: Mapping[str, Content] | None = None,
        **terms: str | float,
    ) -> Job:
        """See ``Client.run``."""
        return await self._do(self._flows.run(kind, input, files or {}, terms, timeout_s))

    async def events(self, job_id: str | None = None, *, last_id: str = "") -> AsyncGenerator[Event]:
        """See ``Client.events``."""
        place = self._flows.following(job_id, last_id)
        while not place.is_over:
            async with aclosing(self._stream(place)) as events:
                async for event in events:
                    yield event
            await anyio.sleep(place.pause_s)

    async def download(self, job_id: str, name: str, path: str | Path | None = None) -> bytes | Path:
        """See ``Client.download``."""
        fetching, landing = self._flows.fetching(job_id, name), Landing(path)
        with landing.open() as file:
            while not fetching.is_over:
                await self._fetch(fetching, file)
                await anyio.sleep(fetching.pause_s)
        return landing.result

    async def cancel(self, job_id: str, *, reason: str = "") -> dict[str, Any]:
        """See ``Client.cancel``."""
        return await self.send(calls.cancel(job_id, reason))

    async def retry(self, job_id: str) -> dict[str, Any]:
        """See ``Client.retry``."""
        return await self.send(calls.retry(job_id))

    # ---- operations ----

    def letters(self, *, limit: int = 0, **filters: str | float) -> AsyncIterator[Letter]:
        """See ``Client.letters``."""
        return self._list(Pages(calls.letters, filters, limit))

    async def letter(self, letter_id: str) -> Letter:
        """See ``Client.letter``."""
        return await self.send(calls.letter(letter_id))

    async def requeue(self, letter_id: str, *, fresh: bool = False) -> str:
        """See ``Client.requeue``."""
        return await self.send(calls.requeue(letter_id, fresh=fresh))

    async def forget(self, letter_id: str) -> None:
        """See ``Client.forget``."""
        await self.send(calls.forget(letter_id))

    async def queues(self, *names: str) -> list[Queue]:
        """See ``Client.queues``."""
        return await self.send(calls.queues(names))

    async def pause(self, queue: str) -> bool:
        """See ``Client.pause``."""
        return await self.send(calls.queue_act(queue, "pause"))

    async def resume(self, queue: str) -> bool:
        """See ``Client.resume``."""
        return await self.send(calls.queue_act(queue, "resume"))

    async def workers(self) -> list[Worker]:
        """See ``Client.workers``."""
        return await self.send(calls.workers())

    async def drain(self, worker: str) -> None:
        """See ``Client.drain``."""
        await self.send(calls.drain(worker))

    async def kinds(self) -> list[Kind]:
        """See ``Client.kinds``."""
        return await self.send(calls.kinds())

    async def kind(self, name: str) -> Kind:
        """See ``Client.kind``."""
        return await self.send(calls.kind(name))

    async def look(self, what: str) -> Any:  # noqa: ANN401 - JSON
        """See ``Client.look``."""
        return await self.send(calls.look(what))

    # ---- brand kits, money and models ----

    def kits(self, *, tenant: str = "", limit: int = 0) -> AsyncIterator[dict[str, Any]]:
        """See ``Client.kits``."""
        return self._list(Pages(partial(calls.kits, tenant), {}, limit))

    async def kit(self, name: str, *, tenant: str = "") -> dict[str, Any]:
        """See ``Client.kit``."""
        return await self.send(calls.kit(name, tenant))

    async def put_kit(self, name: str, kit: object, *, tenant: str = "") -> dict[str, Any]:
        """See ``Client.put_kit``."""
        return await self.send(calls.put_kit(name, kit, tenant))

    async def delete_kit(self, name: str, *, tenant: str = "") -> None:
        """See ``Client.delete_kit``."""
        await self.send(calls.delete_kit(name, tenant))

    async def account(self, tenant: str = "me") -> Account:
        """See ``Client.account``."""
        return await self.send(calls.account(tenant))

    async def spending(self, tenant: str = "me", *, day: str = "") -> Day:
        """See ``Client.spending``."""
        return await self.send(calls.spending(tenant, day))

    async def credits(self, tenant: str = "me") -> Credits:
        """See ``Client.credits``."""
        return await self.send(calls.credits_of(tenant))

    async def grant(self, tenant: str, usd: float, payment: str, *, note: str = "") -> bool:
        """See ``Client.grant``."""
        return await self.send(calls.grant(tenant, usd, payment, note))

    async def models(self) -> Models:
        """See ``Client.models``."""
        return await self.send(calls.models())

    async def lift_models(self) -> Models:
        """See ``Client.lift_models``."""
        return await self.send(calls.lift_models())

    # ---- keys and webhooks, for administrators ----

    def keys(self, *, limit: int = 0) -> AsyncIterator[Key]:
        """See ``Client.keys``."""
        return self._list(Pages(calls.keys, {}, limit))

    async def create_key(self, **wanted: object) -> IssuedKey:
        """See ``Client.create_key``."""
        return await self.send(calls.create_key(wanted))

    async def rotate_key(self, key_id: str, *, overlap_s: float = 0.0) -> IssuedKey:
        """See ``Client.rotate_key``."""
        return await self.send(calls.rotate_key(key_id, overlap_s))

    async def revoke_key(self, key_id: str) -> None:
        """See ``Client.revoke_key``."""
        await self.send(calls.revoke_key(key_id))

    def webhooks(self, *, limit: int = 0) -> AsyncIterator[Webhook]:
        """See ``Client.webhooks``."""
        return self._list(Pages(calls.webhooks, {}, limit))

    async def create_webhook(self, url: str, **wanted: object) -> Webhook:
        """See ``Client.create_webhook``."""
        return await self.send(calls.create_webhook({"url": url, **wanted}))

    async def rotate_webhook(self, webhook_id: str) -> Webhook:
        """See ``Client.rotate_webhook``."""
        return await self.send(calls.rotate_webhook(webhook_id))

    async def enable_webhook(self, webhook_id: str) -> Webhook:
        """See ``Client.enable_webhook``."""
        return await self.send(calls.enable_webhook(webhook_id))

    async def delete_webhook(self, webhook_id: str) -> None:
        """See ``Client.delete_webhook``."""
        await self.send(calls.delete_webhook(webhook_id))

    async def test_webhook(self, webhook_id: str) -> str:
        """See ``Client.test_webhook``."""
        return await self.send(calls.test_webhook(webhook_id))

    def deliveries(self, webhook_id: str, *, limit: int = 0) -> AsyncIterator[Delivery]:
        """See ``Client.deliveries``."""
        return self._list(Pages(partial(calls.deliveries, webhook_id), {}, limit))

    async def replay(self, webhook_id: str, delivery_id: str) -> str:
        """See ``Client.replay``."""
        return await self.send(calls.replay(webhook_id, delivery_id))

    # ---- I/O ----

    async def send(self, call: Call[T]) -> T:
        """Make any call of ``streamforge.client.calls``."""
        return await self._do(self._flows.send(call))

    async def _do(self, flow: Flow[T]) -> T:
        """Carry out what the flow asks for, one after the other."""
        step = partial(next, flow)
        while True:
            try:
                act = step()
            except StopIteration as end:
                return end.value
            try:
                step = partial(flow.send, await self._done(act))
            except httpx2.TransportError as error:
                step = partial(flow.throw, error)

    async def _done(self, act: Act) -> Any:  # noqa: ANN401 - what the act gives
        match act:
            case Pause():
                return await anyio.sleep(act.seconds)
            case Work():
                return await anyio.to_thread.run_sync(act.act)
            case Call():
                return await self._http.request(
                    act.method, act.path, content=act.content, headers=act.all_headers, params=act.params
                )

    async def _list(self, pages: Pages[T]) -> AsyncGenerator[T]:
        while not pages.is_over:
            for row in pages.take(await self.send(pages.call)):
                yield row

    async def _stream(self, place: Following) -> AsyncGenerator[Event]:
        async with self._opened(place) as response:
            if not place.begins(response):
                return
            async for told in httpx2.EventSource(response):
                if event := place.read(told):
                    yield event

    async def _fetch(self, fetching: Fetching, file: BinaryIO) -> None:
        async with self._opened(fetching) as response:
            if not fetching.begins(response, file):
                return
            async for piece in response.aiter_bytes():
                await anyio.to_thread.run_sync(file.write, piece)
                fetching.took(piece)
            fetching.ended()

    @asynccontextmanager
    async def _opened(self, stream: Streamed) -> AsyncGenerator[httpx2.Response]:
        """An answer whose body is still to come, or a refusal with its body; counts a connection that breaks."""
        try:
            async with self._http.stream("GET", stream.path, headers=stream.headers, timeout=PATIENCE) as response:
                if not response.is_success:
                    await response.aread()
                yield response
        except httpx2.TransportError as error:
            stream.lost(error)
