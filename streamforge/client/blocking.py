"""The client for programs without an event loop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

from streamforge.client import calls
from streamforge.client.calls import Call
from streamforge.client.following import PATIENCE, Following
from streamforge.client.problems import WaitedTooLong, once, refusal, required
from streamforge.client.trying import Trying
from streamforge.client.types import Event, Job, Letter, Page, Queue, Submitted, Worker

T = TypeVar("T")

FIRST_LOOK_S, LONGEST_LOOK_S = 0.05, 1.0
"""Between two looks at a job that is waited for: the first pause, and what it grows to."""


class Client:
    """StreamForge over HTTP.

        with Client("https://forge.example", api_key="sf_…") as client:
            job = client.run("banner", {"prompt": "Autumn tasting week", "width": 1200, "height": 628})
            client.download(job.id, "banner-1200x628.png", "banner.png")

    Without ``url`` it is ``$STREAMFORGE_URL`` or this machine's daemon, without ``api_key`` ``$STREAMFORGE_API_KEY`` or
    none. A request that may be sent again is, up to ``tries`` times. Raises ApiError for what the server refuses,
    ServerAway where it does not answer.
    """

    def __init__(
        self, url: str | None = None, *, api_key: str | None = None, timeout_s: float = 30.0, tries: int = 5
    ) -> None:
        self.url = calls.address(url)
        self._tries = tries
        self._http = httpx2.Client(**calls.connection(self.url, api_key, timeout_s))

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

    def submit(self, kind: str, input: object, *, key: str | None = None, **terms: str | float) -> Submitted:  # noqa: A002
        """Hand a job in. ``key`` is an idempotency key; ``terms`` are ``queue``, ``priority``, and the like."""
        return self.send(calls.submit(kind, input, key, terms))

    def submit_many(self, jobs: Sequence[Mapping[str, object]]) -> list[dict[str, Any]]:
        """Hand in up to 1,000 jobs at once; each answer is a submitted job, or has an ``error``."""
        return self.send(calls.submit_many(jobs)).items

    def job(self, job_id: str) -> Job:
        """How a job stands."""
        return self.send(calls.job(job_id))

    def jobs(self, *, limit: int = 0, **filters: str | float) -> Iterator[Job]:
        """Jobs, newest first, as many as there are or ``limit``; by ``state``, ``kind``, ``queue``, and the like."""
        return islice(self._pages(lambda cursor: calls.jobs({**filters, "cursor": cursor})), limit or None)

    def wait(self, job_id: str, *, timeout_s: float | None = None) -> Job:
        """The job once it has ended, however that was. Raises WaitedTooLong; the job goes on then."""
        ends_s = math.inf if timeout_s is None else time.monotonic() + timeout_s
        pause = FIRST_LOOK_S
        while not (job := self.job(job_id)).has_ended:
            left_s = ends_s - time.monotonic()
            if left_s <= 0:
                raise WaitedTooLong(f"job {job_id} has not ended within {timeout_s:g} s")
            time.sleep(min(pause, left_s))
            pause = min(LONGEST_LOOK_S, pause * 1.5)
        return job

    def run(self, kind: str, input: object, *, timeout_s: float | None = None, **terms: str | float) -> Job:  # noqa: A002
        """Hand a job in and wait for its result. Raises JobNotSuccessful for any other end."""
        submitted = self.send(calls.submit(kind, input, None, terms))
        return required(self.wait(submitted.job_id, timeout_s=timeout_s))

    def events(self, job_id: str | None = None, *, last_id: str = "") -> Iterator[Event]:
        """A job's events until it ends, those before first; without a job everybody's, for ever. Goes on after a break.

        Each comes once. ``last_id`` leaves out those up to it.
        """
        place = Following(job_id, last_id, Trying(self._tries, self.url))
        while not place.is_over:
            try:
                yield from self._stream(place)
            except httpx2.TransportError as error:
                place.trying.lost(error)
                time.sleep(place.trying.pause_s)

    def download(self, job_id: str, name: str, path: str | Path | None = None) -> bytes | Path:
        """A job's file: its bytes, or, with ``path``, written there."""
        with once(self.url), self._opened(calls.file_path(job_id, name)) as response:
            if path is None:
                return response.read()
            with Path(path).open("wb") as file:
                file.writelines(response.iter_bytes())
            return Path(path)

    def cancel(self, job_id: str, *, reason: str = "") -> dict[str, Any]:
        """Ask for a job's end."""
        return self.send(calls.job_act(job_id, "cancel", {"reason": reason}))

    def retry(self, job_id: str) -> dict[str, Any]:
        """Start a failed or cancelled job again; its checkpoints stay."""
        return self.send(calls.job_act(job_id, "retry", {}))

    # ---- operations ----

    def letters(self, *, limit: int = 0, **filters: str | float) -> Iterator[Letter]:
        """Dead letters, newest first."""
        return islice(self._pages(lambda cursor: calls.letters({**filters, "cursor": cursor})), limit or None)

    def letter(self, letter_id: str) -> Letter:
        """One dead letter, with its fields or its job's input."""
        return self.send(calls.letter(letter_id))

    def requeue(self, letter_id: str, *, fresh: bool = False) -> str:
        """Try what a dead letter holds again, ``fresh`` without its checkpoints; the job's id."""
        return str(self.send(calls.requeue(letter_id, fresh=fresh)).get("job_id", ""))

    def forget(self, letter_id: str) -> None:
        """Delete a dead letter."""
        self.send(calls.forget(letter_id))

    def queues(self, *names: str) -> list[Queue]:
        """The queues that the daemon serves, or those of them that are named."""
        found = self.send(calls.queues()).items
        return [queue for queue in found if not names or queue.queue in names]

    def workers(self) -> list[Worker]:
        """The workers that are alive."""
        return self.send(calls.workers()).items

    def pause(self, queue: str) -> bool:
        """Start no more of a queue's jobs; whether it was not paused before."""
        return bool(self.send(calls.queue_act(queue, "pause"))["changed"])

    def resume(self, queue: str) -> bool:
        """Start a queue's jobs again; whether it was paused."""
        return bool(self.send(calls.queue_act(queue, "resume"))["changed"])

    def look(self, what: str) -> Any:  # noqa: ANN401 - JSON
        """``kinds``, ``keys``, ``me`` and the like, as the API tells it."""
        return self.send(calls.look(what))

    def send(self, call: Call[T]) -> T:
        """Make any call of ``streamforge.client.calls``."""
        trying = Trying(self._tries if call.is_repeatable else 1, self.url)
        while True:
            try:
                response = self._http.request(
                    call.method, call.path, content=call.content, headers=call.all_headers, params=call.params
                )
            except httpx2.TransportError as error:
                trying.lost(error)
            else:
                if trying.is_answered(response):
                    return call.read(response.content)
            time.sleep(trying.pause_s)

    def _pages(self, page: Callable[[str], Call[Page[T]]]) -> Iterator[T]:
        cursor = ""
        while True:
            found = self.send(page(cursor))
            yield from found.items
            cursor = found.next_cursor
            if not cursor:
                return

    def _stream(self, place: Following) -> Iterator[Event]:
        with self._opened(place.path, place.headers, PATIENCE) as response:
            if not place.begins(response):
                return
            for told in httpx2.EventSource(response):
                event = place.read(told)
                if event is not None:
                    yield event

    @contextmanager
    def _opened(
        self, path: str, headers: Mapping[str, str] | None = None, timeout: httpx2.Timeout | None = None
    ) -> Generator[httpx2.Response]:
        """An answer whose body is still to come. Raises ApiError."""
        with self._http.stream("GET", path, headers=headers, timeout=timeout or self._http.timeout) as response:
            if not response.is_success:
                response.read()
                raise refusal(response)
            yield response
