"""The ledger's scripts, behind one typed function each.

Three names, three promises. A *call* is what the provider counts as one: it is counted once. A *charge* is what a
tenant pays for, the n-th call of a job's step: its first answer is paid for, once. A *hold* is one try on its way:
money that no other call may count on until this one has ended, or is known to be dead.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Literal

import redis.asyncio as aioredis
from msgspec import Struct

from streamforge.broker.keys import Keys
from streamforge.errors import ConfigError
from streamforge.traffic.model import Scope
from streamforge.traffic.prices import Used
from streamforge.traffic.rules import Rules
from streamforge.traffic.scripts import Scripts

UNLIMITED = -1
_UNPRICED = -1
_NO_SCOPE = Scope("", "")
_DAY_MS = 86_400_000


class Keeping(Struct, frozen=True, kw_only=True):
    """How long the ledger is kept here; who needs it longer reads the stream of charges."""

    job_ms: int = 7 * _DAY_MS
    """A job's calls, after the last of them: how late a repeated call is still known."""
    day_ms: int = 400 * _DAY_MS
    """A day's sums."""
    stream_max: int = 100_000
    """Calls in the stream of charges."""


class Charge(Struct, frozen=True, kw_only=True):
    """What a call came to. ``cost`` is in micro-dollars, None where nobody knows the price.

    ``is_answered`` says that there is a whole answer; ``is_unaccounted`` that the provider may have counted something
    of which it told nothing. ``fingerprint`` is the key's.
    """

    id: str
    call: str
    hold: str
    job_id: str
    tenant: str
    step: str
    scope: Scope
    fingerprint: str
    used: Used
    cost: int | None
    is_answered: bool
    is_unaccounted: bool = False
    is_prepaid: bool = False


class Held(Struct, frozen=True):
    """The answer to a hold. ``left`` is what remains, in micro-dollars; UNLIMITED where there is no budget."""

    verdict: Literal["held", "budget", "credits"]
    left: int
    is_first: bool


_VERDICTS: dict[int, Literal["held", "budget", "credits"]] = {1: "held", 0: "budget", -1: "credits"}


class Moved(Struct, frozen=True):
    """What became of an entry: whether it was made now, whether the balance covers it, and the balance."""

    is_new: bool
    is_covered: bool
    balance: int


class MoneyScripts(Scripts):
    """The scripts of ledger, budgets and credits, beside the limiter's. Raises BrokerUnavailable and ConfigError.

    Every script may be repeated: a hold, a charge and an entry are known by their names.
    """

    def __init__(
        self, client: aioredis.Redis, keys: Keys, rules: Rules | None = None, *, keeping: Keeping | None = None
    ) -> None:
        super().__init__(client, keys, rules or Rules())
        self._keeping = keeping or Keeping()
        self._sources |= load_sources()

    async def hold(self, scope: Scope, tenant: str, hold: str, *, limit: int, is_prepaid: bool, lease_ms: int) -> Held:
        """Hold money for a call; ``limit`` is the tenant's for a day, in micro-dollars."""
        code, left, is_first = await self._ask(
            "hold",
            scope,
            tenant=tenant,
            hold=hold,
            limit=limit,
            is_prepaid=is_prepaid,
            lease_ms=lease_ms,
            keep_ms=self._keeping.day_ms,
        )
        return Held(_VERDICTS[int(code)], int(left), bool(is_first))

    async def charge(self, charge: Charge) -> int:
        """Write a call down and end its hold; what the tenant pays for it, in micro-dollars."""
        _, charged = await self._ask(
            "charge",
            charge.scope,
            job=charge.job_id,
            tenant=charge.tenant,
            step=charge.step,
            charge=charge.id,
            call=charge.call,
            hold=charge.hold,
            model=charge.scope.model,
            fingerprint=charge.fingerprint,
            is_answered=charge.is_answered,
            is_unaccounted=charge.is_unaccounted,
            is_prepaid=charge.is_prepaid,
            used=charge.used.row(),
            cost=_UNPRICED if charge.cost is None else charge.cost,
            keep_job_ms=self._keeping.job_ms,
            keep_day_ms=self._keeping.day_ms,
            stream_max=self._keeping.stream_max,
        )
        return int(charged)

    async def credit(self, tenant: str, entry: str, amount: int) -> Moved:
        """Move a tenant's balance by an amount (micro-dollars; below 0: spent), once for each ``entry``.

        Raises ConfigError where the entry was made before with another amount.
        """
        code, balance = await self._ask("credit", _NO_SCOPE, tenant=tenant, entry=entry, amount=amount)
        if int(code) == _OTHER_AMOUNT:
            raise ConfigError("this entry was made before, with another amount", field="entry")
        return Moved(int(code) == 1, int(code) >= 0, int(balance))


_OTHER_AMOUNT = -2


def hold_name(nonce: str, amount: int) -> str:
    """A hold of that many micro-dollars, as the scripts know it."""
    return f"{nonce}:{amount}"


def load_sources() -> dict[str, str]:
    """Each script by name, with the shared prelude before it."""
    folder = files("streamforge.traffic") / "lua" / "money"
    prelude = (folder / "lib.lua").read_text()
    return {name: prelude + (folder / f"{name}.lua").read_text() for name in ("hold", "charge", "credit")}
