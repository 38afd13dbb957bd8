"""How the limiter and the circuit breaker behave, as their scripts read it."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from streamforge.errors import ConfigError


class Rules(Struct, frozen=True, kw_only=True):
    """Times in ms, shares from 0 to 1. All workers on one Redis should have the same.

    ``burst`` is how much of a minute's limit may go at once, ``headroom`` how much of it is never used, for calls that
    reach the provider later than others: together what utilisation loses against a provider that counts strictly.
    """

    burst: float = 0.03
    headroom: float = 0.02
    lease_ms: int = 30_000
    """After which a reservation that nobody renews is a dead worker's."""
    renew_ms: int = 10_000
    fastest_tokens_per_s: int = 300
    """What no model writes faster than: bounds what a dead worker's call can have cost."""
    recheck_ms: int = 500
    """The longest pause between two questions where no time can be told: for a probe's end, for a free slot."""
    vanish_ms: int = 3_000
    """How much later than told a waiting caller may ask again before it counts as gone."""
    park_least_ms: int = 5_000
    """The shortest pause that is worth leaving the slot."""
    park_gap_ms: int = 20
    """The least by which parked callers come back one after the other: who finds no room comes for nothing."""
    spread_ms: int = 300_000
    """The longest by which a parked caller comes back later than alone, so that not all come at once."""
    turn_ms: int = 60_000
    """How long a parked caller's place is kept after the time it was to come back."""
    loyal_ms: int = 120_000
    """The longest wait for the key that a repeated call was begun with; then it is made, and paid, with another."""
    forget_ms: int = 3_600_000
    """How long the state of a key or a model that nobody uses is kept."""
    seen_max: int = 200
    """Of those who wait or are parked, how many are looked at; who waits further behind asks again sooner."""
    woken_max: int = 30
    """Of those who are parked for one thing, how many are on their way at a time."""
    cooldown_ms: int = 1_000
    """The first pause after a refusal that names none; each further one doubles it."""
    cooldown_least_ms: int = 200
    cooldown_longest_ms: int = 15_000
    """The longest pause that is guessed, and so how late it is noticed that a provider takes calls again."""
    breaker_window_ms: int = 30_000
    breaker_parts: int = 6
    breaker_least: int = 10
    """The fewest results within the window that can open the circuit."""
    breaker_ratio: float = 0.5
    """The share of failures among them that does."""
    breaker_open_ms: int = 5_000
    """How long it stays open at first; each failed probe doubles it."""
    breaker_longest_ms: int = 120_000

    def __post_init__(self) -> None:
        """Raises ConfigError where the numbers cannot work together."""
        if not 0.0 < self.burst + self.headroom < 1.0 or self.burst <= 0.0 or self.headroom < 0.0:
            raise ConfigError("burst and headroom must leave something to use", field="traffic.burst")
        if not 0 < self.renew_ms < self.lease_ms:
            raise ConfigError("a lease must be renewed before it ends", field="traffic.renew_ms")

    def as_lua(self) -> str:
        """The table of these numbers."""
        fields = ", ".join(f"{name} = {value!r}" for name, value in msgspec.structs.asdict(self).items())
        return f"{{{fields}}}"
