"""Receivers are strangers: what they answer, and where their names lead, harms nobody."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from streamforge.broker.broker import Broker
from streamforge.config import WebhookSettings
from streamforge.testing.waiting import until
from streamforge.webhooks.sender import Sender
from streamforge.webhooks.store import hosts_of
from tests.integration.api.live_site import run_job
from tests.integration.webhooks.receiver import Post, Receiver

HEADERS = {"webhook-id": "msg_1"}


def sender(timeout_s: float = 5.0, **settings: Any) -> Sender:  # noqa: ANN401 - WebhookSettings'
    """A sender of these settings."""
    return Sender(hosts_of(WebhookSettings(**settings)), timeout_s)


@pytest.mark.parametrize("where", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "::ffff:192.168.0.1"])
async def test_a_name_that_leads_inside_is_not_followed(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """A public name whose address is private, link-local or loopback is refused before anything is sent."""
    family = socket.AF_INET6 if ":" in where else socket.AF_INET

    async def resolve(*_: object, **__: object) -> list[Any]:
        return [(family, socket.SOCK_STREAM, 6, "", (where, 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve, raising=False)
    reply = await sender().send("https://hooks.example.com/", HEADERS, b"{}")
    assert (reply.status, reply.error) == (0, "hooks.example.com is not a public address")


async def test_a_name_is_resolved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the name led to when it was checked is what is connected to: a second answer cannot lead elsewhere."""
    asked: list[str] = []
    loop = asyncio.get_running_loop()

    async def resolve(host: str, port: int, **_: object) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    async with Receiver() as receiver:
        port = receiver.url.rpartition(":")[2]
        monkeypatch.setattr(loop, "getaddrinfo", resolve, raising=False)
        reply = await sender(private_hosts=(f"http://hooks.internal:{port}",)).send(
            f"http://hooks.internal:{port}/", HEADERS, b"{}"
        )
        assert reply.is_good
        assert asked == ["hooks.internal"]
        assert receiver.requests[0].headers["host"] == f"hooks.internal:{port}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(status: int) -> None:
    """A redirect counts as a failure, and where it leads nobody knocks."""
    async with Receiver() as target:

        async def away(_: web.Request) -> web.StreamResponse:
            return web.Response(status=status, headers={"Location": f"{target.url}/inside"})

        async with Receiver(away) as receiver:
            reply = await sender(private_hosts=(receiver.url, target.url)).send(receiver.url, HEADERS, b"{}")
        assert (reply.status, reply.is_good) == (status, False)
        assert target.requests == []


async def test_an_endless_answer_is_not_read() -> None:
    """Of a body without an end a few kilobytes are read."""
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)
            sent += 65536

    async with Receiver(endless) as receiver:
        reply = await sender(private_hosts=(receiver.url,)).send(receiver.url, HEADERS, b"{}")
    assert reply.status == 200
    assert sent < 64 * 1024 * 1024


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def _dripping(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    with contextlib.suppress(ConnectionError):
        while True:
            writer.write(b"X-More: 1\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)


async def _garbage(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\xff garbage\r\n\r\n")


async def _header_bomb(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Bomb: " + b"x" * 1_000_000 + b"\r\n\r\n")


@pytest.mark.parametrize("behave", [_silent, _dripping, _garbage, _header_bomb])
async def test_bad_manners_are_a_failed_try(behave: Serve) -> None:
    """One that says nothing, never ends its headers, speaks no HTTP or sends a megabyte of header is a failed try."""

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await behave(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            gone.set()

    gone = asyncio.Event()
    server = await asyncio.start_server(served, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    reply = await sender(0.3, private_hosts=(url,)).send(url, HEADERS, b"{}")
    assert not reply.is_good
    assert reply.error
    await gone.wait()
    server.close()
    await server.wait_closed()


async def test_one_that_asks_for_a_pause_gets_it(broker: Broker) -> None:
    """Retry-After beyond the schedule's own pause is kept to."""

    async def later(_: web.Request) -> web.StreamResponse:
        return web.Response(status=429, headers={"Retry-After": "3600"})

    async with Receiver(later) as receiver, Post(broker, private_hosts=(receiver.url,)) as post:
        endpoint = await post.webhooks.create("default", receiver.url)
        await run_job(broker, "job-1")

        async def failed() -> bool:
            found, _ = await post.webhooks.deliveries(endpoint.id)
            return bool(found) and found[0].failures == 1

        await until(failed, "one failure")
        ((delivery,), _) = await post.webhooks.deliveries(endpoint.id)
        assert 3500 < (delivery.due_ms - delivery.created_ms) / 1000 <= 3700
