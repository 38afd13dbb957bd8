"""The limiter's scripts by hand, one question at a time, with a clock that can be moved."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, cast

import msgspec
import redis.asyncio as aioredis

from streamforge.broker.keys import Keys
from streamforge.jobs.model import Priority
from streamforge.traffic.call import AdmittedCall
from streamforge.traffic.limiter import Limiter
from streamforge.traffic.model import Caller, Candidate, Estimate, Go, Limits, Scope, Settled, Wait
from streamforge.traffic.money import Charge, Hold, Refused
from streamforge.traffic.outcome import Outcome
from streamforge.traffic.rules import Rules
from streamforge.traffic.scripts import Report, Scripts

SCOPE = Scope("acme", "large-1")
KEYS = ("aaaaaaaa", "bbbbbbbb", "cccccccc")
TIMES = {"limit": ("at", "told_at", "cool", "cooled_at"), "model": ("open_until",)}
"""Fields that hold a time of Redis's clock, by key."""


def candidates(number: int = 1, **limits: int) -> tuple[Candidate, ...]:
    """The first keys, each with these limits."""
    return tuple(Candidate(name, Limits(**limits)) for name in KEYS[:number])


@asynccontextmanager
async def admitted(limiter: Limiter, *ask: Any, **other: Any) -> AsyncGenerator[AdmittedCall]:  # noqa: ANN401 - as ``admit``
    """A call that may be made inside ``async with``, and is settled on the way out."""
    call = await limiter.admit(*ask, **other)
    try:
        yield call
    except BaseException as error:
        await limiter.settle(call, error)
        raise
    await limiter.settle(call)


class Desk:
    """Asks for calls to one model, and settles them."""

    def __init__(self, client: aioredis.Redis, rules: Rules | None = None) -> None:
        self.client: Any = client
        self.keys = Keys()
        self.rules = rules or Rules()
        self.scripts = Scripts(client, self.keys, self.rules)
        self.passed_ms = 0
        self._nonces = count(1)

    async def ask(  # noqa: PLR0913, RUF100 - each has a default
        self,
        keys: tuple[Candidate, ...],
        caller: str = "",
        *,
        input_tokens: int = 0,
        output_tokens: int = 0,
        patience_ms: int = 100_000,
        tenant: str = "default",
        priority: Priority = Priority.NORMAL,
        weight: float = 1.0,
        scope: Scope = SCOPE,
        hold: Hold | None = None,
    ) -> Go | Wait | Refused | None:
        """One question, by a caller of its own unless named."""
        number = next(self._nonces)
        who = Caller(id=caller or f"caller-{number}", tenant=tenant, priority=priority, weight=weight)
        estimate = Estimate(input_tokens, output_tokens)
        nonce = f"n{number}"
        return await self.scripts.admit(scope, keys, estimate, who, patience_ms=patience_ms, nonce=nonce, hold=hold)

    async def go(self, keys: tuple[Candidate, ...], caller: str = "", **ask: Any) -> Go:  # noqa: ANN401 - as ``ask``
        """The same where the answer has to be yes."""
        answer = await self.ask(keys, caller, **ask)
        assert isinstance(answer, Go), answer
        return answer

    async def wait(self, keys: tuple[Candidate, ...], caller: str = "", **ask: Any) -> Wait:  # noqa: ANN401
        """The same where it has to be no."""
        answer = await self.ask(keys, caller, **ask)
        assert isinstance(answer, Wait), answer
        return answer

    async def end(
        self,
        keys: tuple[Candidate, ...],
        go: Go,
        outcome: Outcome = Outcome.OK,
        *,
        scope: Scope = SCOPE,
        charge: Charge | None = None,
        **report: Any,  # noqa: ANN401 - any of Report's
    ) -> Settled:
        """Settle a call."""
        candidate = next(one for one in keys if one.fingerprint == go.fingerprint)
        ended = Report(outcome=outcome, **report)
        return await self.scripts.settle(scope, candidate, go.reservation, ended, charge)

    async def grants(self, keys: tuple[Candidate, ...], **ask: Any) -> list[Go]:  # noqa: ANN401
        """As many calls as may go at once."""
        found: list[Go] = []
        while isinstance(answer := await self.ask(keys, f"taker-{len(found)}", **ask), Go):
            found.append(answer)
        await self.forget_waiting()
        return found

    async def forget_waiting(self) -> None:
        """All who wait go away."""
        await self.client.delete(self.keys.waiting(SCOPE.name), f"{self.keys.base}:asking:{SCOPE.name}")

    async def level(self, dimension: str, key: str = KEYS[0]) -> float:
        """What is left in a bucket, as of its last use."""
        return float(await self.client.hget(self.keys.limit(SCOPE.name, key), dimension))

    async def now_s(self) -> float:
        """The time, with what was let go by."""
        seconds, micros = await self.client.time()
        return seconds + micros / 1e6 + self.passed_ms / 1000

    async def pass_time(self, ms: int) -> None:
        """Let time go by: everything that is written down happened so much earlier."""
        self.passed_ms += ms
        async for raw in self.client.scan_iter(f"{self.keys.base}:*"):
            name = cast("bytes", raw).decode()
            kind = name.split(":")[2]
            if kind in TIMES:
                await self._shift_fields(name, TIMES[kind], ms)
                await self._shift_results(name, ms)
            elif kind == "turn":
                await self._shift_turn(name, ms)
            elif kind in ("slots", "asking", "unpaid", "scheduled"):
                for member, score in await self.client.zrange(name, 0, -1, withscores=True):
                    await self.client.zadd(name, {member: score - ms})

    async def age_reservations(self, ms: int, key: str = KEYS[0]) -> None:
        """Calls under way began so much earlier; they cannot be settled any more, for their ids hold the time."""
        slots = self.keys.slots(SCOPE.name, key)
        for member, score in await self.client.zrange(slots, 0, -1, withscores=True):
            nonce, granted, *tokens = member.decode().split(":")
            await self.client.zrem(slots, member)
            await self.client.zadd(slots, {":".join([nonce, str(int(granted) - ms), *tokens]): score})

    async def _shift_turn(self, name: str, ms: int) -> None:
        turn = msgspec.msgpack.decode(await self.client.get(name), type=dict[str, Any])
        earlier = {field: turn[field] - ms for field in ("due", "lacks") if field in turn}
        left_ms = await self.client.pttl(name) - ms
        await self.client.set(name, msgspec.msgpack.encode(turn | earlier), px=max(1, left_ms))
        if left_ms <= 0:
            await self.client.delete(name)

    async def _shift_results(self, name: str, ms: int) -> None:
        packed = await self.client.hget(name, "results")
        if packed:
            earlier = ms * self.rules.breaker_parts // self.rules.breaker_window_ms
            parts = msgspec.msgpack.decode(packed, type=list[tuple[int, int, int]])
            shifted = [(part - earlier, good, bad) for part, good, bad in parts]
            await self.client.hset(name, "results", msgspec.msgpack.encode(shifted))

    async def _shift_fields(self, name: str, fields: tuple[str, ...], ms: int) -> None:
        for field in fields:
            value = int(await self.client.hget(name, field) or 0)
            if value:
                await self.client.hset(name, field, value - ms)
