"""What calls to models came to, as the API tells it: in dollars, from the ledger's micro-dollars."""

from __future__ import annotations

from msgspec import Struct

from streamforge.traffic.budgets import Budgets, Credits
from streamforge.traffic.ledger import Books, total
from streamforge.traffic.prices import MICROS


class Money(Struct, frozen=True):
    """The ledger to read, the tenants' credits and their budgets."""

    books: Books
    credits: Credits
    budgets: Budgets


class CostView(Struct, frozen=True, kw_only=True):
    """What a job's calls to models came to. Those without a price are in ``unpriced_calls`` and cost nothing here."""

    usd: float
    calls: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    images: int = 0
    audio_ms: int = 0
    unpriced_calls: int = 0


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
