"""The API's operations as data: what is sent, and how the answer is read. Both clients make the same calls."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final, Generic, TypedDict, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from streamforge.client.types import Job, Letter, Page, Queue, Submitted, Worker

T = TypeVar("T")

LOCAL: Final = "http://127.0.0.1:8080"
URL_VARIABLE: Final = "STREAMFORGE_URL"
KEY_VARIABLE: Final = "STREAMFORGE_API_KEY"

Rows = dict[str, Any]
Params = Mapping[str, str | float]


class Call(Struct, Generic[T], frozen=True, kw_only=True):
    """One request. ``answer`` is the type of its JSON; ``is_repeatable`` says that sending it twice does no harm."""

    method: str
    path: str
    answer: Any
    body: object = None
    params: dict[str, str] = {}
    headers: dict[str, str] = {}
    is_repeatable: bool = True

    @property
    def content(self) -> bytes | None:
        """The body as it is sent."""
        return None if self.body is None else msgspec.json.encode(self.body)

    @property
    def all_headers(self) -> dict[str, str]:
        """The headers, with the body's type."""
        return self.headers if self.body is None else {"Content-Type": "application/json", **self.headers}

    def read(self, content: bytes) -> T:
        """The answer in its type."""
        return msgspec.json.decode(content or b"null", type=self.answer)


class Connection(TypedDict):
    """What both clients of httpx2 are made with."""

    base_url: str
    headers: dict[str, str]
    timeout: float
    trust_env: bool


def connection(url: str, api_key: str | None, timeout_s: float) -> Connection:
    """To the server at ``url``, by no proxy of the environment."""
    return Connection(base_url=url, headers=authorization(api_key), timeout=timeout_s, trust_env=False)


def address(url: str | None) -> str:
    """The server's address: the given one, ``$STREAMFORGE_URL``, or this machine's."""
    return (url or os.environ.get(URL_VARIABLE) or LOCAL).rstrip("/")


def authorization(key: str | None) -> dict[str, str]:
    """The header with the API key: the given one, ``$STREAMFORGE_API_KEY``, or none."""
    key = key or os.environ.get(KEY_VARIABLE, "")
    return {"Authorization": f"Bearer {key}"} if key else {}


def submit(kind: str, input: object, key: str | None, terms: Params) -> Call[Submitted]:  # noqa: A002 - as elsewhere
    """A job, under an idempotency key so that it may be sent again: once accepted it is one job."""
    body = {"kind": kind, "input": input, **_given(terms)}
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    return Call(method="POST", path="/api/v1/jobs", answer=Submitted, body=body, headers=headers)


def submit_many(jobs: Sequence[Mapping[str, object]]) -> Call[Page[Rows]]:
    """Many jobs in one request; those without a key of their own get one."""
    body = {"jobs": [{"idempotency_key": str(uuid.uuid4()), **job} for job in jobs]}
    return Call(method="POST", path="/api/v1/jobs/batch", answer=Page[Rows], body=body)


def job(job_id: str) -> Call[Job]:
    """How a job stands."""
    return Call(method="GET", path=f"/api/v1/jobs/{_name(job_id)}", answer=Job)


def jobs(filters: Params) -> Call[Page[Job]]:
    """A page of jobs, newest first."""
    return Call(method="GET", path="/api/v1/jobs", answer=Page[Job], params=_texts(filters))


def job_act(job_id: str, act: str, terms: Params) -> Call[Rows]:
    """``cancel``, ``retry`` or ``requeue``."""
    path = f"/api/v1/jobs/{_name(job_id)}/{act}"
    return Call(method="POST", path=path, answer=Rows, body=_given(terms), is_repeatable=act == "cancel")


def letters(filters: Params) -> Call[Page[Letter]]:
    """A page of dead letters, newest first."""
    return Call(method="GET", path="/api/v1/dead", answer=Page[Letter], params=_texts(filters))


def letter(letter_id: str) -> Call[Letter]:
    """One dead letter, with its fields or its job's input."""
    return Call(method="GET", path=f"/api/v1/dead/{_name(letter_id)}", answer=Letter)


def requeue(letter_id: str, *, fresh: bool) -> Call[Rows]:
    """Try what a dead letter holds again."""
    path = f"/api/v1/dead/{_name(letter_id)}/requeue"
    return Call(method="POST", path=path, answer=Rows, body={"fresh": fresh}, is_repeatable=False)


def forget(letter_id: str) -> Call[Any]:
    """Delete a dead letter."""
    return Call(method="DELETE", path=f"/api/v1/dead/{_name(letter_id)}", answer=object)


def look(what: str) -> Call[Any]:
    """``kinds``, ``keys``, ``me`` and the like: as JSON holds it."""
    return Call(method="GET", path=f"/api/v1/{what}", answer=object)


def queues() -> Call[Page[Queue]]:
    """The queues that the daemon serves."""
    return Call(method="GET", path="/api/v1/queues", answer=Page[Queue])


def workers() -> Call[Page[Worker]]:
    """The workers that are alive."""
    return Call(method="GET", path="/api/v1/workers", answer=Page[Worker])


def queue_act(queue: str, act: str) -> Call[Any]:
    """``pause`` or ``resume``."""
    return Call(method="POST", path=f"/api/v1/queues/{_name(queue)}/{act}", answer=object)


def file_path(job_id: str, name: str) -> str:
    """Where a job's file is."""
    return f"/api/v1/artifacts/{_name(job_id)}/{_name(name)}"


def events_path(job_id: str | None) -> str:
    """Where a job's events are streamed, or those of all."""
    return f"/api/v1/jobs/{_name(job_id)}/events" if job_id else "/api/v1/events"


def _name(text: str) -> str:
    return quote(text, safe="")


def _given(terms: Params) -> Rows:
    return {name: value for name, value in terms.items() if value not in (None, "")}


def _texts(filters: Params) -> dict[str, str]:
    return {name: str(value) for name, value in _given(filters).items()}
