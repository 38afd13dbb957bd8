"""What tenants may spend: a budget for each day, which protects the operator, and credits, which are the tenant's.

The budget counts what calls cost, whoever bears it; credits pay for what is charged, once for each answer. Both are
held with a call's admission for the most that it can cost, and settled when it ends: many calls at once cannot together
exceed them, and wait for each other where they would. A call is refused where what is not spent does not cover it. A
hold whose call has died comes back by itself, or when the call is made again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import redis.asyncio as aioredis
from msgspec import Struct
from redis.exceptions import RedisError

from streamforge.broker.connection import translate
from streamforge.broker.keys import Keys
from streamforge.errors import Billing, ConfigError, InvalidInput
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger
from streamforge.traffic.model import Scope
from streamforge.traffic.money import UNLIMITED, Hold, Moved, Refused
from streamforge.traffic.prices import MICROS, micros
from streamforge.traffic.scripts import Scripts

log = get_logger(__name__)

LEASE_MARGIN_S = 60.0
"""What a call may last beyond its own time limit before its hold counts as a dead worker's."""


class ModelUnpriced(ConfigError):
    """A tenant's money is limited, and nobody knows what the model costs."""


class Allowance(Struct, frozen=True, kw_only=True):
    """What a tenant may spend: ``day_usd`` in a day (UTC; None: any), and, if prepaid, no more than its credits."""

    day_usd: float | None = None
    is_prepaid: bool = False

    def __post_init__(self) -> None:
        """Raises ConfigError for an amount below nothing."""
        if self.day_usd is not None and not 0.0 <= self.day_usd < float("inf"):
            raise ConfigError(f"{self.day_usd!r} dollars is no budget", field="budgets.day_usd")

    @property
    def is_limited(self) -> bool:
        """Whether there is anything to keep to."""
        return self.is_prepaid or self.day_usd is not None


class Budgets:
    """Every tenant's allowance, and what it holds for a call."""

    def __init__(self, usual: Allowance | None = None, own: Mapping[str, Allowance] | None = None) -> None:
        """``usual`` is for each tenant that has no ``own``; without any, calls are counted and not limited."""
        self.reload(usual, own)

    def reload(self, usual: Allowance | None = None, own: Mapping[str, Allowance] | None = None) -> None:
        """Take other allowances, for the calls that begin from now on."""
        self._usual = usual or Allowance()
        self._own = dict(own or {})

    def of(self, tenant: str) -> Allowance:
        """The tenant's allowance."""
        return self._own.get(tenant, self._usual)

    def hold(self, scope: Scope, tenant: str, most: int | None, timeout_s: float) -> Hold:
        """What is to be held for a call that costs at most ``most`` micro-dollars and takes at most that time.

        Raises ModelUnpriced where there is a limit and the model has no price (``most`` is None).
        """
        allowance = self.of(tenant)
        if most is None and allowance.is_limited:
            raise ModelUnpriced(
                f"{scope.name} has no price, and the tenant has a budget",
                field=f'models."{scope.name}"',
                hint="give it one, such as input_usd and output_usd; 0 is a price for a model of your own",
            )
        return Hold(
            tenant=tenant,
            amount=most or 0,
            lease_ms=round((timeout_s + LEASE_MARGIN_S) * 1000),
            day_limit=UNLIMITED if allowance.day_usd is None else micros(allowance.day_usd),
            is_prepaid=allowance.is_prepaid,
        )


def not_covered(scope: Scope, hold: Hold, refused: Refused) -> Billing:
    """The error of a call that the tenant's money does not cover.

    Told of loudly once a day and tenant: operators can alert on ``budget_exhausted`` at level error.
    """
    metrics.budget_refusals_total(refused.what).inc()
    tell = log.error if refused.is_first else log.info
    facts = {"tenant": hold.tenant, "provider": scope.provider, "model": scope.model, "limit": refused.what}
    left, needed = refused.left / MICROS, hold.amount / MICROS
    tell("budget_exhausted", **facts, left_usd=left, needed_usd=needed)
    whose, hint = _WORDS[refused.what]
    return Billing(f"{whose} {left:.4f} dollars, and the call may cost {needed:.4f}", field="budget", hint=hint)


_WORDS = {
    "budget": ("the tenant's budget of the day still has", "wait for the next day (UTC), or raise the budget"),
    "credits": ("the tenant's credits still cover", "grant more credits"),
}


class Balance(Struct, frozen=True):
    """A tenant's credits in micro-dollars: what is left, and all that ever came and went. ``held`` is part of left."""

    left: int
    granted: int
    spent: int
    held: int


class Credits:
    """Prepaid money. Raises BrokerUnavailable."""

    def __init__(self, client: aioredis.Redis, keys: Keys, scripts: Scripts) -> None:
        self._client = cast("Any", client)
        self._keys = keys
        self._scripts = scripts

    async def balance(self, tenant: str) -> Balance:
        """How the tenant's account stands."""
        try:
            async with self._client.pipeline(transaction=False) as pipe:
                pipe.hmget(self._keys.credits(tenant), "balance", "granted", "spent")
                pipe.get(self._keys.held(tenant))
                row, held = await pipe.execute()
        except (RedisError, OSError) as error:
            raise translate(error) from error
        left, granted, spent = (int(value or 0) for value in row)
        return Balance(left, granted, spent, int(held or 0))

    async def grant(self, tenant: str, amount: int, entry: str) -> Moved:
        """Add to the balance, once for each ``entry`` (a payment's id)."""
        return await self._scripts.credit(tenant, _checked(entry), _positive(amount))

    async def spend(self, tenant: str, amount: int, entry: str) -> Moved:
        """Take from the balance, once for each ``entry``. Raises Billing where it does not cover the amount."""
        moved = await self._scripts.credit(tenant, _checked(entry), -_positive(amount))
        if not moved.is_covered:
            raise Billing(f"the tenant's credits are {moved.balance / MICROS:.4f} dollars", field="amount")
        return moved


_ENTRY_MAX = 200


def _checked(entry: str) -> str:
    if not entry or len(entry) > _ENTRY_MAX or not entry.isprintable():
        raise InvalidInput("not a name for an entry", field="entry", hint="a payment's id, at most 200 characters")
    return entry


def _positive(amount: int) -> int:
    if amount <= 0:
        raise InvalidInput("the amount is not over 0", field="amount", hint="whole micro-dollars")
    return amount
