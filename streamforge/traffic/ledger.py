"""The ledger: what every call to a model used and cost, written once, by job, by tenant and day, and as a stream.

How calls are counted that did not go the plain way:

- A write that is repeated, for its answer was lost: once.
- A call that is made again after its answer came (the step failed later, or another attempt has overtaken this one and
  did not know of the answer): where the provider takes idempotency keys it is the same call to it and to the ledger;
  elsewhere it is a second real call. Its tokens and its cost count; the tenant is not charged again.
- A call that broke: what the provider told until then counts; the tenant is charged for its repetition's answer alone.
- A call whose answer says nothing of its usage: as unaccounted, with the most that it can have cost.
- A call whose worker died: nobody knows what was used. With idempotency keys the repetition is the same call and tells.
  Elsewhere it is counted as unaccounted, with the most that it can have cost, when it is repeated or its hold lapses.
"""

from __future__ import annotations

from collections import deque
from typing import Any, cast

import anyio
import redis.asyncio as aioredis
from msgspec import Struct, msgpack
from redis.exceptions import RedisError

from streamforge.broker.connection import translate
from streamforge.broker.keys import Keys
from streamforge.errors import StreamForgeError
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service
from streamforge.traffic.model import Scope
from streamforge.traffic.money import Charge
from streamforge.traffic.prices import MICROS, Used
from streamforge.traffic.scripts import Scripts
from streamforge.traffic.trips import Rejected

WAITING_MAX = 10_000
"""Charges that are kept in memory while Redis is away."""

FLUSH_S = 1.0

log = get_logger(__name__)


class Entry(Struct, frozen=True, kw_only=True):
    """A call in a job's ledger. ``cost`` is in micro-dollars, below 0 where nobody knows the price."""

    charge: str
    step: str
    provider: str
    model: str
    fingerprint: str
    is_answered: bool
    is_unaccounted: bool
    held: int
    cost: int
    used: tuple[int, int, int, int, int, int]


class Sums(Struct, frozen=True, kw_only=True):
    """What calls came to; amounts in micro-dollars.

    ``charged_uusd`` is the part of ``cost_uusd`` that the tenant pays. Calls without a price are in ``unpriced_calls``
    and cost nothing here. Of ``unaccounted_calls`` nothing is known but what they can have cost at most; those whose
    worker died are not in ``calls``.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    images: int = 0
    audio_ms: int = 0
    cost_uusd: int = 0
    charged_uusd: int = 0
    unpriced_calls: int = 0
    unaccounted_calls: int = 0
    unaccounted_uusd: int = 0

    @property
    def used(self) -> Used:
        """The measures alone."""
        return Used(**{name: getattr(self, name) for name in Used.__struct_fields__})


class Ledger(Service):
    """Counts calls, and as a service writes down those that Redis was away for when they were settled."""

    name = "ledger"

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._waiting: deque[Charge] = deque()
        self._told: set[tuple[str, Scope]] = set()
        self._stopping = anyio.Event()

    def note(self, charge: Charge, charged: int | None) -> None:
        """A call has ended: its charge was written down, for so much; or (None) was not, and is written later."""
        self._count(charge)
        if charged is None:
            self._keep(charge)
        else:
            _count_charged(charge, charged)

    async def flush(self) -> None:
        """Write what waits; what Redis rejects is lost. Raises BrokerUnavailable, or ConfigError for a closed door."""
        while self._waiting:
            charge = self._waiting[0]
            try:
                _count_charged(charge, await self._scripts.charge(charge))
            except Rejected:  # it would be rejected again, and stand in the way of all others
                _lose(charge)
            if self._waiting and self._waiting[0] is charge:
                self._waiting.popleft()
            metrics.charges_waiting().set(len(self._waiting))

    async def run(self) -> None:
        """Write what waits, again and again, until stopped."""
        while not self._stopping.is_set():
            with anyio.move_on_after(FLUSH_S):
                await self._stopping.wait()
            try:
                await self.flush()
            except StreamForgeError as error:
                log.debug("ledger_waits", waiting=len(self._waiting), error=error.message)
        for charge in self._waiting:
            _lose(charge)

    def stop(self) -> None:
        """Return after a last try."""
        self._stopping.set()

    def _count(self, charge: Charge) -> None:
        scope = charge.scope
        metrics.model_cost_dollars_total(scope.provider, scope.model).inc((charge.cost or 0) / MICROS)
        if charge.is_unaccounted:
            metrics.model_unaccounted_total(scope.provider, scope.model).inc()
        if charge.is_unaccounted and charge.is_answered:
            self._tell_once("model_without_usage", scope)
        if charge.cost is None and charge.used:
            metrics.model_unpriced_total(scope.provider, scope.model).inc()
            self._tell_once("model_without_price", scope)

    def _tell_once(self, event: str, scope: Scope) -> None:
        """For each model; the metric counts."""
        if (event, scope) not in self._told:
            self._told.add((event, scope))
            log.warning(event, provider=scope.provider, model=scope.model)

    def _keep(self, charge: Charge) -> None:
        log.warning("charge_waits", job_id=charge.job_id, charge=charge.id)
        if len(self._waiting) == WAITING_MAX:
            _lose(self._waiting.popleft())
        self._waiting.append(charge)
        metrics.charges_waiting().set(len(self._waiting))


def _count_charged(charge: Charge, charged: int) -> None:
    metrics.model_charged_dollars_total(charge.scope.provider, charge.scope.model).inc(charged / MICROS)


def _lose(charge: Charge) -> None:
    """The last resort: an operator can enter it by hand from this line."""
    metrics.charges_lost_total().inc()
    facts = {"job_id": charge.job_id, "tenant": charge.tenant, "charge": charge.id, "cost_uusd": charge.cost}
    provider, model = charge.scope.provider, charge.scope.model
    log.error("charge_lost", **facts, provider=provider, model=model, used=charge.used.row())


class Books:
    """The ledger, to read. Raises BrokerUnavailable."""

    def __init__(self, client: aioredis.Redis, keys: Keys) -> None:
        self._client = cast("Any", client)
        self._keys = keys

    async def job(self, job_id: str) -> list[Entry]:
        """The calls that a job made, in order of their charges; none where it made none, or they are forgotten."""
        rows = await self._read(self._keys.ledger(job_id))
        found = [msgpack.decode(value, type=Entry) for name, value in sorted(rows.items()) if name.startswith(b"call:")]
        return sorted(found, key=lambda entry: entry.charge)

    async def day(self, tenant: str, day: int) -> Sums:
        """What a tenant's calls came to on a day, counted from 1970-01-01 UTC."""
        rows = await self._read(self._keys.spent(tenant, day))
        return _sums({name.decode(): int(value) for name, value in rows.items()})

    async def day_by_model(self, tenant: str, day: int) -> dict[str, Sums]:
        """The same for each ``provider/model``."""
        rows = await self._read(self._keys.spent(tenant, day))
        models: dict[str, dict[str, int]] = {}
        for name, value in rows.items():
            measure, _, model = name.decode().partition("|")
            if model:
                models.setdefault(model, {})[measure] = int(value)
        return {model: _sums(models[model]) for model in sorted(models)}

    async def today(self) -> int:
        """The day by Redis's clock."""
        try:
            seconds, _ = await self._client.time()
        except (RedisError, OSError) as error:
            raise translate(error) from error
        return int(seconds) // 86_400

    async def _read(self, key: str) -> dict[bytes, bytes]:
        try:
            return await self._client.hgetall(key)
        except (RedisError, OSError) as error:
            raise translate(error) from error


def total(entries: list[Entry]) -> Used:
    """What these calls used together."""
    columns = zip(*(entry.used for entry in entries), strict=True)
    return Used(**dict(zip(Used.__struct_fields__, map(sum, columns), strict=False)))


def _sums(rows: dict[str, int]) -> Sums:
    return Sums(**{name: rows[name] for name in Sums.__struct_fields__ if name in rows})
