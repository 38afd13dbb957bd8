"""Where a request comes from, as far as a browser tells: under which name it was sent here, and by whose page.

A page anywhere can have its visitor's browser call this machine. Without keys the address alone would let it in, so its
name for this server must be one of ours (else DNS made its own name point here), and what changes something must not
come from another page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from streamforge.config.check import is_loopback

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""
FORWARDED: Final = frozenset({"forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cdn-loop"})
"""What proxies add: a request with one of these does not come from this machine, whatever its address says."""
FORWARDED_FROM: Final = ("x-forwarded-", "cf-", "x-envoy-", "fastly-")
"""How other headers of theirs begin."""


def is_forwarded(request: web.Request) -> bool:
    """Whether a proxy passed it on."""
    names = map(str.lower, request.headers)
    return any(name in FORWARDED or name.startswith(FORWARDED_FROM) for name in names)


def is_our_host(request: web.Request, hosts: Sequence[str]) -> bool:
    """Whether it is sent to this machine by name, or to one of ``hosts`` (``example.com``, ``*.example.com``)."""
    names = {_name_of(request.headers.get("Host", "")), _name_of(_place_of(request.raw_path))} - {""}
    return all(is_loopback(name) or any(_fits(name, entry.lower()) for entry in hosts) for name in names)


def is_foreign(request: web.Request, origins: Sequence[str] = ()) -> bool:
    """Whether a page of another origin sent it, and one that could read or change something by that.

    A WebSocket is read by whoever opens it, so opening one counts. ``origins`` are those that are let in all the same.
    """
    is_opening = request.headers.get("Upgrade", "").lower() == "websocket"
    if request.method in READING and not is_opening:
        return False
    origin = request.headers.get("Origin")
    if origin is not None and origin in origins:
        return False
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        return True
    return origin is not None and _place_of(origin) != request.headers.get("Host", "").lower()


def _place_of(address: str) -> str:
    """Host and port of an address; a path alone has none."""
    if address.startswith("/"):
        return ""
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:
        return ""


def _name_of(host: str) -> str:
    """A Host header without its port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _fits(name: str, entry: str) -> bool:
    return name.endswith(entry[1:]) if entry.startswith("*.") else name == entry
