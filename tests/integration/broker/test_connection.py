"""redis-py's traps, each over a real server: nothing sent twice, nothing hung, nothing raised from the depths."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import anyio
import pytest
import uvloop

from streamforge.broker.broker import Broker
from streamforge.config import JobsSettings, RedisSettings, Secret
from streamforge.errors import BrokerUnavailable, ConfigError
from streamforge.testing.server import TestServer
from tests.integration.moves import cursor, raw, submit, take_one

RUNNERS: dict[str, Callable[..., object]] = {"asyncio": asyncio.run, "uvloop": uvloop.run}


def broker_at(url: str, **settings: Any) -> Broker:  # noqa: ANN401 - any of RedisSettings'
    """A broker with these settings."""
    return Broker(RedisSettings(**settings), JobsSettings(), url)


async def test_a_command_that_timed_out_is_not_sent_again(own_server: TestServer) -> None:
    """A server that stalls longer than the socket timeout gets one XADD, however late it comes to it."""
    broker = broker_at(own_server.url, socket_timeout_s=0.2)
    await broker.ping()
    own_server.freeze()
    with pytest.raises(BrokerUnavailable):
        await broker.call("xadd", lambda: raw(broker).xadd("s", {"a": "b"}))
    own_server.thaw()
    await broker.ping()
    assert await raw(broker).xlen("s") <= 1
    await broker.close()


async def test_a_blocking_read_outlasts_the_socket_timeout(shared_server: TestServer, broker: Broker) -> None:
    """A wait for entries longer than one command may take ends with the entry, not with a timeout."""
    quick = broker_at(shared_server.url, socket_timeout_s=0.05)
    await submit(broker, "a")
    await take_one(broker)
    here = await cursor(broker)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(quick.wait_for_bell("default", here))
        with anyio.move_on_after(0.2):  # four times the socket timeout
            await asyncio.shield(waiting)
        assert not waiting.done()
        await submit(broker, "b")
    await quick.close()


@pytest.mark.parametrize("loop", RUNNERS)
def test_a_transport_closed_under_a_connection_is_told(shared_server: TestServer, loop: str) -> None:
    """On every event loop: BrokerUnavailable, or a silent reconnect; never a RuntimeError; then it works again."""

    async def main() -> None:
        broker = broker_at(shared_server.url)
        for close in ("close", "abort"):
            await broker.ping()
            for connection in cast("Any", broker.client).connection_pool._available_connections:
                getattr(connection._writer.transport, close)()
            with anyio.move_on_after(5) as patience:
                try:
                    await broker.call("set", lambda: raw(broker).set("k", "v"))
                except BrokerUnavailable:
                    await broker.call("set", lambda: raw(broker).set("k", "v"))
            assert not patience.cancelled_caught
        await broker.close()

    RUNNERS[loop](main())


@pytest.mark.parametrize("loop", RUNNERS)
def test_a_transport_closed_between_check_and_send(shared_server: TestServer, loop: str) -> None:
    """The worst moment: the connection is in use and believed whole. The error is ours, the next call works."""

    async def main() -> None:
        broker = broker_at(shared_server.url)
        await broker.ping()
        pool = cast("Any", broker.client).connection_pool
        connection = await pool.get_connection()
        connection._writer.transport.abort()
        await asyncio.sleep(0)

        async def send() -> None:
            await connection.send_command("PING")
            await connection.read_response()

        with pytest.raises(BrokerUnavailable):
            await cast("Any", broker)._once("ping", send)
        await pool.release(connection)
        await broker.ping()
        await broker.close()

    RUNNERS[loop](main())


async def test_a_connection_that_the_server_killed(broker: Broker) -> None:
    """CLIENT KILL costs at most one refused call."""
    await broker.ping()
    await raw(broker).execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
    for _ in range(2):
        try:
            await broker.ping()
            break
        except BrokerUnavailable:
            continue
    await broker.ping()


async def test_more_tasks_than_connections_take_turns(shared_server: TestServer) -> None:
    """Two hundred tasks over three connections all get their answer."""
    broker = broker_at(shared_server.url, max_connections=3)
    async with anyio.create_task_group() as tasks:
        for _ in range(200):
            tasks.start_soon(broker.ping)
    assert len(cast("Any", broker.client).connection_pool._available_connections) <= 3
    await broker.close()


async def test_a_cancelled_wait_leaves_a_clean_connection(broker: Broker) -> None:
    """A blocking read that is cut off does not hand its answer to the next command."""
    await submit(broker)
    await take_one(broker)
    here = await cursor(broker)
    for _ in range(3):
        with anyio.move_on_after(0.02):
            await broker.wait_for_bell("default", here)
    await submit(broker, "b")
    await broker.wait_for_bell("default", here)
    assert (await take_one(broker)).id == "b"


async def test_a_wrong_password_is_a_config_error(short_dir: Path) -> None:
    """A refused client says what to check at once, waits for nothing, and tells the password to nobody."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with TestServer(short_dir, "requirepass right-password", "bind 127.0.0.1", f"port {port}") as server:
        for broker in (
            broker_at(server.url, password=Secret("wrong-password")),
            broker_at(f"unix://:wrong-password@{server.socket}"),
            broker_at(server.url),
            broker_at(f"redis://127.0.0.1:{port}", password=Secret("wrong-password")),
            broker_at(f"redis://127.0.0.1:{port}"),
        ):
            calls: list[Callable[[], Awaitable[None]]] = [broker.ping, broker.wait_until_ready]
            for call in calls:
                with pytest.raises(ConfigError) as caught:
                    await call()
                assert "password" in str(caught.value.hint)
                assert "wrong-password" not in f"{caught.value} {caught.value!r} {caught.value.__cause__}"
            await broker.close()
        right = broker_at(server.url, password=Secret("right-password"))
        await right.ping()
        await right.close()


async def test_nobody_there_is_told_in_time(short_dir: Path) -> None:
    """Without a server, waiting ends after the patience it was given, naming the setting."""
    broker = broker_at(f"unix://{short_dir}/nothing.sock")
    with pytest.raises(BrokerUnavailable):
        await broker.ping()
    with pytest.raises(BrokerUnavailable, match=r"0\.05 s") as caught:
        await broker.wait_until_ready(0.05)
    assert caught.value.field == "redis.url"
    await broker.close()


async def test_each_connection_pool_is_closed(shared_server: TestServer, broker: Broker) -> None:
    """``close`` leaves no client connected to the server."""

    async def names() -> list[str]:
        return [client["name"] for client in await raw(broker).client_list()]

    other = broker_at(f"{shared_server.url}&client_name=other")
    await other.ping()
    assert "other" in await names()
    await other.close()
    assert "other" not in await names()
