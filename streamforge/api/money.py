"""What calls to models came to, as the API tells it: in dollars, from the ledger's micro-dollars."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from msgspec import Struct

from streamforge.traffic.budgets import Budgets, Credits
from streamforge.traffic.ledger import Books, Sums, total
from streamforge.traffic.prices import MICROS

EPOCH: Final = date(1970, 1, 1)


class Money(Struct, frozen=True):
    """The ledger to read, the tenants' credits and their budgets."""

    books: Books
    credits: Credits
    budgets: Budgets


class CostView(Struct, frozen=True, kw_only=True):
    """What calls to models came to. Those without a price are in ``unpriced_calls`` and cost nothing here."""

    usd: float
    calls: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    images: int = 0
    audio_ms: int = 0
    unpriced_calls: int = 0


class DayView(Struct, frozen=True, kw_only=True):
    """What a tenant's calls came to on a day of UTC, in all and by ``provider/model``."""

    tenant: str
    day: date
    total: CostView
    models: dict[str, CostView]


class CreditsView(Struct, frozen=True, kw_only=True):
    """A tenant's credits: what is left, and all that ever came and went. ``held_usd`` is part of ``left_usd``."""

    tenant: str
    left_usd: float
    granted_usd: float
    spent_usd: float
    held_usd: float


async def day_of(books: Books, tenant: str, day: date | None = None) -> DayView:
    """A tenant's day, by Redis's clock today's without one. Raises BrokerUnavailable."""
    number = await books.today() if day is None else (day - EPOCH).days
    models = await books.day_by_model(tenant, number)
    return DayView(
        tenant=tenant,
        day=EPOCH + timedelta(number),
        total=summed(await books.day(tenant, number)),
        models={name: summed(sums) for name, sums in models.items()},
    )


async def credits_of(credits_: Credits, tenant: str) -> CreditsView:
    """How a tenant's credits stand. Raises BrokerUnavailable."""
    balance = await credits_.balance(tenant)
    return CreditsView(
        tenant=tenant,
        left_usd=dollars(balance.left),
        granted_usd=dollars(balance.granted),
        spent_usd=dollars(balance.spent),
        held_usd=dollars(balance.held),
    )


def summed(sums: Sums) -> CostView:
    """What the ledger has summed up."""
    return CostView(
        usd=dollars(sums.cost_uusd),
        calls=sums.calls,
        input_tokens=sums.input_tokens,
        output_tokens=sums.output_tokens,
        cache_read_tokens=sums.cache_read_tokens,
        cache_write_tokens=sums.cache_write_tokens,
        images=sums.images,
        audio_ms=sums.audio_ms,
        unpriced_calls=sums.unpriced_calls,
    )


async def cost_of(money: Money, job_id: str) -> CostView | None:
    """What the job's calls came to; None where it made none. Raises BrokerUnavailable."""
    entries = await money.books.job(job_id)
    if not entries:
        return None
    used = total(entries)
    return CostView(
        usd=dollars(sum(max(0, entry.cost) for entry in entries)),
        calls=len(entries),
        input_tokens=used.input_tokens,
        output_tokens=used.output_tokens,
        cache_read_tokens=used.cache_read_tokens,
        cache_write_tokens=used.cache_write_tokens,
        images=used.images,
        audio_ms=used.audio_ms,
        unpriced_calls=sum(entry.cost < 0 for entry in entries),
    )


def dollars(micros: int) -> float:
    """Micro-dollars as dollars."""
    return micros / MICROS
