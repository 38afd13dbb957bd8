"""What tenants may spend: a budget for each day, which protects the operator, and credits, which are the tenant's.

The budget counts what calls cost, whoever bears it; credits pay for what is charged, once for each answer. Both are
held before a call for the most that it can cost, and settled by the ledger after it: many calls at once cannot
together exceed them. A hold whose call has died comes back by itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, cast

import redis.asyncio as aioredis
from msgspec import Struct
from redis.exceptions import RedisError

from streamforge.broker.connection import translate
from streamforge.broker.keys import Keys
from streamforge.errors import Billing, ConfigError, InvalidInput
from streamforge.ops.logs import get_logger
from streamforge.traffic import money_counts as counts
from streamforge.traffic.model import Scope
from streamforge.traffic.money import UNLIMITED, Held, MoneyScripts, Moved, hold_name
from streamforge.traffic.prices import MICROS, micros

log = get_logger(__name__)

LEASE_MARGIN_S = 60.0
"""What a call may last beyond its own time limit before its hold counts as a dead worker's."""


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
    """Every tenant's allowance, and the holds on it."""

    def __init__(
        self, scripts: MoneyScripts, usual: Allowance | None = None, own: Mapping[str, Allowance] | None = None
    ) -> None:
        """``usual`` is for each tenant that has no ``own``; without any, calls are counted and not limited."""
        self._scripts = scripts
        self.reload(usual, own)

    def reload(self, usual: Allowance | None = None, own: Mapping[str, Allowance] | None = None) -> None:
        """Take other allowances, for the calls that begin from now on."""
        self._usual = usual or Allowance()
        self._own = dict(own or {})

    def of(self, tenant: str) -> Allowance:
        """The tenant's allowance."""
        return self._own.get(tenant, self._usual)

    async def hold(self, scope: Scope, tenant: str, most: int | None, timeout_s: float) -> str:
        """Hold ``most`` micro-dollars for a call of at most that time; the hold's name, for the ledger to end it.

        Raises Billing where the tenant's money does not cover it, ConfigError where there is a limit and the model has
        no price (``most`` is None), BrokerUnavailable.
        """
        allowance = self.of(tenant)
        if most is None and allowance.is_limited:
            raise ConfigError(
                f"{scope.name} has no price, and the tenant has a budget",
                field=f"prices.{scope.name}",
                hint="give it one; 0 is a price for a model of your own",
            )
        name = hold_name(secrets.token_hex(8), most or 0)
        held = await self._scripts.hold(
            scope,
            tenant,
            name,
            limit=UNLIMITED if allowance.day_usd is None else micros(allowance.day_usd),
            is_prepaid=allowance.is_prepaid,
            lease_ms=round((timeout_s + LEASE_MARGIN_S) * 1000),
        )
        if held.verdict != "held":
            raise _refused(scope, tenant, held, most or 0)
        return name


def _refused(scope: Scope, tenant: str, held: Held, most: int) -> Billing:
    """Told of loudly once a day and tenant: operators can alert on ``budget_exhausted`` at level error."""
    counts.budget_refusals_total(held.verdict).inc()
    tell = log.error if held.is_first else log.info
    facts = {"tenant": tenant, "provider": scope.provider, "model": scope.model, "limit": held.verdict}
    tell("budget_exhausted", **facts, left_usd=held.left / MICROS, needed_usd=most / MICROS)
    whose, hint = _WORDS[held.verdict]
    left, needed = held.left / MICROS, most / MICROS
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

    def __init__(self, client: aioredis.Redis, keys: Keys, scripts: MoneyScripts) -> None:
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
