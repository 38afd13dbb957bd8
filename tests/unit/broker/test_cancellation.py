"""A cancellation that comes while a command is being sent is neither swallowed nor taken for somebody else's."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from streamforge.broker.connection import _SafeSend  # pyright: ignore[reportPrivateUsage]


class Forgetful:
    """Sends as redis-py does before Python 3.12: a cancellation in the moment in which the send is done is lost."""

    def __init__(self) -> None:
        self.is_open = True
        self.sending = asyncio.Event()

    async def send_packed_command(self, command: bytes, check_health: bool = True) -> None:  # noqa: FBT001, FBT002, RUF100 - redis-py's
        """Wait, until somebody cancels; tell nobody."""
        del command, check_health
        self.sending.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return

    async def disconnect(self, *, nowait: bool = False) -> None:
        """Remember."""
        del nowait
        self.is_open = False


class Sender(_SafeSend, Forgetful):
    """What is tested."""


async def test_a_scopes_own_cancellation_ends_in_the_scope() -> None:
    """Who cuts off a wait goes on behind it: the scope knows its cancellation again, and the task lives."""
    sender = Sender()
    scope = anyio.CancelScope()

    async def cut_off() -> None:
        await sender.sending.wait()
        scope.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cut_off)
        with scope:
            await sender.send_packed_command(b"")
            pytest.fail("the cancellation was swallowed")
    assert scope.cancelled_caught
    assert not sender.is_open
    current = asyncio.current_task()
    assert current is not None
    assert current.cancelling() == 0


async def test_a_tasks_cancellation_ends_the_task() -> None:
    """Without a scope it is the task's own."""
    sender = Sender()
    task = asyncio.get_running_loop().create_task(sender.send_packed_command(b""))
    await sender.sending.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not sender.is_open
