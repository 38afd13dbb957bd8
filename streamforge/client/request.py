"""One request as data, and the connection it goes over; both clients are made with the same."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from typing import Any, Final, Generic, TypedDict, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")

LOCAL: Final = "http://127.0.0.1:8080"
URL_VARIABLE: Final = "STREAMFORGE_URL"
KEY_VARIABLE: Final = "STREAMFORGE_API_KEY"


def _whole(answer: Any) -> Any:  # noqa: ANN401 - whatever the call answers
    return answer


class Call(Struct, Generic[T], frozen=True, kw_only=True):
    """One request. ``answer`` is the type of its JSON, ``pick`` takes from it what is wanted.

    ``is_repeatable`` says that sending it twice does no harm. ``data`` is a body that is no JSON.
    """

    method: str
    path: str
    answer: Any = object
    pick: Callable[[Any], T] = _whole
    body: object = None
    data: bytes | None = None
    params: dict[str, str] = {}
    headers: dict[str, str] = {}
    is_repeatable: bool = True

    @property
    def content(self) -> bytes | None:
        """The body as it is sent."""
        return self.data if self.body is None else msgspec.json.encode(self.body)

    @property
    def all_headers(self) -> dict[str, str]:
        """The headers, with the body's type."""
        if self.data is not None:
            return {"Content-Type": "application/octet-stream", **self.headers}
        return self.headers if self.body is None else {"Content-Type": "application/json", **self.headers}

    def read(self, content: bytes) -> T:
        """What is wanted of the answer. Raises msgspec.DecodeError for one of another form."""
        return self.pick(msgspec.json.decode(content or b"null", type=self.answer))


class Connection(TypedDict):
    """What both clients of httpx2 are made with."""

    base_url: str
    headers: dict[str, str]
    timeout: float
    proxy: str | None
    verify: ssl.SSLContext | bool
    trust_env: bool


class Way(TypedDict, total=False):
    """How the server is reached: by which ``proxy``, and whose certificates are good.

    Nothing is taken from the environment.
    """

    proxy: str
    verify: ssl.SSLContext | bool


def connection(url: str, api_key: str | None, timeout_s: float, way: Way) -> Connection:
    """To the server at ``url``."""
    return Connection(
        base_url=url,
        headers=authorization(api_key),
        timeout=timeout_s,
        proxy=way.get("proxy"),
        verify=way.get("verify", True),
        trust_env=False,
    )


def address(url: str | None) -> str:
    """The server's address: the given one, ``$STREAMFORGE_URL``, or this machine's."""
    return (url or os.environ.get(URL_VARIABLE) or LOCAL).rstrip("/")


def authorization(key: str | None) -> dict[str, str]:
    """The header with the API key: the given one, ``$STREAMFORGE_API_KEY``, or none."""
    key = key or os.environ.get(KEY_VARIABLE, "")
    return {"Authorization": f"Bearer {key}"} if key else {}
