"""Round trips to Redis: what is asked of scripts in the same moment goes in one."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import anyio
import anyio.lowlevel
import redis.asyncio as aioredis
from redis.exceptions import NoScriptError, RedisError, ResponseError

from streamforge.broker.connection import translate
from streamforge.errors import BrokerUnavailable
from streamforge.ops import metrics

BATCH_MAX = 64
"""Calls of scripts in one round trip."""


class Trips:
    """Lua scripts over one client, by name. Raises BrokerUnavailable and ConfigError.

    Whoever asks first sends for all who ask before the event loop comes round to it.
    """

    def __init__(self, client: aioredis.Redis, sources: Mapping[str, str]) -> None:
        self._client = cast("Any", client)
        self._sources = sources
        self._shas = {name: _sha_of(source) for name, source in sources.items()}
        self._waiting: list[_Asked] = []

    async def ask(self, name: str, key: str, *arguments: str | bytes) -> Any:  # noqa: ANN401 - a script's reply
        """What a script answers, with one key and these arguments."""
        asked = _Asked(name, (key, *arguments))
        self._waiting.append(asked)
        if self._waiting[0] is asked:
            asked.lead()
        try:
            while await asked.is_leader:
                await self._lead()
            return asked.result()
        finally:
            self._leave(asked)

    async def _lead(self) -> None:
        """Send what is waiting once everybody who is awake has asked; another one leads what is too much for once."""
        with anyio.CancelScope(shield=True):
            await anyio.lowlevel.checkpoint()
            batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
            if self._waiting:
                self._waiting[0].lead()
            try:
                await self._send(batch)
            finally:
                for asked in batch:
                    asked.fail(BrokerUnavailable("the question to Redis was broken off"))

    def _leave(self, asked: _Asked) -> None:
        """One who is cancelled before it is sent asks nothing, and leaves the lead to the next."""
        if asked not in self._waiting:
            return
        was_first = self._waiting[0] is asked
        self._waiting.remove(asked)
        if was_first and self._waiting:
            self._waiting[0].lead()

    async def _send(self, batch: Sequence[_Asked]) -> None:
        try:
            await self._evaluate(batch)
            if lost := [
                asked for asked in batch if asked.is_script_lost
            ]:  # a new server; what is not there has not run
                for name in {asked.name for asked in lost}:
                    await self._client.script_load(self._sources[name])
                await self._evaluate(lost)
        except (RedisError, OSError) as error:
            ours = _translated(error)
            for asked in batch:
                asked.fail(ours)

    async def _evaluate(self, batch: Sequence[_Asked]) -> None:
        metrics.redis_traffic_trips_total().inc()
        if len(batch) == 1:
            try:
                batch[0].answer(await self._client.execute_command(*self._command(batch[0])))
            except NoScriptError as error:
                batch[0].answer(error)
            return
        async with self._client.pipeline(transaction=False) as pipe:
            for asked in batch:
                pipe.execute_command(*self._command(asked))
            for asked, reply in zip(batch, await pipe.execute(raise_on_error=False), strict=True):
                asked.answer(reply)

    def _command(self, asked: _Asked) -> tuple[str | bytes | int, ...]:
        return "EVALSHA", self._shas[asked.name], 1, *asked.arguments


_CODE = re.compile(r"(?!ERR )[A-Z]+ ")


class Rejected(BrokerUnavailable):
    """Redis answers, and a script cannot work with what it was asked: asked again, it will fail again."""


class _Asked:
    """A question on its way. ``is_leader`` comes true for the one that is to send, and false with the reply."""

    __slots__ = ("_reply", "arguments", "is_leader", "is_script_lost", "name")

    def __init__(self, name: str, arguments: tuple[str | bytes, ...]) -> None:
        self.name = name
        self.arguments = arguments
        self.is_script_lost = False
        self.is_leader: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._reply: object = None

    def lead(self) -> None:
        """Send, for all who wait."""
        _resolve(self.is_leader, value=True)

    def answer(self, reply: object) -> None:
        """Pass a reply on, or an error as ours."""
        self.is_script_lost = isinstance(reply, NoScriptError) and not self.is_script_lost
        if not self.is_script_lost:
            self._end(_translated(reply) if isinstance(reply, Exception) else reply)

    def fail(self, error: Exception) -> None:
        """Nothing more will come; where a reply has come, it stands."""
        if self._reply is None:
            self._end(error)

    def result(self) -> Any:  # noqa: ANN401 - a script's reply
        """The reply; raises what it failed with."""
        if isinstance(self._reply, Exception):
            raise self._reply
        return self._reply

    def _end(self, reply: object) -> None:
        self._reply = reply
        if self.is_leader.done():
            self.is_leader = asyncio.get_running_loop().create_future()
        _resolve(self.is_leader, value=False)


def _translated(reply: Exception) -> Exception:
    """A script's own error has neither a class in redis-py nor a code of Redis before it, as a full disk's has."""
    text = str(reply)
    is_own = type(reply) is ResponseError and "user_script" in text and not _CODE.match(text)
    ours = translate(reply)
    return Rejected(ours.message) if is_own else ours


def _resolve(future: asyncio.Future[bool], *, value: bool) -> None:
    if not future.done():
        future.set_result(value)


def _sha_of(source: str) -> str:
    """The name that Redis gives a script."""
    return hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
