"""Model text on its way: told on a channel of its job, and kept by nobody.

Whoever tells it learns how many heard it, so that text which nobody listens to costs next to nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, cast

import anyio
from redis.exceptions import RedisError

from streamforge.broker.broker import BLOCK_S, Broker
from streamforge.broker.connection import translate


class DeltaVoice:
    """Tells pieces of text."""

    def __init__(self, broker: Broker) -> None:
        self._client = broker.client
        self._keys = broker.keys

    async def tell(self, batch: Sequence[tuple[str, bytes]]) -> list[int]:
        """Publish messages, each for its job, in one round trip; how many daemons heard each. Raises ours; one try."""
        try:
            async with cast("Any", self._client).pipeline(transaction=False) as pipe:
                for job_id, message in batch:
                    pipe.publish(self._keys.deltas(job_id), message)
                return await pipe.execute()
        except (RedisError, OSError) as error:
            raise translate(error) from error


class DeltaEars:
    """Hears the text of the jobs that ``wanted`` names, over one connection, which is made with the first of them."""

    def __init__(self, broker: Broker, wanted: Callable[[], set[str]], hear: Callable[[str, bytes], None]) -> None:
        self._broker = broker
        self._wanted = wanted
        self._hear = hear
        self._prefix = broker.keys.deltas("")
        self._changed = asyncio.Event()

    def tune(self) -> None:
        """What is wanted has changed."""
        self._changed.set()

    async def run(self) -> None:
        """Hear for ever; raises, in a group, BrokerUnavailable or ConfigError where the connection is lost."""
        while not self._wanted():
            self._changed.clear()
            await self._changed.wait()
        async with self._broker.channel() as channel, anyio.create_task_group() as tasks:
            await _ours(channel.subscribe(self._prefix))  # of no job: what is subscribed to nothing cannot be read
            tasks.start_soon(self._follow_wishes, channel, name="deltas:tune")
            await self._listen(channel)

    async def _follow_wishes(self, channel: Any) -> None:  # noqa: ANN401 - redis-py's types say little
        heard: set[str] = set()
        while True:
            self._changed.clear()
            wanted = self._wanted()
            if new := wanted - heard:
                await _ours(channel.subscribe(*(self._prefix + job_id for job_id in new)))
            if old := heard - wanted:
                await _ours(channel.unsubscribe(*(self._prefix + job_id for job_id in old)))
            heard = wanted
            await self._changed.wait()

    async def _listen(self, channel: Any) -> None:  # noqa: ANN401 - the same
        while True:
            message = await _ours(channel.get_message(timeout=BLOCK_S))
            if message is not None and message["type"] == "message":
                self._hear(message["channel"].decode().removeprefix(self._prefix), message["data"])


async def _ours(call: Any) -> Any:  # noqa: ANN401 - the same
    try:
        return await call
    except (RedisError, OSError) as error:
        raise translate(error) from error
