"""What takes more than one request, told without I/O: a flow yields what is to be done, and is sent what came of it.

Both clients carry out the same flows. What is to be done is a ``Call``, answered by its response; a ``Pause``; or
``Work`` that blocks, answered by what it gives. A connection that fails is thrown into the flow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any, Final, Generic, TypeAlias, TypeVar

import httpx2
import msgspec
from msgspec import Struct

from streamforge.client import calls
from streamforge.client.calls import Params
from streamforge.client.fetching import Fetching
from streamforge.client.following import Following
from streamforge.client.problems import ApiError, WaitedTooLong, required
from streamforge.client.request import Call
from streamforge.client.trying import Trying
from streamforge.client.types import Job, Page, Submitted, Upload

T = TypeVar("T")

PART_BYTES: Final = 8 * 1024 * 1024
"""What one request may bring of a file that comes in parts."""
FIRST_LOOK_S, LONGEST_LOOK_S = 0.05, 1.0
"""Between two looks at a job that is waited for: the first pause, and what it grows to."""

_TAKES_FILES: Final = frozenset({"created", "uploading"})


class Pause(Struct, frozen=True):
    """Wait so long."""

    seconds: float


class Work(Struct, frozen=True):
    """Something that blocks, such as reading a file."""

    act: Callable[[], Any]


Act: TypeAlias = Call[Any] | Pause | Work
Flow: TypeAlias = Generator[Act, Any, T]
Content: TypeAlias = bytes | str | Path
"""A file's bytes, or where it is."""


class Flows:
    """The flows of a client: ``tries`` is how often a request is sent that may be sent again."""

    def __init__(self, url: str, tries: int) -> None:
        self._url = url
        self._tries = tries

    def trying(self, *, is_repeatable: bool = True) -> Trying:
        """The tries of one request."""
        return Trying(self._tries if is_repeatable else 1, self._url)

    def following(self, job_id: str | None, last_id: str) -> Following:
        """A stream of events from after that id on."""
        return Following(job_id, last_id, self.trying())

    def fetching(self, job_id: str, name: str) -> Fetching:
        """A file on its way."""
        return Fetching(job_id, name, self.trying())

    def send(self, call: Call[T]) -> Flow[T]:
        """A request, repeated where that does no harm and may help. Raises ApiError and ServerAway."""
        trying = self.trying(is_repeatable=call.is_repeatable)
        while True:
            try:
                response = yield call
            except httpx2.TransportError as error:
                trying.lost(error)
            else:
                if trying.is_answered(response):
                    return _read(call, response)
            yield Pause(trying.pause_s)

    def submit(
        self,
        kind: str,
        input: object,  # noqa: A002 - as elsewhere
        key: str | None,
        files: Mapping[str, Content],
        terms: Params,
    ) -> Flow[Submitted]:
        """Hand a job in; one with files is made, sent its files, and started."""
        if not files:
            return (yield from self.send(calls.submit(kind, input, key, terms)))
        wanted = yield Work(lambda: [_announced(name, content) for name, content in files.items()])
        made = yield from self.send(calls.submit(kind, input, key, terms, wanted))
        if made.state not in _TAKES_FILES:  # started by an earlier request under the same key
            return made
        for name, content in files.items():
            yield from self.upload(made.job_id, name, content, resume=not made.is_new)
        started = yield from self.send(calls.process(made.job_id))
        return msgspec.structs.replace(started, is_new=made.is_new)

    def upload(self, job_id: str, name: str, content: Content, *, resume: bool) -> Flow[Upload]:
        """Send a file, a large one in parts."""
        size: int = yield Work(partial(_size_of, content))
        if size <= PART_BYTES:
            return (yield from self.send(calls.upload(job_id, name, (yield _piece(content, 0)))))
        kept = (yield from self.send(calls.uploaded(job_id, name))) if resume else Upload(name=name)
        while not kept.is_here:
            start = kept.received or 0
            data: bytes = yield _piece(content, start)
            kept = yield from self.send(calls.upload(job_id, name, data, start=start, total=size))
            if not kept.is_here and (kept.received or 0) <= start:
                raise ApiError(f"{name} stays at {start} of {size} bytes", status=202, reason="not_received")
        return kept

    def wait(self, job_id: str, timeout_s: float | None) -> Flow[Job]:
        """Look at a job until it has ended. Raises WaitedTooLong."""
        ends_s = math.inf if timeout_s is None else monotonic() + timeout_s
        pause_s = FIRST_LOOK_S
        while not (job := (yield from self.send(calls.job(job_id)))).has_ended:
            left_s = ends_s - monotonic()
            if left_s <= 0:
                raise WaitedTooLong(f"job {job_id} has not ended within {timeout_s:g} s")
            yield Pause(min(pause_s, left_s))
            pause_s = min(LONGEST_LOOK_S, pause_s * 1.5)
        return job

    def run(
        self,
        kind: str,
        input: object,  # noqa: A002 - as elsewhere
        files: Mapping[str, Content],
        terms: Params,
        timeout_s: float | None,
    ) -> Flow[Job]:
        """Hand a job in and wait for its result. Raises JobNotSuccessful."""
        submitted = yield from self.submit(kind, input, None, files, terms)
        return required((yield from self.wait(submitted.job_id, timeout_s)))


class Pages(Generic[T]):
    """A list that comes by the page: ``call`` asks for the next one; at most ``limit`` rows, 0 for all."""

    def __init__(self, page: Callable[[Params], Call[Page[T]]], filters: Params, limit: int = 0) -> None:
        self._page = page
        self._filters = dict(filters)
        self._left = limit or math.inf
        self.is_over = False

    @property
    def call(self) -> Call[Page[T]]:
        """What asks for the next page."""
        return self._page(self._filters)

    def take(self, page: Page[T]) -> list[T]:
        """The rows of a page that are wanted."""
        rows = page.items if self._left >= len(page.items) else page.items[: int(self._left)]
        self._left -= len(rows)
        self._filters["cursor"] = page.next_cursor
        self.is_over = not page.next_cursor or self._left <= 0
        return rows


def _read(call: Call[T], response: httpx2.Response) -> T:
    try:
        return call.read(response.content)
    except (msgspec.DecodeError, KeyError) as error:
        message = f"{call.method} {call.path} was answered by something else: {error}"
        hint = "is a StreamForge at that address, and not a proxy's page?"
        raise ApiError(message, status=response.status_code, reason="not_understood", hint=hint) from error


def _piece(content: Content, start: int) -> Work:
    return Work(partial(_read_part, content, start))


def _read_part(content: Content, start: int) -> bytes:
    if isinstance(content, bytes):
        return content[start : start + PART_BYTES]
    with Path(content).open("rb") as file:
        file.seek(start)
        return file.read(PART_BYTES)


def _size_of(content: Content) -> int:
    return len(content) if isinstance(content, bytes) else Path(content).stat().st_size


def _announced(name: str, content: Content) -> dict[str, object]:
    """A file as a job names it beforehand: parts of another one under its name are never taken for it."""
    digest, start = sha256(), 0
    while piece := _read_part(content, start):
        digest.update(piece)
        start += len(piece)
    return {"name": name, "size": start, "sha256": digest.hexdigest()}
