"""The client for programs with an event loop (asyncio or trio)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio
import httpx2

from streamforge.client import calls
from streamforge.client.calls import Call
from streamforge.client.following import PATIENCE, Following, ends
from streamforge.client.problems import WaitedTooLong, once, refusal, required
from streamforge.client.trying import Trying
from streamforge.client.types import Event, Job, Letter, Page, Queue, Submitted, Worker

T = TypeVar("T")


class AsyncClient:
    """``Client``, with ``await``, ``async with`` and ``async for``."""

    def __init__(
        self, url: str | None = None, *, api_key: str | None = None, timeout_s: float = 30.0, tries: int = 5
    ) -> None:
        self.url = calls.address(url)
        self._tries = tries
        self._http = httpx2.AsyncClient(**calls.connection(self.url, api_key, timeout_s))

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

    async def submit(self, kind: str, input: object, *, key: str | None = None, **terms: str | float) -> Submitted:  # noqa: A002
        """See ``Client.submit``."""
        return await self.send(calls.submit(kind, input, key, terms))

    async def submit_many(self, jobs: Sequence[Mapping[str, object]]) -> list[dict[str, Any]]:
        """See ``Client.submit_many``."""
        return (await self.send(calls.submit_many(jobs))).items

    async def job(self, job_id: str) -> Job:
        """How a job stands."""
        return await self.send(calls.job(job_id))

    def jobs(self, *, limit: int = 0, **filters: str | float) -> AsyncIterator[Job]:
        """See ``Client.jobs``."""
        return self._pages(lambda cursor: calls.jobs({**filters, "cursor": cursor}), limit)

    async def wait(self, job_id: str, *, timeout_s: float | None = None) -> Job:
        """See ``Client.wait``."""
        with anyio.move_on_after(timeout_s):
            return await self._ended(job_id)
        raise WaitedTooLong(f"job {job_id} has not ended within {timeout_s:g} s")

    async def run(self, kind: str, input: object, *, timeout_s: float | None = None, **terms: str | float) -> Job:  # noqa: A002
        """See ``Client.run``."""
        submitted = await self.send(calls.submit(kind, input, None, terms))
        return required(await self.wait(submitted.job_id, timeout_s=timeout_s))

    async def events(self, job_id: str | None = None, *, last_id: str = "") -> AsyncGenerator[Event]:
        """See ``Client.events``."""
        place = Following(job_id, last_id, Trying(self._tries, self.url))
        while not place.is_over:
            try:
                async for event in self._stream(place):
                    yield event
            except httpx2.TransportError as error:
                place.trying.lost(error)
                await anyio.sleep(place.trying.pause_s)

    async def download(self, job_id: str, name: str, path: str | Path | None = None) -> bytes | Path:
        """See ``Client.download``."""
        with once(self.url):
            async with self._opened(calls.file_path(job_id, name)) as response:
                if path is None:
                    return await response.aread()
                async with await anyio.open_file(path, "wb") as file:
                    async for piece in response.aiter_bytes():
                        await file.write(piece)
        return Path(path)

    async def cancel(self, job_id: str, *, reason: str = "") -> dict[str, Any]:
        """Ask for a job's end."""
        return await self.send(calls.job_act(job_id, "cancel", {"reason": reason}))

    async def retry(self, job_id: str) -> dict[str, Any]:
        """Start a failed or cancelled job again; its checkpoints stay."""
        return await self.send(calls.job_act(job_id, "retry", {}))

    # ---- operations ----

    def letters(self, *, limit: int = 0, **filters: str | float) -> AsyncIterator[Letter]:
        """Dead letters, newest first."""
        return self._pages(lambda cursor: calls.letters({**filters, "cursor": cursor}), limit)

    async def letter(self, letter_id: str) -> Letter:
        """One dead letter, with its fields or its job's input."""
        return await self.send(calls.letter(letter_id))

    async def requeue(self, letter_id: str, *, fresh: bool = False) -> str:
        """Try what a dead letter holds again, ``fresh`` without its checkpoints; the job's id."""
        return str((await self.send(calls.requeue(letter_id, fresh=fresh))).get("job_id", ""))

    async def forget(self, letter_id: str) -> None:
        """Delete a dead letter."""
        await self.send(calls.forget(letter_id))

    async def queues(self, *names: str) -> list[Queue]:
        """The queues that the daemon serves, or those of them that are named."""
        found = (await self.send(calls.queues())).items
        return [queue for queue in found if not names or queue.queue in names]

    async def workers(self) -> list[Worker]:
        """The workers that are alive."""
        return (await self.send(calls.workers())).items

    async def pause(self, queue: str) -> bool:
        """Start no more of a queue's jobs; whether it was not paused before."""
        return bool((await self.send(calls.queue_act(queue, "pause")))["changed"])

    async def resume(self, queue: str) -> bool:
        """Start a queue's jobs again; whether it was paused."""
        return bool((await self.send(calls.queue_act(queue, "resume")))["changed"])

    async def look(self, what: str) -> Any:  # noqa: ANN401 - JSON
        """``kinds``, ``keys``, ``me`` and the like, as the API tells it."""
        return await self.send(calls.look(what))

    async def send(self, call: Call[T]) -> T:
        """Make any call of ``streamforge.client.calls``."""
        trying = Trying(self._tries if call.is_repeatable else 1, self.url)
        while True:
            try:
                response = await self._http.request(
                    call.method, call.path, content=call.content, headers=call.all_headers, params=call.params
                )
            except httpx2.TransportError as error:
                trying.lost(error)
            else:
                if trying.is_answered(response):
                    return call.read(response.content)
            await anyio.sleep(trying.pause_s)

    async def _ended(self, job_id: str) -> Job:
        job = await self.job(job_id)
        while not job.has_ended:
            async for event in self.events(job_id):
                if ends(event):
                    break
            job = await self.job(job_id)
        return job

    async def _pages(self, page: Callable[[str], Call[Page[T]]], limit: int) -> AsyncGenerator[T]:
        cursor, number = "", 0
        while True:
            found = await self.send(page(cursor))
            for row in found.items:
                yield row
                number += 1
                if number == limit:
                    return
            cursor = found.next_cursor
            if not cursor:
                return

    async def _stream(self, place: Following) -> AsyncGenerator[Event]:
        async with self._opened(place.path, place.headers, PATIENCE) as response:
            if not place.begins(response):
                return
            async for told in httpx2.EventSource(response):
                event = place.read(told)
                if event is not None:
                    yield event

    @asynccontextmanager
    async def _opened(
        self, path: str, headers: Mapping[str, str] | None = None, timeout: httpx2.Timeout | None = None
    ) -> AsyncGenerator[httpx2.Response]:
        """An answer whose body is still to come. Raises ApiError."""
        async with self._http.stream("GET", path, headers=headers, timeout=timeout or self._http.timeout) as response:
            if not response.is_success:
                await response.aread()
                raise refusal(response)
            yield response
