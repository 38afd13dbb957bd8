"""The way of every call to a model: admitted with its money held, made, and settled, whatever becomes of it."""

from __future__ import annotations

import math
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from streamforge.errors import ProviderUnavailable, StepTimeout
from streamforge.jobs.caller import JobCaller, NthCall
from streamforge.ops import metrics
from streamforge.providers.refusals import KeyMalformed, KeyRefused
from streamforge.providers.text import Listener, Usage
from streamforge.traffic.budgets import Budgets
from streamforge.traffic.call import AdmittedCall
from streamforge.traffic.estimate import Estimator
from streamforge.traffic.keys import KeyPool
from streamforge.traffic.ledger import Ledger
from streamforge.traffic.limiter import PATIENCE_S, Limiter
from streamforge.traffic.model import Caller, Candidate, Limits, Scope
from streamforge.traffic.money import Charge
from streamforge.traffic.outcome import BENCH_REASONS, Outcome
from streamforge.traffic.prices import FREE, Prices, Used

_ERRORS_FROM = 400


class Model(Protocol):
    """What every kind of model has."""

    async def aclose(self) -> None:
        """Close connections; idempotent."""
        ...


M = TypeVar("M", bound=Model)
R = TypeVar("R")


class Route(Struct, Generic[M], frozen=True, kw_only=True):
    """A way to a model: who has it, with which keys, and what talks to it, made from a key.

    ``limits`` are the model's own for each key, where they are not the pool's. ``takes_idempotency_keys`` says that the
    provider counts a repeated call with the same idempotency key once, as long as it comes with the same API key.
    ``soft_timeout_s`` is how long one call on this way may take, where that is less than is left for all ways.
    """

    scope: Scope
    pool: KeyPool
    make: Callable[[str], M]
    limits: Limits | None = None
    takes_idempotency_keys: bool = False
    soft_timeout_s: float = math.inf

    @property
    def name(self) -> str:
        """``provider:model``."""
        return f"{self.scope.provider}:{self.scope.model}"

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The keys, with the limits that hold for this model."""
        return self.pool.candidates if self.limits is None else self.pool.with_limits(self.limits)


class Errand(Struct, frozen=True, kw_only=True):
    """A call that somebody wants made, whichever way it goes.

    ``key`` is its idempotency key. ``most`` is the most that it can use, an input token for each byte of the prompt;
    ``output_tokens`` is the longest answer that is asked for.
    """

    caller: JobCaller
    place: NthCall
    key: str
    most: Used
    timeout_s: float
    listener: Listener | None = None

    @property
    def purpose(self) -> str:
        """Calls for one purpose write answers of like length: the step, without a fan-out's item."""
        return self.place.step.partition("[")[0]


class Ear:
    """Hears what the provider says of a call, for the limiter, the ledger, and who else listens."""

    def __init__(self, call: AdmittedCall, outer: Listener | None) -> None:
        self.status: int | None = None
        self.used = Used()
        self._is_billed = False
        self._call = call
        self._outer = outer

    def hear(self, status: int, headers: Mapping[str, str]) -> None:
        """The answer's head came."""
        self.status = status
        self._call.hear(status, headers)
        if self._outer is not None:
            self._outer.hear(status, headers)

    def use(self, *, input_tokens: int | None = None, output_tokens: int | None = None) -> None:
        """Tokens so far, as limits count them; without a bill they are what the ledger goes by."""
        self._call.use(input_tokens=input_tokens, output_tokens=output_tokens)
        if self._outer is not None:
            self._outer.use(input_tokens=input_tokens, output_tokens=output_tokens)
        if not self._is_billed:
            before = self.used
            self.used = Used(
                input_tokens=before.input_tokens if input_tokens is None else input_tokens,
                output_tokens=before.output_tokens if output_tokens is None else output_tokens,
            )

    def began(self, first_token_s: float | None) -> None:
        """A whole answer's first piece came so long after the call."""
        if first_token_s is not None:
            scope = self._call.scope
            metrics.llm_first_token_seconds(scope.provider, scope.model).observe(first_token_s)

    def bill(self, usage: Usage) -> None:
        """Tokens so far, as they are billed."""
        self._is_billed = True
        self.used = used_by(usage)
        if self._outer is not None:
            self._outer.bill(usage)


def used_by(usage: Usage) -> Used:
    """A text call's usage, as the ledger counts it."""
    return Used(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
    )


Call = Callable[[M, Errand, Ear], Awaitable[R]]
"""One try with a model."""


class Gate:
    """Lets calls through: one for all models of a process. ``weights`` are the tenants' shares, as for jobs."""

    def __init__(  # noqa: PLR0913, RUF100 - the parts that it ties together
        self,
        limiter: Limiter,
        ledger: Ledger,
        budgets: Budgets,
        prices: Prices,
        *,
        weights: Mapping[str, float] | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._limiter = limiter
        self._ledger = ledger
        self._budgets = budgets
        self._prices = prices
        self._patience_s = patience_s
        self._estimators: dict[tuple[Scope, str], Estimator] = {}
        self._models: dict[tuple[Callable[[str], Model], str], Model] = {}
        self.reload(weights)

    def reload(self, weights: Mapping[str, float] | None = None) -> None:
        """Take other weights, for the calls that ask from now on."""
        self._weights = dict(weights or {})

    def weight_of(self, tenant: str) -> float:
        """The tenant's weight among the others."""
        return self._weights.get(tenant, 1.0)

    async def through(
        self,
        route: Route[M],
        errand: Errand,
        call: Call[M, R],
        used_in: Callable[[R], Used],
    ) -> R:
        """One try on one way. Raises what the limiter, the budget and the call raise; nothing is tried again here."""
        estimator = self._estimators.setdefault((route.scope, errand.purpose), Estimator())
        admitted = await self._admit(route, errand, estimator)
        ear = Ear(admitted, errand.listener)
        try:
            answer = await call(self._model(route, admitted.fingerprint), errand, ear)
            used = used_in(answer)
        except BaseException as error:
            _blame_key(admitted, ear, error)
            is_unaccounted = _may_have_cost(ear, error)
            charge = self._charge(route, errand, admitted, ear.used, is_unaccounted=is_unaccounted)
            await self._settle(admitted, charge, error)
            raise
        estimator.learn(used.output_tokens)
        if not ear.used:
            admitted.use(input_tokens=used.input_tokens + used.cache_write_tokens, output_tokens=used.output_tokens)
        is_untold = not used and self._prices.of(route.scope) not in (None, FREE)
        charge = self._charge(route, errand, admitted, used, is_answered=True, is_unaccounted=is_untold)
        await self._settle(admitted, charge)
        return answer

    async def aclose(self) -> None:
        """Close every model that was used; a later call makes it anew."""
        models, self._models = self._models, {}
        for model in models.values():
            await model.aclose()

    def _caller_of(self, errand: Errand) -> Caller:
        caller = errand.caller
        weight = self.weight_of(caller.tenant)
        return Caller(id=errand.place.id, tenant=caller.tenant, priority=caller.priority, weight=weight)

    async def _admit(self, route: Route[Any], errand: Errand, estimator: Estimator) -> AdmittedCall:
        price = self._prices.of(route.scope)
        most = None if price is None else price.most(errand.most)
        hold = self._budgets.hold(route.scope, errand.caller.tenant, most, errand.timeout_s)
        return await self._limiter.admit(
            route.scope,
            route.candidates,
            estimator.guess(errand.most.input_tokens, errand.most.output_tokens),
            self._caller_of(errand),
            hold=replace(hold, job_id=errand.place.job_id, is_repeatable=route.takes_idempotency_keys),
            patience_s=self._patience_s,
        )

    async def _settle(self, call: AdmittedCall, charge: Charge, error: BaseException | None = None) -> None:
        charged = None
        try:
            settled = await self._limiter.settle(call, error, charge)
            charged = None if settled is None else settled.charged
        finally:
            self._ledger.note(charge, charged)

    def _model(self, route: Route[M], fingerprint: str) -> M:
        known = self._models.get((route.make, fingerprint))
        if known is None:
            known = self._models[route.make, fingerprint] = route.make(route.pool.reveal(fingerprint))
        return cast("M", known)

    def _charge(  # noqa: PLR0913, RUF100 - what is known of a call
        self,
        route: Route[Any],
        errand: Errand,
        call: AdmittedCall,
        used: Used,
        *,
        is_answered: bool = False,
        is_unaccounted: bool = False,
    ) -> Charge:
        place, tenant, scope = errand.place, errand.caller.tenant, route.scope
        same_to_provider = f"{errand.key}@{scope.name}/{call.fingerprint}"
        return Charge(
            id=place.id,
            call=same_to_provider if route.takes_idempotency_keys else secrets.token_hex(8),
            hold=call.hold,
            job_id=place.job_id,
            tenant=tenant,
            step=place.step,
            scope=scope,
            fingerprint=call.fingerprint,
            used=used,
            cost=self._prices.cost(scope, used),
            is_answered=is_answered,
            is_unaccounted=is_unaccounted,
            is_prepaid=self._budgets.of(tenant).is_prepaid,
        )


def _blame_key(call: AdmittedCall, ear: Ear, error: BaseException) -> None:
    """Some providers say 400 or 429 where an account has no money left: the key is of no use all the same.

    Nor is one that cannot even be sent.
    """
    if isinstance(error, KeyMalformed):
        call.end(Outcome.BAD_KEY, why="malformed")
    elif isinstance(error, KeyRefused) and ear.status not in BENCH_REASONS:
        call.end(Outcome.BAD_KEY)


def _may_have_cost(ear: Ear, error: BaseException) -> bool:
    """Whether the provider may have counted something of which it told nothing."""
    if ear.used or (ear.status is not None and ear.status >= _ERRORS_FROM):
        return False
    is_broken_off = isinstance(error, StepTimeout) or not isinstance(error, Exception)
    return is_broken_off or (ear.status is not None and isinstance(error, ProviderUnavailable))
