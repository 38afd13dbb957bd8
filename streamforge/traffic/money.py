"""What is held for a call before it, and written down after it; amounts are whole micro-dollars.

Three names, three promises. A *call* is what the provider counts as one: it is counted once. A *charge* is what a
tenant pays for, the n-th call of a job's step: its first answer is paid for, once. A *hold* is one try on its way:
money that no other call may count on until this one has ended, or is known to be dead.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from streamforge.traffic.model import Scope
from streamforge.traffic.prices import Used

UNLIMITED = -1
_UNPRICED = -1
_DAY_MS = 86_400_000


class Keeping(Struct, frozen=True, kw_only=True):
    """How long the ledger is kept here; who needs it longer reads the stream of charges."""

    job_ms: int = 7 * _DAY_MS
    """A job's calls, after the last of them: how late a repeated call is still known."""
    day_ms: int = 400 * _DAY_MS
    """A day's sums."""
    stream_max: int = 100_000
    """Calls in the stream of charges."""


class Hold(Struct, frozen=True, kw_only=True):
    """What is to be held for a call, until it has ended or ``lease_ms`` are over; ``day_limit`` is the tenant's.

    ``is_repeatable``: the provider counts the call once if it comes again with the same API key. Then the job's ledger
    keeps which key it was begun with, for attempts to come.
    """

    tenant: str
    amount: int
    lease_ms: int
    day_limit: int = UNLIMITED
    is_prepaid: bool = False
    job_id: str = ""
    is_repeatable: bool = False

    def as_lua(self, name: str, keeping: Keeping) -> dict[str, object]:
        """As the scripts take it."""
        return {
            "tenant": self.tenant,
            "hold": name,
            "limit": self.day_limit,
            "is_prepaid": self.is_prepaid,
            "lease_ms": self.lease_ms,
            "job": self.job_id,
            "is_repeatable": self.is_repeatable,
            "keep_day_ms": keeping.day_ms,
            "keep_job_ms": keeping.job_ms,
        }


class Refused(Struct, frozen=True):
    """The tenant's money does not cover a call: which of it, and what is left; ``is_first`` of the day."""

    what: Literal["budget", "credits"]
    left: int
    is_first: bool


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

    def as_lua(self, keeping: Keeping) -> dict[str, object]:
        """As the scripts take it."""
        return {
            "tenant": self.tenant,
            "job": self.job_id,
            "step": self.step,
            "charge": self.id,
            "call": self.call,
            "hold": self.hold,
            "fingerprint": self.fingerprint,
            "is_answered": self.is_answered,
            "is_unaccounted": self.is_unaccounted,
            "is_prepaid": self.is_prepaid,
            "used": self.used.row(),
            "cost": _UNPRICED if self.cost is None else self.cost,
            "keep_job_ms": keeping.job_ms,
            "keep_day_ms": keeping.day_ms,
            "stream_max": keeping.stream_max,
        }


class Moved(Struct, frozen=True):
    """What became of an entry: whether it was made now, whether the balance covers it, and the balance."""

    is_new: bool
    is_covered: bool
    balance: int


def hold_name(nonce: str, amount: int) -> str:
    """A hold of that many micro-dollars, as the scripts know it."""
    return f"{nonce}:{amount}"
