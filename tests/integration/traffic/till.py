"""A ledger with budgets over the test's server, and charges to write into it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

from msgspec.structs import replace

from streamforge.broker.broker import Broker
from streamforge.traffic.budgets import Allowance, Budgets, Credits
from streamforge.traffic.ledger import Books, Ledger, Sums
from streamforge.traffic.limiter import Limiter
from streamforge.traffic.model import Caller, Candidate, Estimate, Scope
from streamforge.traffic.money import UNLIMITED, Charge, Hold
from streamforge.traffic.prices import Used
from streamforge.traffic.scripts import Scripts

SCOPE = Scope("acme", "large-1")
USED = Used(input_tokens=100, output_tokens=40, cache_read_tokens=2000, cache_write_tokens=3)
LEASE_MS = 100_000


class Till:
    """Ledger, budgets and credits of a test, with names for its calls."""

    def __init__(self, broker: Broker, allowances: Mapping[str, Allowance] | None = None) -> None:
        self.client: Any = broker.client
        self.keys = broker.keys
        self.scripts = Scripts(broker.client, broker.keys)
        self.limiter = Limiter(self.scripts)
        self.ledger = Ledger(self.scripts)
        self.books = Books(broker.client, broker.keys)
        self.budgets = Budgets(own=allowances)
        self.credits = Credits(broker.client, broker.keys, self.scripts)
        self._numbers = count(1)

    async def hold(self, amount: int = 500, *, tenant: str = "t", limit: int = UNLIMITED, prepaid: bool = False) -> str:
        """Hold money for a call, by the numbers; the hold's name. Raises Billing, or Parked."""
        lot = Hold(tenant=tenant, amount=amount, lease_ms=LEASE_MS, day_limit=limit, is_prepaid=prepaid)
        return await self._admit(lot)

    async def take(self, tenant: str, most: int | None) -> str:
        """The same by the tenant's allowance."""
        return await self._admit(self.budgets.hold(SCOPE, tenant, most, 1.0))

    async def _admit(self, hold: Hold) -> str:
        who = Caller(id=f"caller-{next(self._numbers)}", tenant=hold.tenant)
        call = await self.limiter.admit(SCOPE, (Candidate("aaaaaaaa"),), Estimate(), who, hold=hold, patience_s=0.0)
        return call.hold

    async def write(self, charge: Charge) -> int:
        """Write a call down; what the tenant pays for it."""
        charged = await self.scripts.charge(charge)
        self.ledger.note(charge, charged)
        return charged

    async def charge(self, **other: Any) -> Charge:  # noqa: ANN401 - any of Charge's
        """An answered call of its own that nobody has written down yet, but for what is said otherwise."""
        call = f"call-{next(self._numbers)}"
        plain = Charge(
            id="job-1.step.1",
            call=call,
            hold=other.pop("hold", None) or await self.hold(tenant=other.get("tenant", "t")),
            job_id="job-1",
            tenant="t",
            step="design",
            scope=SCOPE,
            fingerprint="aaaaaaaa",
            used=USED,
            cost=300,
            is_answered=True,
        )
        return replace(plain, **other)

    async def again(self, charge: Charge, **other: Any) -> Charge:  # noqa: ANN401 - any of Charge's
        """The same call by another try."""
        return replace(charge, hold=await self.hold(tenant=charge.tenant), **other)

    async def sums(self, tenant: str = "t") -> Sums:
        """The tenant's day so far."""
        return await self.books.day(tenant, await self.books.today())

    async def lapse(self, tenant: str = "t") -> None:
        """Every lease of a hold ends now."""
        for name in await self.client.zrange(self.keys.holds(tenant), 0, -1):
            await self.client.zadd(self.keys.holds(tenant), {name: 1})

    async def held(self, tenant: str = "t") -> int:
        """What is held in sum."""
        return int(await self.client.get(self.keys.held(tenant)) or 0)

    async def committed(self, tenant: str) -> int:
        """What was spent today and what is held, at one moment."""
        day = await self.books.today()
        async with self.client.pipeline(transaction=True) as pipe:
            pipe.hget(self.keys.spent(tenant, day), "cost_uusd")
            pipe.get(self.keys.held(tenant))
            return sum(int(value or 0) for value in await pipe.execute())

    async def archived(self) -> list[dict[str, str]]:
        """The stream of charges."""
        rows = await self.client.xrange(self.keys.charges)
        return [{name.decode(): value.decode() for name, value in row.items()} for _, row in rows]
