"""The limiter: who may call a model now, with which key and whose money, and what is settled afterwards."""

from __future__ import annotations

import random
import secrets
from collections import defaultdict, deque
from collections.abc import Sequence
from time import monotonic

import anyio

from streamforge.clock import SYSTEM_CLOCK, Clock
from streamforge.errors import BrokerUnavailable, StreamForgeError
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service
from streamforge.traffic.budgets import not_covered
from streamforge.traffic.call import AdmittedCall
from streamforge.traffic.model import Caller, Candidate, Estimate, Go, NoUsableKey, Parked, Scope, Settled, Wait
from streamforge.traffic.money import Charge, Hold, Refused
from streamforge.traffic.outcome import Outcome
from streamforge.traffic.scripts import Report, Scripts, member_of

PATIENCE_S = 3.0
"""How long a call waits in its step; longer, and its job is parked."""

LONGEST_NAP_S = 2.0
"""Between two questions: estimates are given back meanwhile, and room that nobody asks for is lost."""

AGAIN_S = 1.0
"""When a job comes back whose call was refused without a time."""

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
    "money": "calls under way hold what is left of the tenant's money",
}


class Limiter(Service):
    """Admits calls to models. As a service it renews the leases of the calls that run; without it they lapse."""

    name = "limiter"

    def __init__(self, scripts: Scripts, *, bench_s: float = BENCH_S, clock: Clock = SYSTEM_CLOCK) -> None:
        self._scripts = scripts
        self._renew_s = scripts.rules.renew_ms / 1000
        self._bench_ms = round(bench_s * 1000)
        self._clock = clock
        self._running: dict[str, AdmittedCall] = {}
        self._bells: defaultdict[str, deque[anyio.Event]] = defaultdict(deque)
        self._stopping = anyio.Event()

    async def admit(  # noqa: PLR0913, RUF100 - what is known of a call
        self,
        scope: Scope,
        candidates: Sequence[Candidate],
        estimate: Estimate,
        caller: Caller,
        *,
        hold: Hold | None = None,
        patience_s: float = PATIENCE_S,
    ) -> AdmittedCall:
        """A call that may be made now, its money held; ``settle`` has to follow, whatever becomes of it.

        Raises Parked where it would wait longer than ``patience_s`` (a recipe lets it pass: the job is parked),
        NoUsableKey where every key is benched, Billing where what the tenant has not spent does not cover it,
        BrokerUnavailable.
        """
        asked_at = monotonic()
        while True:
            patience_ms = max(0, round((patience_s - (monotonic() - asked_at)) * 1000))
            verdict = await self._ask(scope, candidates, estimate, caller, patience_ms, hold)
            if isinstance(verdict, Go):
                metrics.traffic_wait_seconds(scope.provider, scope.model).observe(monotonic() - asked_at)
                return self._begin(scope, candidates, verdict)
            if not isinstance(verdict, Wait) or verdict.is_parked:
                raise _denial(scope, hold, verdict)
            await self._nap(scope, verdict.wait_ms / 1000, member_of(caller, estimate))

    async def settle(
        self, call: AdmittedCall, error: BaseException | None = None, charge: Charge | None = None
    ) -> Settled | None:
        """End a call, with what it raised and what it came to, also in a task that is being cancelled.

        None where Redis is away: the reservation is given back when its lease runs out, the charge is not written.
        """
        self._running.pop(call.reservation, None)
        scope, report = call.scope, call.report(error, self._bench_ms)
        metrics.traffic_under_way(scope.provider, scope.model).dec()
        metrics.traffic_calls_total(scope.provider, scope.model, report.outcome).inc()
        settled = None
        with anyio.CancelScope(shield=True):
            settled = await self._settled(call, report, charge)
        if settled is not None:
            self._tell(call, report, settled)
            if settled.has_made_room:
                self._ring(scope)
        return settled

    async def _settled(self, call: AdmittedCall, report: Report, charge: Charge | None) -> Settled | None:
        scope = call.scope
        try:
            return await self._scripts.settle(scope, call.candidate, call.reservation, report, charge)
        except StreamForgeError as error:  # whatever ails Redis, an answer is not lost for it
            log.warning("call_unsettled", provider=scope.provider, model=scope.model, error=error.message)
            return None

    async def run(self) -> None:
        """Renew the leases of the calls that run, until stopped."""
        while not self._stopping.is_set():
            with anyio.move_on_after(self._renew_s):
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
        hold: Hold | None,
    ) -> Go | Wait | Refused | None:
        """One question. Cancelled in the middle of it, reservation and hold would be nobody's."""
        nonce, verdict = secrets.token_hex(6), None
        with anyio.CancelScope(shield=True):
            verdict = await self._scripts.admit(
                scope, candidates, estimate, caller, patience_ms=patience_ms, nonce=nonce, hold=hold
            )
        metrics.traffic_asks_total(scope.provider, scope.model, _answer_of(verdict)).inc()
        return verdict

    def _begin(self, scope: Scope, candidates: Sequence[Candidate], go: Go) -> AdmittedCall:
        candidate = next(one for one in candidates if one.fingerprint == go.fingerprint)
        call = AdmittedCall(scope, candidate, go, self._clock)
        self._running[go.reservation] = call
        metrics.traffic_under_way(scope.provider, scope.model).inc()
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
            metrics.traffic_lapsed_total(scope.provider, scope.model).inc()
            log.warning("reservation_lapsed", **facts)
        if report.outcome is Outcome.LIMITED:
            seconds = settled.cooldown_ms / 1000
            log.warning("key_cools_down", **facts, fingerprint=call.fingerprint, seconds=seconds)
        if settled.is_newly_benched:
            metrics.keys_benched_total(scope.provider, report.bench_reason).inc()
            log.error("key_benched", **facts, fingerprint=call.fingerprint, reason=report.bench_reason)
        if settled.breaker:
            metrics.circuit_changes_total(scope.provider, scope.model, settled.breaker).inc()
            log.warning("circuit_changed", **facts, change=settled.breaker)


def _answer_of(verdict: Go | Wait | Refused | None) -> str:
    if isinstance(verdict, Wait):
        return "park" if verdict.is_parked else "wait"
    if verdict is None:
        return "benched"
    return "go" if isinstance(verdict, Go) else "money"


def _denial(scope: Scope, hold: Hold | None, verdict: Wait | Refused | None) -> StreamForgeError:
    if isinstance(verdict, Wait):
        return _parked(scope, verdict)
    if verdict is not None and hold is not None:
        return not_covered(scope, hold, verdict)
    return NoUsableKey(f"every key for {scope.name} is benched", hint="see the benched keys, and why")


def paused(scope: Scope, retry_after_s: float | None) -> Parked:
    """What parks a job whose call was refused with every key: no attempt is charged for it."""
    return _parked(scope, Wait(round((retry_after_s or AGAIN_S) * 1000), "cooldown"))


def _parked(scope: Scope, wait: Wait) -> Parked:
    """With some jitter: those who were told the same time come one after the other."""
    metrics.traffic_parked_total(scope.provider, scope.model, wait.why).inc()
    seconds = wait.wait_ms / 1000
    for_s = seconds + random.uniform(0.0, min(2.0, seconds / 10))  # noqa: S311 - jitter, not a secret
    return Parked(f"waits for {scope.name}: {WAITS_FOR[wait.why]}", for_s=for_s, scope=scope, why=wait.why)
