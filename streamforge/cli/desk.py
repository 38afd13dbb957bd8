"""Where commands find jobs: at the daemon's Redis, or, with ``--url``, at its HTTP interface. Both tell the same."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import anyio
import msgspec

from streamforge.api.views import letter_row, letter_view, row_of, view_of
from streamforge.api.workload import queue_views, worker_views
from streamforge.cli.session import broker_of, settings_from
from streamforge.client import Event, Job, Letter, Queue, Submitted, Worker
from streamforge.client.request import KEY_VARIABLE, URL_VARIABLE
from streamforge.config import Settings
from streamforge.errors import InvalidInput
from streamforge.jobs.dead import Filter
from streamforge.jobs.events import ENDINGS
from streamforge.jobs.feed import from_log
from streamforge.jobs.kinds import check_size, submission_from
from streamforge.jobs.listing import JobFilter, Listing, Place
from streamforge.jobs.model import JobState, new_job_id
from streamforge.jobs.store import JobStore
from streamforge.jobs.timeline import history_of
from streamforge.registry import kinds_of, load_pipelines

if TYPE_CHECKING:
    from streamforge.client import AsyncClient

T = TypeVar("T")

POLL_S = 0.1


class Desk(Protocol):
    """What the commands about jobs need. Raises UnknownJob, or what the way to the jobs raises."""

    async def submit(
        self,
        kind: str,
        input: object,  # noqa: A002
        *,
        key: str | None = None,
        files: Mapping[str, bytes | str | Path] | None = None,
        **terms: str | float,
    ) -> Submitted:
        """Hand a job in; ``input`` is JSON, ``files`` are bytes or where they are. Raises what is wrong with it."""
        ...

    async def job(self, job_id: str) -> Job:
        """How a job stands."""
        ...

    def jobs(self, *, limit: int = 0, **filters: str | float) -> AsyncIterator[Job]:
        """Jobs, newest first."""
        ...

    def events(self, job_id: str | None = None, *, last_id: str = "") -> AsyncIterator[Event]:
        """A job's events until it ends."""
        ...

    async def cancel(self, job_id: str, *, reason: str = "") -> dict[str, Any]:
        """Ask for a job's end; ``cancel`` of the answer says what became of it."""
        ...

    async def retry(self, job_id: str) -> dict[str, Any]:
        """Start a failed or cancelled job again."""
        ...

    def letters(self, *, limit: int = 0, **filters: str | float) -> AsyncIterator[Letter]:
        """Dead letters, newest first."""
        ...

    async def letter(self, letter_id: str) -> Letter:
        """One of them, whole."""
        ...

    async def requeue(self, letter_id: str, *, fresh: bool = False) -> str:
        """Try again; the job's id."""
        ...

    async def forget(self, letter_id: str) -> None:
        """Delete a letter."""
        ...

    async def queues(self, *names: str) -> list[Queue]:
        """What waits and runs, in all queues that are known, or in these."""
        ...

    async def workers(self) -> list[Worker]:
        """Who is alive."""
        ...

    async def drain(self, worker: str) -> None:
        """Tell a worker to hand back its jobs and end."""
        ...

    async def pause(self, queue: str) -> bool:
        """Start no more of a queue's jobs; whether that is new."""
        ...

    async def resume(self, queue: str) -> bool:
        """Start them again; whether that is new."""
        ...


@asynccontextmanager
async def desk_of(args: argparse.Namespace) -> AsyncGenerator[Desk]:
    """The HTTP interface where ``--url`` or ``$STREAMFORGE_URL`` names one; else the settings' Redis."""
    if url := url_of(args):
        async with client_at(url) as client:
            yield client
        return
    settings = settings_from(args)
    async with broker_of(settings) as broker:
        yield StoreDesk(settings, JobStore(broker), Listing(broker))


def url_of(args: argparse.Namespace) -> str:
    """The HTTP interface that the command speaks to; empty where it speaks to Redis."""
    return args.url or os.environ.get(URL_VARIABLE, "")


def client_at(url: str) -> AsyncClient:
    """A client with ``$STREAMFORGE_API_KEY``."""
    from streamforge.client import AsyncClient  # noqa: PLC0415 - HTTP takes longer to import than a look at Redis

    return AsyncClient(url, api_key=os.environ.get(KEY_VARIABLE))


class StoreDesk:
    """A ``Desk`` over Redis; it sees every tenant."""

    def __init__(self, settings: Settings, store: JobStore, listing: Listing) -> None:
        self._settings = settings
        self._store = store
        self._listing = listing
        self._drained: set[str] = set()

    async def submit(
        self,
        kind: str,
        input: object,  # noqa: A002
        *,
        key: str | None = None,
        files: Mapping[str, bytes | str | Path] | None = None,
        **terms: str | float,
    ) -> Submitted:
        """Hand a job in, checked against its kind; a queue that no daemon of these settings serves is warned of."""
        settings = self._settings
        if files:
            raise InvalidInput("files are sent over HTTP alone", field="--file", hint="name the daemon with --url")
        known = kinds_of(load_pipelines(settings), settings.routes)[kind]
        raw = bytes(cast("msgspec.Raw", input))
        check_size({"input": raw}, settings.jobs.max_input_bytes)
        submission = submission_from(
            id=str(terms.get("id") or new_job_id()),
            kind=known.name,
            input=known.normalise(raw),
            queue=str(terms.get("queue") or known.queue),
            priority=str(terms.get("priority") or "normal"),
            tenant=str(terms.get("tenant") or "default"),
            idempotency_key=key or "",
            not_before_ms=_moment(float(terms.get("delay_s", 0))),
            expires_at_ms=_moment(float(terms.get("expires_in_s", 0))),
            source="cli",
        )
        if submission.queue not in settings.worker.queues:
            sys.stderr.write(_not_served(submission.queue, settings))
        submitted = await self._store.submit(submission)
        return Submitted(job_id=submitted.id, is_new=submitted.is_new)

    async def job(self, job_id: str) -> Job:
        """How a job stands."""
        job = await self._store.get(job_id)
        history = history_of(await self._store.events_since(job_id))
        return as_told(Job, view_of(job, history))

    async def jobs(self, *, limit: int = 0, **filters: str | float) -> AsyncGenerator[Job]:
        """Jobs, newest first; ``state``, ``kind``, ``queue``, ``tenant`` and ``q`` as the API takes them."""
        given = {name: str(value) for name, value in filters.items() if value}
        states = frozenset(JobState(state) for state in given.get("state", "").split(",") if state)
        only = JobFilter(
            states=states, kind=given.get("kind", ""), queue=given.get("queue", ""), text=given.get("q", "")
        )
        tenants = [given["tenant"]] if "tenant" in given else await self._listing.tenants()
        place: Place | None = None
        number = 0
        while True:
            rows, place = await self._listing.page(tenants, only, after=place)
            for job in rows:
                yield as_told(Job, row_of(job))
                number += 1
                if number == limit:
                    return
            if place is None:
                return

    async def events(self, job_id: str | None = None, *, last_id: str = "") -> AsyncGenerator[Event]:
        """A job's events, past and coming, until it has ended."""
        if job_id is None:
            raise InvalidInput("the events of all jobs come over HTTP alone", field="--url", hint="name the daemon")
        job = await self._store.get(job_id)
        while True:
            events = await self._store.events_since(job_id, last_id)
            for event in events:
                told = from_log(event, job_id=job_id, tenant=job.tenant, kind=job.kind)
                yield msgspec.json.decode(told.document(), type=Event)
                last_id = event.id
            if (events and events[-1].type in ENDINGS) or (not events and job.is_terminal):
                return
            if not events:
                await anyio.sleep(POLL_S)
                job = await self._store.get(job_id)

    async def cancel(self, job_id: str, *, reason: str = "") -> dict[str, Any]:
        """Ask for a job's end."""
        return {"job_id": job_id, "cancel": str(await self._store.cancel(job_id, reason))}

    async def retry(self, job_id: str) -> dict[str, Any]:
        """Start a failed or cancelled job again."""
        await self._store.restart(job_id)
        return {"job_id": job_id}

    async def letters(self, *, limit: int = 0, **filters: str | float) -> AsyncGenerator[Letter]:
        """Dead letters, newest first; by ``reason``, ``kind`` and ``tenant``."""
        reason, kind, tenant = (str(filters.get(name) or "") for name in ("reason", "kind", "tenant"))
        number = 0
        async for letter in self._store.letters.all(only=Filter(reason=reason, kind=kind, tenant=tenant)):
            yield as_told(Letter, letter_row(letter))
            number += 1
            if number == limit:
                return

    async def letter(self, letter_id: str) -> Letter:
        """One of them, whole."""
        return as_told(Letter, letter_view(await self._store.letters.get(letter_id)))

    async def requeue(self, letter_id: str, *, fresh: bool = False) -> str:
        """Try again; the job's id."""
        return await self._store.letters.requeue(letter_id, fresh=fresh)

    async def forget(self, letter_id: str) -> None:
        """Delete a letter."""
        await self._store.letters.purge([letter_id])

    async def queues(self, *names: str) -> list[Queue]:
        """What waits and runs in these queues; without names in those of the settings, and those that are paused."""
        views = await queue_views(self._store, names or self._settings.worker.queues, _sees_all)
        return [queue for queue in as_told(list[Queue], views) if not names or queue.queue in names]

    async def workers(self) -> list[Worker]:
        """Who is alive."""
        return as_told(list[Worker], await worker_views(self._store, self._settings.worker.queues, _sees_all))

    async def drain(self, worker: str) -> None:
        """Tell a worker to hand back its jobs and end; what is said on a channel may be missed, and is noted once."""
        await self._store.drain(worker, is_noted=worker in self._drained)
        self._drained.add(worker)

    async def pause(self, queue: str) -> bool:
        """Start no more of a queue's jobs; whether that is new."""
        return await self._store.pause(queue)

    async def resume(self, queue: str) -> bool:
        """Start them again; whether that is new."""
        return await self._store.resume(queue)


def as_told(kind: type[T], view: object) -> T:
    """What the API shows, as its client reads it."""
    return msgspec.json.decode(msgspec.json.encode(view), type=kind)


def _sees_all(_: str) -> bool:
    return True


def _moment(seconds: float) -> int:
    """That many seconds from now, in milliseconds since 1970; 0 stays 0."""
    return time_ns() // 1_000_000 + round(seconds * 1000) if seconds else 0


def _not_served(queue: str, settings: Settings) -> str:
    return (
        f"streamforge: warning: queue {queue!r} is not in worker.queues ({', '.join(settings.worker.queues)}); "
        "the job waits until a daemon serves it\n"
    )
