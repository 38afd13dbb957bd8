"""What the limiter is asked and what it answers."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from streamforge.errors import ProviderRefused, Snooze
from streamforge.jobs.model import Priority

Why = Literal["requests", "input", "output", "tokens", "concurrent", "cooldown", "probe", "breaker", "money"]
"""What a caller waits for: a limit a minute, a free slot, the end of a pause, a trial call's, the circuit, money.

Money is waited for where calls under way hold what the tenant has left; what it lacks for good is ``Billing``.
"""

PRIORITY_WEIGHTS = {Priority.HIGH: 64.0, Priority.NORMAL: 8.0, Priority.LOW: 1.0}
"""A priority's share where all of them wait: most for the urgent, never nothing for the others."""

LEAST_WEIGHT = 0.001
"""Nobody's turn is infinitely far away."""


class Scope(Struct, frozen=True):
    """What limits are for: one model of one provider."""

    provider: str
    model: str

    @property
    def name(self) -> str:
        """As it stands in key names and messages."""
        return f"{self.provider}/{self.model}"


class Limits(Struct, frozen=True, kw_only=True):
    """What one key may do with a model, a minute (``concurrent``: at once). 0 is no limit but the provider's own.

    ``tokens`` is for providers that count input and output together.
    """

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    tokens: int = 0
    concurrent: int = 0


class Candidate(Struct, frozen=True):
    """A key that a call may use. All callers of a model should bring the same ones."""

    fingerprint: str
    limits: Limits = Limits()

    def as_lua(self) -> tuple[str, tuple[int, int, int, int], int]:
        """As the scripts take it."""
        limits = self.limits
        by_dimension = (limits.requests, limits.input_tokens, limits.output_tokens, limits.tokens)
        return self.fingerprint, by_dimension, limits.concurrent


class Estimate(Struct, frozen=True):
    """What a call will use, in tokens; better too much than too little."""

    input_tokens: int = 0
    output_tokens: int = 0


class Caller(Struct, frozen=True, kw_only=True):
    """Who asks. ``id`` is the call's own and the same when it asks again (job and step): it keeps the place."""

    id: str
    tenant: str = "default"
    priority: Priority = Priority.NORMAL
    weight: float = 1.0

    @property
    def flow(self) -> str:
        """Calls of one flow go in order; flows share."""
        return f"{self.priority}:{self.tenant}"

    @property
    def share(self) -> float:
        """The flow's weight among the others."""
        return max(self.weight, LEAST_WEIGHT) * PRIORITY_WEIGHTS[self.priority]


class Go(Struct, frozen=True):
    """The call may be made, now, with that key; ``is_probe`` says that it is a trial that others wait for.

    ``hold`` names the money that is held for it.
    """

    fingerprint: str
    reservation: str
    is_probe: bool = False
    hold: str = ""


class Wait(Struct, frozen=True):
    """Not yet. Ask again after ``wait_ms``; ``is_parked`` says that this is longer than the caller would wait."""

    wait_ms: int
    why: Why
    is_parked: bool = False


class Settled(Struct, frozen=True):
    """What came of settling: whether the lease had held, what changed with it.

    ``has_made_room`` says that somebody waits who may now go earlier than was told. ``charged`` is what the tenant pays
    for the call, in micro-dollars.
    """

    is_held: bool
    breaker: Literal["", "opened", "closed"]
    is_newly_benched: bool
    cooldown_ms: int
    has_made_room: bool
    charged: int = 0


class Parked(Snooze):
    """The job is parked until a model has room for its call."""

    def __init__(
        self, message: str = "", *, for_s: float = 0.0, scope: Scope | None = None, why: Why | None = None
    ) -> None:
        """``why`` lets a chain of models tell a broken one (``breaker``), which has a successor, from a busy one."""
        super().__init__(message, for_s=for_s)
        self.scope = scope
        self.parked_for = "" if scope is None else scope.name
        self.why = why


class NoUsableKey(ProviderRefused):
    """Every key for the model has been refused by its provider."""
