"""The gallery: an HTTP service that publishes a contact sheet, some time after it was asked to.

    POST /sheets     Idempotency-Key: …    →  201 {"id": "7"}; the same key again: the same answer, charged once
    GET  /sheets/7                         →  200 {"address": "https://…"}, or 202 while it works

What its answers mean for a job is decided here, once: later, never, or the answer.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus

import msgspec
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from msgspec import Struct

from streamforge.errors import PermanentError, ProviderUnavailable, RateLimited, Snooze

TIMEOUT = ClientTimeout(total=30)
LOOK_EVERY_S = 30.0


class Receipt(Struct, frozen=True):
    """What the gallery knows a sheet by."""

    id: str


class Place(Struct, frozen=True):
    """Where a published sheet can be seen."""

    address: str


async def publish(base_url: str, title: str, sheet: bytes, *, key: str) -> Receipt:
    """Ask for a sheet's publication. Asking again with the same key publishes nothing more."""
    headers = {"Idempotency-Key": key, "Content-Type": "image/jpeg", "X-Title": title.encode("unicode_escape").decode()}
    async with _asked("POST", f"{base_url}/sheets", headers=headers, data=sheet) as response:
        return msgspec.json.decode(await response.read(), type=Receipt)


async def address_of(base_url: str, receipt: Receipt) -> str:
    """Where the sheet was published. Raises Snooze until it is: the job is parked, and looks again later."""
    async with _asked("GET", f"{base_url}/sheets/{receipt.id}") as response:
        if response.status == HTTPStatus.ACCEPTED:
            raise Snooze("the gallery has not published it yet", for_s=LOOK_EVERY_S)
        return msgspec.json.decode(await response.read(), type=Place).address


@asynccontextmanager
async def _asked(
    method: str, url: str, *, headers: dict[str, str] | None = None, data: bytes | None = None
) -> AsyncGenerator[ClientResponse]:
    try:
        async with (
            ClientSession(timeout=TIMEOUT) as session,
            session.request(method, url, headers=headers, data=data) as response,
        ):
            _require_ok(response)
            yield response
    except (ClientError, TimeoutError) as error:
        raise ProviderUnavailable(f"the gallery did not answer: {type(error).__name__}") from error
    except msgspec.DecodeError as error:
        raise ProviderUnavailable("the gallery answered something else than it promises") from error


def _require_ok(response: ClientResponse) -> None:
    status = response.status
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        asked = response.headers.get("Retry-After", "")
        raise RateLimited("the gallery asked for a pause", retry_after_s=float(asked) if asked.isdecimal() else None)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ProviderUnavailable(f"the gallery answered {status}")
    if status >= HTTPStatus.BAD_REQUEST:
        raise PermanentError(f"the gallery refused: {status}")
