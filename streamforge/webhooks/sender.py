"""One request to a receiver, which is a stranger: nothing it says is believed, kept or followed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import monotonic

import aiohttp
from msgspec import Struct
from yarl import URL

from streamforge.errors import AssetRejected, InvalidInput
from streamforge.providers.outbound import Hosts, check, parsed, session

ANSWER_BYTES = 16 * 1024
"""What is read of an answer at most, to leave the connection in order; nobody looks at it."""

URL_MAX = 2000


class Reply(Struct, frozen=True, kw_only=True):
    """How a request went. ``status`` is 0 where no answer came; ``error`` may be shown to the endpoint's owner."""

    seconds: float
    status: int = 0
    error: str = ""
    retry_after_s: float | None = None

    @property
    def is_good(self) -> bool:
        """Whether the receiver took it."""
        return 200 <= self.status < 300  # noqa: PLR2004


class Sender:
    """Sends to the hosts that the settings allow, and to addresses on the internet only."""

    def __init__(self, hosts: Hosts, timeout_s: float) -> None:
        self._hosts = hosts
        self._timeout_s = timeout_s

    def check(self, address: str, field: str = "url") -> None:
        """Raise InvalidInput where nothing would ever be sent to this address."""
        if len(address) > URL_MAX:
            raise InvalidInput(f"longer than {URL_MAX} characters", field=field)
        try:
            check(parsed(address), self._hosts)
        except AssetRejected as error:
            raise InvalidInput(error.message, field=field, hint=error.hint) from error

    async def send(self, address: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """POST, once; whatever goes wrong is in the reply."""
        started = monotonic()
        try:
            url = parsed(address)
            check(url, self._hosts)
            async with asyncio.timeout(self._timeout_s):
                status, after_s = await self._post(url, headers, body)
        except AssetRejected as error:  # raised by the resolver, too
            return Reply(seconds=monotonic() - started, error=error.message)
        except TimeoutError:
            return Reply(seconds=monotonic() - started, error=f"no answer within {self._timeout_s:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Reply(seconds=monotonic() - started, error=f"not reached: {type(error).__name__}")
        return Reply(seconds=monotonic() - started, status=status, retry_after_s=after_s, error=_error(status))

    async def _post(self, url: URL, headers: Mapping[str, str], body: bytes) -> tuple[int, float | None]:
        async with (
            session(url, self._hosts, self._timeout_s) as client,
            client.post(url, data=body, headers=headers, allow_redirects=False) as response,
        ):
            await response.content.read(ANSWER_BYTES)
            after = response.headers.get("Retry-After", "")
            return response.status, float(after[:9]) if after.isascii() and after.isdecimal() else None


def _error(status: int) -> str:
    if status < 300:  # noqa: PLR2004
        return ""
    return f"answered with {status}" + (", and redirects are not followed" if status < 400 else "")  # noqa: PLR2004
