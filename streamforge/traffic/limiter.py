"""The limiter: who may call a model now, with which key, and what is settled afterwards."""

from __future__ import annotations

import random
import secrets
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from time import monotonic

import anyio
import redis.asyncio as aioredis

from streamforge.broker.keys import Keys
from streamforge.clock import SYSTEM_CLOCK, Clock
from streamforge.errors import BrokerUnavailable
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service
from streamforge.traffic import counts
from streamforge.traffic.call import AdmittedCall
from streamforge.traffic.model import Caller, Candidate, Estimate, Go, NoUsableKey, Parked, Scope, Settled, Wait
from streamforge.traffic.outcome import Outcome
from streamforge.traffic.rules import Rules
from streamforge.traffic.scripts import Report, Scripts, member_of

PATIENCE_S = 3.0
"""How long a call waits in its step; longer, and its job is parked."""

LONGEST_NAP_S = 2.0
"""Between two questions: estimates are given back meanwhile, and room that nobody asks for is lost."""

BENCH_S = 3600.0
"""After which a refused key is tried again. Another key has another fingerprint, and is used at once."""

log = get_logger(__name__)

WAITS_FOR = {
    "requests": "requests a minute",
    "input": "input tokens a minute",
    "output": "output tokens a minute",
    "tokens": "tokens a minute",
    "concurrent": "calls at once",
    "cooldown": "the provider has asked for a pause",
    "probe": "the provider has asked for a pause",
    "breaker": "the provider fails at the moment",
}


class Limiter(Service):
    """Admits calls to models. As a service it renews the leases of the calls that run; without it they lapse."""

    name = "limiter"

    def __init__(
        self,
        client: aioredis.Redis,
        keys: Keys,
        rules: Rules | None = None,
        *,
        bench_s: float = BENCH_S,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._rules = rules or Rules()
        self._scripts = Scripts(client, keys, self._rules)
        self._bench_ms = round(bench_s * 1000)
        self._clock = clock
        self._running: dict[str, AdmittedCall] = {}
        self._bells: defaultdict[str, deque[anyio.Event]] = defaultdict(deque)
        self._stopping = anyio.Event()

    @asynccontextmanager
    async def admitted(
        self,
        scope: Scope,
        candidates: Sequence[Candidate],
        estimate: Estimate,
        caller: Caller,
        *,
        patience_s: float = PATIENCE_S,
    ) -> AsyncGenerator[AdmittedCall]:
        """A call that may be made inside ``async with``, and is settled on the way out, whatever happens inside.

        Raises Parked where it would wait longer than ``patience_s`` (a recipe lets it pass: the job is parked),
        NoUsableKey where every key is benched, BrokerUnavailable.
        """
        call = await self.admit(scope, candidates, estimate, caller, patience_s=patience_s)
        try:
            yield call
        except BaseException as error:
            await self.settle(call, call.report(error, self._bench_ms))
            raise
        await self.settle(call, call.report(None, self._bench_ms))

    async def admit(
        self,
        scope: Scope,
        candidates: Sequence[Candidate],
        estimate: Estimate,
        caller: Caller,
        *,
        patience_s: float = PATIENCE_S,
    ) -> AdmittedCall:
        """See ``admitted``; what it gives has to be settled."""
        asked_at = monotonic()
        while True:
            patience_ms = max(0, round((patience_s - (monotonic() - asked_at)) * 1000))
            verdict = await self._ask(scope, candidates, estimate, caller, patience_ms)
            if isinstance(verdict, Go):
                counts.traffic_wait_seconds(scope.provider, scope.model).observe(monotonic() - asked_at)
                return self._begin(scope, candidates, verdict)
            if verdict is None:
                raise NoUsableKey(f"every key for {scope.name} is benched", hint="see the benched keys, and why")
            if verdict.is_parked:
                raise _parked(scope, verdict)
            await self._nap(scope, verdict.wait_ms / 1000, member_of(caller, estimate))

    async def settle(self, call: AdmittedCall, report: Report) -> Settled | None:
        """Settle a call by its report, also in a task that is being cancelled; None where Redis is away.

        Then the reservation is given back when its lease runs out.
        """
        self._running.pop(call.reservation, None)
        scope = call.scope
        counts.traffic_under_way(scope.provider, scope.model).dec()
        counts.traffic_calls_total(scope.provider, scope.model, report.outcome).inc()
        settled = None
        with anyio.CancelScope(shield=True):
            settled = await self._settled(call, report)
        if settled is not None:
            self._tell(call, report, settled)
            if settled.has_made_room:
                self._ring(scope)
        return settled

    async def _settled(self, call: AdmittedCall, report: Report) -> Settled | None:
        scope = call.scope
        try:
            return await self._scripts.settle(scope, call.candidate, call.reservation, report)
        except BrokerUnavailable as error:
            log.warning("call_unsettled", provider=scope.provider, model=scope.model, error=error.message)
            return None

    async def give_up(self, call: AdmittedCall) -> None:
        """Nothing was sent: everything goes back."""
        await self.settle(call, Report(outcome=Outcome.UNSENT))

    async def run(self) -> None:
        """Renew the leases of the calls that run, until stopped."""
        while not self._stopping.is_set():
            with anyio.move_on_after(self._rules.renew_ms / 1000):
                await self._stopping.wait()
            try:
                await self.renew()
            except BrokerUnavailable as error:
                log.debug("limiter_waits", error=error.message)

    def stop(self) -> None:
        """Return after a last renewal: calls that still run keep their lease for its time."""
        self._stopping.set()

    async def renew(self) -> None:
        """Renew the lease of every call that runs, once. Raises BrokerUnavailable."""
        by_scope: defaultdict[Scope, list[AdmittedCall]] = defaultdict(list)
        for call in self._running.values():
            by_scope[call.scope].append(call)
        for scope, calls in by_scope.items():
            await self._scripts.renew(scope, [(c.fingerprint, c.reservation, c.is_answering) for c in calls])

    async def _ask(
        self,
        scope: Scope,
        candidates: Sequence[Candidate],
        estimate: Estimate,
        caller: Caller,
        patience_ms: int,
    ) -> Go | Wait | None:
        """One question. Cancelled in the middle of it, a reservation would be nobody's."""
        nonce, verdict = secrets.token_hex(6), None
        with anyio.CancelScope(shield=True):
            verdict = await self._scripts.admit(
                scope, candidates, estimate, caller, patience_ms=patience_ms, nonce=nonce
            )
        counts.traffic_asks_total(scope.provider, scope.model, _answer_of(verdict)).inc()
        return verdict

    def _begin(self, scope: Scope, candidates: Sequence[Candidate], go: Go) -> AdmittedCall:
        candidate = next(one for one in candidates if one.fingerprint == go.fingerprint)
        call = AdmittedCall(scope, candidate, go, self._clock)
        self._running[go.reservation] = call
        counts.traffic_under_way(scope.provider, scope.model).inc()
        return call

    async def _nap(self, scope: Scope, wait_s: float, member: str) -> None:
        """Sleep until the time that was told, or until a call of this process ends. Leaves the queue if cancelled."""
        bell = anyio.Event()
        bells = self._bells[scope.name]
        bells.append(bell)
        try:
            with anyio.move_on_after(min(wait_s, LONGEST_NAP_S)):
                await bell.wait()
        except BaseException:
            with anyio.move_on_after(1.0, shield=True):
                await self._leave(scope, member)
            raise
        finally:
            if bell in bells:
                bells.remove(bell)

    async def _leave(self, scope: Scope, member: str) -> None:
        try:
            await self._scripts.renew(scope, (), (member,))
        except BrokerUnavailable:
            log.debug("place_left_to_expire", provider=scope.provider, model=scope.model)

    def _ring(self, scope: Scope) -> None:
        """What a call gives back may be what the first who waits here needs."""
        bells = self._bells[scope.name]
        if bells:
            bells.popleft().set()

    def _tell(self, call: AdmittedCall, report: Report, settled: Settled) -> None:
        scope, facts = call.scope, {"provider": call.scope.provider, "model": call.scope.model}
        if not settled.is_held:
            counts.traffic_lapsed_total(scope.provider, scope.model).inc()
            log.warning("reservation_lapsed", **facts)
        if report.outcome is Outcome.LIMITED:
            seconds = settled.cooldown_ms / 1000
            log.warning("key_cools_down", **facts, fingerprint=call.fingerprint, seconds=seconds)
        if settled.is_newly_benched:
            counts.keys_benched_total(scope.provider, report.bench_reason).inc()
            log.error("key_benched", **facts, fingerprint=call.fingerprint, reason=report.bench_reason)
        if settled.breaker:
            counts.circuit_changes_total(scope.provider, scope.model, settled.breaker).inc()
            log.warning("circuit_changed", **facts, change=settled.breaker)


def _answer_of(verdict: Go | Wait | None) -> str:
    if isinstance(verdict, Go):
        return "go"
    if verdict is None:
        return "benched"
    return "park" if verdict.is_parked else "wait"


def _parked(scope: Scope, wait: Wait) -> Parked:
    """With some jitter: those who were told the same time come one after the other."""
    counts.traffic_parked_total(scope.provider, scope.model, wait.why).inc()
    seconds = wait.wait_ms / 1000
    for_s = seconds + random.uniform(0.0, min(2.0, seconds / 10))  # noqa: S311 - jitter, not a secret
    return Parked(f"waits for {scope.name}: {WAITS_FOR[wait.why]}", for_s=for_s, scope=scope, why=wait.why)
