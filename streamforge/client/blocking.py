"""The client for programs without an event loop."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar, Unpack

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


class Client:
    """StreamForge over HTTP.

        with Client("https://forge.example", api_key="sf_…") as client:
            job = client.run("banner", {"prompt": "Autumn tasting week", "width": 1200, "height": 628})
            client.download(job.id, "banner-1200x628.png", "banner.png")

    Without ``url`` it is ``$STREAMFORGE_URL`` or this machine's daemon, without ``api_key`` ``$STREAMFORGE_API_KEY`` or
    none. A request that may be sent again is, up to ``tries`` times. Raises ApiError for what the server refuses,
    ServerAway where it does not answer. ``way``: a ``proxy``, and ``verify`` for certificates of one's own.
    """

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
        self._http = httpx2.Client(**connection(self.url, api_key, timeout_s, way))

    def __repr__(self) -> str:
        """The address; never the key."""
        return f"{type(self).__name__}({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, places: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # ---- jobs ----

    def submit(
        self,
        kind: str,
        input: object,  # noqa: A002
        *,
        key: str | None = None,
        files: Mapping[str, Content] | None = None,
        **terms: str | float,
    ) -> Submitted:
        """Hand a job in. ``key`` is an idempotency key; ``terms`` are ``queue``, ``priority``, and the like.

        ``files`` are sent before it starts, by the names that its input calls them: bytes, or where they are.
        """
        return self._do(self._flows.submit(kind, input, key, files or {}, terms))

    def submit_many(self, jobs: Sequence[Mapping[str, object]]) -> list[dict[str, Any]]:
        """Hand in up to 1,000 jobs at once; each answer is a submitted job, or has an ``error``."""
        return self.send(calls.submit_many(jobs))

    def create(self, kind: str, input: object, *names: str, **terms: str | float) -> Submitted:  # noqa: A002
        """Make a job that waits for files of these names: ``upload`` each, then ``process``."""
        return self.send(calls.submit(kind, input, None, terms, [{"name": name} for name in names]))

    def upload(self, job_id: str, name: str, content: Content, *, resume: bool = False) -> Upload:
        """Send a file that a job waits for: its bytes, or where it is.

        Above 8 MiB it goes in parts. ``resume`` goes on where sending this very content broke off before.
        """
        return self._do(self._flows.upload(job_id, name, content, resume=resume))

    def process(self, job_id: str) -> Submitted:
        """Start a job whose files are there; again, it is the same."""
        return self.send(calls.process(job_id))

    def job(self, job_id: str) -> Job:
        """How a job stands."""
        return self.send(calls.job(job_id))

    def jobs(self, *, limit: int = 0, **filters: str | float) -> Iterator[Job]:
        """Jobs, newest first, as many as there are or ``limit``; by ``state``, ``kind``, ``queue``, and the like."""
        return self._list(Pages(calls.jobs, filters, limit))

    def wait(self, job_id: str, *, timeout_s: float | None = None) -> Job:
        """The job once it has ended, however that was. Raises WaitedTooLong; the job goes on then."""
        return self._do(self._flows.wait(job_id, timeout_s))

    def run(
        self,
        kind: str,
        input: object,  # noqa: A002
        *,
        timeout_s: float | None = None,
        files: Mapping[str, Content] | None = None,
        **terms: str | float,
    ) -> Job:
        """Hand a job in and wait for its result. Raises JobNotSuccessful for any other end."""
        return self._do(self._flows.run(kind, input, files or {}, terms, timeout_s))

    def events(self, job_id: str | None = None, *, last_id: str = "") -> Iterator[Event]:
        """A job's events until it ends, those before first; without a job everybody's, for ever. Goes on after a break.

        Each comes once. ``last_id`` leaves out those up to it.
        """
        place = self._flows.following(job_id, last_id)
        while not place.is_over:
            yield from self._stream(place)
            time.sleep(place.pause_s)

    def download(self, job_id: str, name: str, path: str | Path | None = None) -> bytes | Path:
        """A job's file: its bytes, or, with ``path``, written there once all of it has come.

        Goes on after a break where it was.
        """
        fetching, landing = self._flows.fetching(job_id, name), Landing(path)
        with landing.open() as file:
            while not fetching.is_over:
                self._fetch(fetching, file)
                time.sleep(fetching.pause_s)
        return landing.result

    def cancel(self, job_id: str, *, reason: str = "") -> dict[str, Any]:
        """Ask for a job's end."""
        return self.send(calls.cancel(job_id, reason))

    def retry(self, job_id: str) -> dict[str, Any]:
        """Start a failed or cancelled job again; its checkpoints stay."""
        return self.send(calls.retry(job_id))

    # ---- operations ----

    def letters(self, *, limit: int = 0, **filters: str | float) -> Iterator[Letter]:
        """Dead letters, newest first."""
        return self._list(Pages(calls.letters, filters, limit))

    def letter(self, letter_id: str) -> Letter:
        """One dead letter, with its fields or its job's input."""
        return self.send(calls.letter(letter_id))

    def requeue(self, letter_id: str, *, fresh: bool = False) -> str:
        """Try what a dead letter holds again, ``fresh`` without its checkpoints; the job's id."""
        return self.send(calls.requeue(letter_id, fresh=fresh))

    def forget(self, letter_id: str) -> None:
        """Delete a dead letter."""
        self.send(calls.forget(letter_id))

    def queues(self, *names: str) -> list[Queue]:
        """The queues that the daemon serves, or those of them that are named."""
        return self.send(calls.queues(names))

    def pause(self, queue: str) -> bool:
        """Start no more of a queue's jobs; whether it was not paused before."""
        return self.send(calls.queue_act(queue, "pause"))

    def resume(self, queue: str) -> bool:
        """Start a queue's jobs again; whether it was paused."""
        return self.send(calls.queue_act(queue, "resume"))

    def workers(self) -> list[Worker]:
        """The workers that are alive."""
        return self.send(calls.workers())

    def drain(self, worker: str) -> None:
        """Have a worker hand back its jobs and end."""
        self.send(calls.drain(worker))

    def kinds(self) -> list[Kind]:
        """The kinds of job that the server takes."""
        return self.send(calls.kinds())

    def kind(self, name: str) -> Kind:
        """One of them, with its input's schema."""
        return self.send(calls.kind(name))

    def look(self, what: str) -> Any:  # noqa: ANN401 - JSON
        """``me``, ``accounts/acme`` and the like, as the API tells it."""
        return self.send(calls.look(what))

    # ---- brand kits, money and models ----

    def kits(self, *, tenant: str = "", limit: int = 0) -> Iterator[dict[str, Any]]:
        """Brand kits by name, of the caller's tenant or, for operators, of another."""
        return self._list(Pages(partial(calls.kits, tenant), {}, limit))

    def kit(self, name: str, *, tenant: str = "") -> dict[str, Any]:
        """A brand kit as it is kept."""
        return self.send(calls.kit(name, tenant))

    def put_kit(self, name: str, kit: object, *, tenant: str = "") -> dict[str, Any]:
        """Keep a brand kit in place of what was under that name; gives it as it is kept."""
        return self.send(calls.put_kit(name, kit, tenant))

    def delete_kit(self, name: str, *, tenant: str = "") -> None:
        """Forget a brand kit."""
        self.send(calls.delete_kit(name, tenant))

    def account(self, tenant: str = "me") -> Account:
        """What a tenant has spent today, what it may spend, and its credits; ``me`` is the caller's own."""
        return self.send(calls.account(tenant))

    def spending(self, tenant: str = "me", *, day: str = "") -> Day:
        """What a tenant's calls to models came to on a day (``2026-11-30``, UTC), or today."""
        return self.send(calls.spending(tenant, day))

    def credits(self, tenant: str = "me") -> Credits:
        """A tenant's credits."""
        return self.send(calls.credits_of(tenant))

    def grant(self, tenant: str, usd: float, payment: str, *, note: str = "") -> bool:
        """Give a tenant credits, once for each ``payment``; whether this request changed the balance. For operators."""
        return self.send(calls.grant(tenant, usd, payment, note))

    def models(self) -> Models:
        """How the outside models stand: which are held back, which of their keys were refused. For operators."""
        return self.send(calls.models())

    def lift_models(self) -> Models:
        """Have all of them tried at once. For operators."""
        return self.send(calls.lift_models())

    # ---- keys and webhooks, for administrators ----

    def keys(self, *, limit: int = 0) -> Iterator[Key]:
        """The API keys, oldest first, without their secrets."""
        return self._list(Pages(calls.keys, {}, limit))

    def create_key(self, **wanted: object) -> IssuedKey:
        """Make an API key, with its secret: ``tenant``, ``scopes``, ``note``, ``expires_in_s``."""
        return self.send(calls.create_key(wanted))

    def rotate_key(self, key_id: str, *, overlap_s: float = 0.0) -> IssuedKey:
        """Give a key another secret; the old one stays good for so long."""
        return self.send(calls.rotate_key(key_id, overlap_s))

    def revoke_key(self, key_id: str) -> None:
        """Forget a key."""
        self.send(calls.revoke_key(key_id))

    def webhooks(self, *, limit: int = 0) -> Iterator[Webhook]:
        """The addresses that are told what happens, oldest first."""
        return self._list(Pages(calls.webhooks, {}, limit))

    def create_webhook(self, url: str, **wanted: object) -> Webhook:
        """Have an address told, with its signing secret: ``events``, ``description``, ``tenant``."""
        return self.send(calls.create_webhook({"url": url, **wanted}))

    def rotate_webhook(self, webhook_id: str) -> Webhook:
        """Give it another secret; for a day messages are signed with both."""
        return self.send(calls.rotate_webhook(webhook_id))

    def enable_webhook(self, webhook_id: str) -> Webhook:
        """Tell one again that was switched off."""
        return self.send(calls.enable_webhook(webhook_id))

    def delete_webhook(self, webhook_id: str) -> None:
        """Tell it nothing more."""
        self.send(calls.delete_webhook(webhook_id))

    def test_webhook(self, webhook_id: str) -> str:
        """Send it something, to see whether it takes it; the delivery's id."""
        return self.send(calls.test_webhook(webhook_id))

    def deliveries(self, webhook_id: str, *, limit: int = 0) -> Iterator[Delivery]:
        """What it was told, newest first, with every try."""
        return self._list(Pages(partial(calls.deliveries, webhook_id), {}, limit))

    def replay(self, webhook_id: str, delivery_id: str) -> str:
        """Make a delivery once more; its id."""
        return self.send(calls.replay(webhook_id, delivery_id))

    # ---- I/O ----

    def send(self, call: Call[T]) -> T:
        """Make any call of ``streamforge.client.calls``."""
        return self._do(self._flows.send(call))

    def _do(self, flow: Flow[T]) -> T:
        """Carry out what the flow asks for, one after the other."""
        step = partial(next, flow)
        while True:
            try:
                act = step()
            except StopIteration as end:
                return end.value
            try:
                step = partial(flow.send, self._done(act))
            except httpx2.TransportError as error:
                step = partial(flow.throw, error)

    def _done(self, act: Act) -> Any:  # noqa: ANN401 - what the act gives
        match act:
            case Pause():
                return time.sleep(act.seconds)
            case Work():
                return act.act()
            case Call():
                return self._http.request(
                    act.method, act.path, content=act.content, headers=act.all_headers, params=act.params
                )

    def _list(self, pages: Pages[T]) -> Iterator[T]:
        while not pages.is_over:
            yield from pages.take(self.send(pages.call))

    def _stream(self, place: Following) -> Iterator[Event]:
        with self._opened(place) as response:
            if not place.begins(response):
                return
            for told in httpx2.EventSource(response):
                if event := place.read(told):
                    yield event

    def _fetch(self, fetching: Fetching, file: BinaryIO) -> None:
        with self._opened(fetching) as response:
            if not fetching.begins(response, file):
                return
            for piece in response.iter_bytes():
                file.write(piece)
                fetching.took(piece)
            fetching.ended()

    @contextmanager
    def _opened(self, stream: Streamed) -> Generator[httpx2.Response]:
        """An answer whose body is still to come, or a refusal with its body; counts a connection that breaks."""
        try:
            with self._http.stream("GET", stream.path, headers=stream.headers, timeout=PATIENCE) as response:
                if not response.is_success:
                    response.read()
                yield response
        except httpx2.TransportError as error:
            stream.lost(error)
