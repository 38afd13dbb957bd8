"""Fetching a file from an address that a stranger wrote, without letting them reach into the operator's network.

What ``outbound`` holds for one request holds for each redirect again.
"""

from __future__ import annotations

import asyncio

import aiohttp
from msgspec import Struct
from yarl import URL

from streamforge.errors import AssetRejected, ProviderUnavailable, RateLimited
from streamforge.providers.outbound import HostNotAllowed, Hosts, check, entries_of, is_public, parsed, session

__all__ = ["HostNotAllowed", "Hosts", "Limits", "download", "entries_of", "is_public"]

_REDIRECTS = frozenset([301, 302, 303, 307, 308])
_MAX_REDIRECTS = 3
_CHUNK_BYTES = 64 * 1024
_TOO_MANY, _SERVER_ERROR, _REQUEST_TIMEOUT, _OK = 429, 500, 408, 200


class Limits(Struct, frozen=True, kw_only=True):
    """Bounds of one download, redirects included."""

    max_bytes: int = 5_000_000
    timeout_s: float = 10.0


async def download(address: str, hosts: Hosts, limits: Limits) -> bytes:
    """The file at ``address``.

    Raises AssetRejected where it may not or cannot be had, RateLimited or ProviderUnavailable where trying again may
    help. Messages name host and reason; path and query may be secret.
    """
    url = parsed(address)
    try:
        async with asyncio.timeout(limits.timeout_s):
            for _ in range(_MAX_REDIRECTS + 1):
                check(url, hosts)
                answer = await _ask(url, hosts, limits)
                if isinstance(answer, bytes):
                    return answer
                url = answer
    except TimeoutError:
        raise ProviderUnavailable(f"{url.host} took longer than {limits.timeout_s:g} s") from None
    except aiohttp.ClientConnectorCertificateError:
        raise AssetRejected(f"the certificate of {url.host} is not valid", hint="give an address with one") from None
    except (aiohttp.ClientError, OSError) as error:
        # the library's message may hold the whole address
        raise ProviderUnavailable(f"{url.host} could not be reached: {type(error).__name__}") from None
    raise AssetRejected(f"{url.host} redirects more than {_MAX_REDIRECTS} times", hint="give the final address")


async def _ask(url: URL, hosts: Hosts, limits: Limits) -> bytes | URL:
    """The body, or where it is said to be instead."""
    headers = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "streamforge"}
    async with (
        session(url, hosts, limits.timeout_s) as client,
        client.get(url, headers=headers, allow_redirects=False) as response,
    ):
        if response.status in _REDIRECTS:
            return _target(response.headers.get("Location", ""), url)
        _check_status(response, url)
        return await _body(response, limits.max_bytes)


def _target(location: str, url: URL) -> URL:
    try:
        target = url.join(URL(location))
    except ValueError:
        raise AssetRejected(f"{url.host} redirects to what is no address", hint="give the final address") from None
    return parsed(str(target))


def _check_status(response: aiohttp.ClientResponse, url: URL) -> None:
    status = response.status
    if status == _TOO_MANY:
        after = response.headers.get("Retry-After", "")
        raise RateLimited(f"{url.host} asks for a pause", retry_after_s=float(after) if after.isdecimal() else None)
    if status >= _SERVER_ERROR or status == _REQUEST_TIMEOUT:
        raise ProviderUnavailable(f"{url.host} answered with {status}")
    if status != _OK:
        raise AssetRejected(f"{url.host} answered with {status}", hint="check that everybody can open the address")
    if response.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}:
        raise AssetRejected(f"{url.host} sent a compressed answer unasked", hint="give another address")


async def _body(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    host = response.url.host
    too_large = AssetRejected(f"the file at {host} is over {max_bytes} bytes", hint="give a smaller one")
    if (response.content_length or 0) > max_bytes:
        raise too_large
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > max_bytes:
            raise too_large
    return bytes(body)
