"""The limiter's scripts, behind one typed function each; what is asked in the same moment goes in one round trip."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any, cast

import anyio
import anyio.lowlevel
import msgspec
import redis.asyncio as aioredis
from msgspec import Struct
from redis.exceptions import NoScriptError, RedisError

from streamforge.broker.connection import translate
from streamforge.broker.keys import Keys
from streamforge.errors import BrokerUnavailable
from streamforge.traffic import counts
from streamforge.traffic.headers import Told
from streamforge.traffic.model import Caller, Candidate, Estimate, Go, Scope, Settled, Wait
from streamforge.traffic.outcome import Outcome
from streamforge.traffic.rules import Rules

BATCH_MAX = 64
"""Calls of scripts in one round trip."""

_GO, _WAIT, _PARK = 1, 0, -1


class Report(Struct, frozen=True, kw_only=True):
    """How a call ended. Tokens are None where nobody knows them; ``bench_reason`` and ``bench_ms`` go with BAD_KEY.

    ``told`` is what the provider's headers said, ``told_age_ms`` how long ago.
    """

    outcome: Outcome
    input_tokens: int | None = None
    output_tokens: int | None = None
    retry_after_s: float | None = None
    told: Told = Told()
    told_age_ms: int = 0
    bench_reason: str = ""
    bench_ms: int = 0
    is_whole_key: bool = False
    duration_ms: int = 0


class Scripts:
    """The Lua scripts over one client. Raises BrokerUnavailable and ConfigError.

    Whoever asks first sends for all who ask before the event loop comes round to it.
    """

    def __init__(self, client: aioredis.Redis, keys: Keys, rules: Rules) -> None:
        self._client = cast("Any", client)
        self._keys = keys
        self._sources = load_sources(rules)
        self._shas: dict[str, str] = {}
        self._waiting: list[_Asked] = []

    async def admit(
        self,
        scope: Scope,
        candidates: Sequence[Candidate],
        estimate: Estimate,
        caller: Caller,
        *,
        patience_ms: int,
        nonce: str,
    ) -> Go | Wait | None:
        """Whether the call may go; None where every key is benched."""
        answer = await self._ask(
            "admit",
            scope,
            model=scope.model,
            caller=caller.id,
            flow=caller.flow,
            weight=caller.share,
            input=estimate.input_tokens,
            output=estimate.output_tokens,
            patience_ms=patience_ms,
            nonce=nonce,
            keys=[candidate.as_lua() for candidate in candidates],
        )
        code, first, second, third = answer
        if code == _GO:
            return Go(first.decode(), second.decode(), bool(third))
        return Wait(int(first), second.decode(), code == _PARK) if code in (_WAIT, _PARK) else None

    async def settle(self, scope: Scope, candidate: Candidate, reservation: str, report: Report) -> Settled:
        """End a reservation."""
        used = (report.input_tokens, report.output_tokens)
        held, breaker, benched, cooldown, made_room = await self._ask(
            "settle",
            scope,
            model=scope.model,
            key=candidate.as_lua(),
            reservation=reservation,
            outcome=report.outcome,
            input=-1 if used[0] is None else used[0],
            output=-1 if used[1] is None else used[1],
            retry_ms=-1 if report.retry_after_s is None else round(report.retry_after_s * 1000),
            told=report.told.limits,
            remaining=report.told.remaining,
            told_age_ms=report.told_age_ms,
            bench_ms=report.bench_ms,
            bench_whole="1" if report.is_whole_key else "",
            reason=report.bench_reason,
            duration_ms=report.duration_ms,
        )
        return Settled(bool(held), breaker.decode(), bool(benched), int(cooldown), bool(made_room))

    async def renew(self, scope: Scope, held: Sequence[tuple[str, str, bool]], gone: Sequence[str] = ()) -> list[bool]:
        """Whether each reservation (fingerprint, id, whether its answer has begun) still holds, renewed.

        ``gone`` are callers' members that will not ask again (``member_of``).
        """
        return [bool(code) for code in await self._ask("renew", scope, held=held, gone=gone)]

    async def _ask(self, name: str, scope: Scope, **ask: object) -> Any:  # noqa: ANN401 - a script's reply
        blob = msgspec.msgpack.encode({"scope": scope.name, "provider": scope.provider, **ask})
        asked = _Asked(name, self._keys.model(scope.name), blob)
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
            await self._load(asked.name for asked in batch)
            await self._evaluate(batch)
            if lost := [asked for asked in batch if asked.is_script_lost]:  # a restart; what is not there has not run
                self._shas.clear()
                await self._load(asked.name for asked in lost)
                await self._evaluate(lost)
        except (RedisError, OSError) as error:
            ours = translate(error)
            for asked in batch:
                asked.fail(ours)

    async def _evaluate(self, batch: Sequence[_Asked]) -> None:
        counts.redis_traffic_trips_total().inc()
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
        return "EVALSHA", self._shas[asked.name], 1, asked.key, self._keys.base, asked.blob

    async def _load(self, names: Iterable[str]) -> None:
        for name in set(names) - self._shas.keys():
            sha = await self._client.script_load(self._sources[name])
            self._shas[name] = sha.decode() if isinstance(sha, bytes) else sha


class _Asked:
    """A question on its way. ``is_leader`` comes true for the one that is to send, and false with the reply."""

    __slots__ = ("_reply", "blob", "is_leader", "is_script_lost", "key", "name")

    def __init__(self, name: str, key: str, blob: bytes) -> None:
        self.name = name
        self.key = key
        self.blob = blob
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
            self._end(translate(reply) if isinstance(reply, Exception) else reply)

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


def _resolve(future: asyncio.Future[bool], *, value: bool) -> None:
    if not future.done():
        future.set_result(value)


def member_of(caller: Caller, estimate: Estimate) -> str:
    """How a caller stands among those who wait."""
    return f"{caller.id}|{estimate.input_tokens}|{estimate.output_tokens}"


def load_sources(rules: Rules) -> dict[str, str]:
    """Each script by name, with the shared prelude and the rules before it."""
    folder = files("streamforge.traffic") / "lua"
    prelude = (folder / "lib.lua").read_text().replace("ASK.rules", rules.as_lua(), 1)
    return {
        path.name.removesuffix(".lua"): prelude + path.read_text()
        for path in folder.iterdir()
        if path.name.endswith(".lua") and path.name != "lib.lua"
    }
