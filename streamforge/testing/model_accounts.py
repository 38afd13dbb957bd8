"""What a scripted model server knows of each key: how much it has used, and how much it may.

Limits are token buckets, filled continuously, as Anthropic documents its own. Input is charged when a call begins,
output when it ends: the bucket may then be overdrawn, and nobody begins until it holds something again.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

from streamforge.clock import SYSTEM_CLOCK, Clock

Dimension = Literal["requests", "input-tokens", "output-tokens", "tokens"]


class KeyLimits(Struct, frozen=True, kw_only=True):
    """What one key may do a minute; 0 is no limit. ``tokens`` counts input and output together.

    ``burst_s`` is how many seconds' worth may be used at once.
    """

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    tokens: int = 0
    burst_s: float = 60.0

    def by_dimension(self) -> dict[Dimension, int]:
        """The limits that there are."""
        limits: dict[Dimension, int] = {
            "requests": self.requests,
            "input-tokens": self.input_tokens,
            "output-tokens": self.output_tokens,
            "tokens": self.tokens,
        }
        return {dimension: limit for dimension, limit in limits.items() if limit}


class Tokens(Struct, frozen=True, kw_only=True):
    """What one answer is said to cost, in Anthropic's terms: ``input`` counts neither reads nor writes of the cache."""

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(
            input=self.input + other.input,
            cache_read=self.cache_read + other.cache_read,
            cache_write=self.cache_write + other.cache_write,
            output=self.output + other.output,
        )

    @property
    def prompt(self) -> int:
        """In OpenAI's terms."""
        return self.input + self.cache_read + self.cache_write


class Tally(Struct, kw_only=True):
    """A key's requests by how they ended, and what its whole answers cost.

    ``limited`` counts what the limits refused, ``refused`` scripted faults without an answer, ``broken`` answers that
    the script broke off, ``abandoned`` those that the client did not wait for, ``replayed`` those given again for free
    by idempotency key. ``broken_tokens`` is what broken answers said they cost before they broke.
    """

    requests: int = 0
    limited: int = 0
    refused: int = 0
    answered: int = 0
    broken: int = 0
    abandoned: int = 0
    replayed: int = 0
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    broken_tokens: Tokens = Tokens()
    images: int = 0
    audio_seconds: float = 0.0
    in_flight: int = 0
    peak_in_flight: int = 0


class _Bucket:
    """So much a minute, and at most ``burst_s`` of it at once."""

    def __init__(self, per_minute: int, burst_s: float, now: float) -> None:
        self.per_minute = per_minute
        self.capacity = max(1.0, per_minute * burst_s / 60)
        self._level, self._at = self.capacity, now

    def level(self, now: float) -> float:
        """What is there; negative where it is overdrawn."""
        self._level = min(self.capacity, self._level + (now - self._at) * self.per_minute / 60)
        self._at = now
        return self._level

    def take(self, amount: float, now: float) -> None:
        """Use some."""
        self._level = self.level(now) - amount

    def wait_s(self, amount: float, now: float) -> float:
        """Seconds until so much is there (or all that fits)."""
        missing = min(amount, self.capacity) - self.level(now)
        return missing * 60 / self.per_minute if missing > 1e-9 else 0.0  # noqa: PLR2004 - rounding


class Account:
    """A key's tally and limits."""

    def __init__(self, limits: KeyLimits, clock: Clock = SYSTEM_CLOCK) -> None:
        self.tally = Tally()
        self.prefixes: set[str] = set()
        self._clock = clock
        self._buckets: dict[Dimension, _Bucket] = {}
        self.limit(limits)

    def limit(self, limits: KeyLimits) -> None:
        """Other limits from now on; what a bucket holds stays in it, as far as it fits."""
        now = self._clock.monotonic()
        before, self._buckets = self._buckets, {}
        for dimension, per_minute in limits.by_dimension().items():
            bucket = _Bucket(per_minute, limits.burst_s, now)
            if dimension in before:
                bucket.take(bucket.capacity - min(before[dimension].level(now), bucket.capacity), now)
            self._buckets[dimension] = bucket

    def admit(self, input_tokens: int) -> float:
        """Begin a call: 0, or for how many seconds nothing can be begun."""
        now = self._clock.monotonic()
        needs = self._amounts(1, input_tokens, 1)
        wait_s = max((bucket.wait_s(needs[name], now) for name, bucket in self._buckets.items()), default=0.0)
        if not wait_s:
            self._take(self._amounts(1, input_tokens, 0))
        return wait_s

    def spend(self, tokens: Tokens) -> None:
        """A whole answer was given."""
        self._take(self._amounts(0, 0, tokens.output))
        tally = self.tally
        tally.answered += 1
        tally.input_tokens += tokens.input
        tally.cache_read_tokens += tokens.cache_read
        tally.cache_write_tokens += tokens.cache_write
        tally.output_tokens += tokens.output

    def anthropic_headers(self) -> dict[str, str]:
        """Limit, remainder and reset of each dimension, as Anthropic writes them."""
        headers: dict[str, str] = {}
        for name, (limit, left, whole_in_s) in self._state().items():
            whole = datetime.fromtimestamp(self._clock.now_ms() / 1000 + whole_in_s, UTC)
            headers[f"anthropic-ratelimit-{name}-limit"] = str(limit)
            headers[f"anthropic-ratelimit-{name}-remaining"] = str(left)
            headers[f"anthropic-ratelimit-{name}-reset"] = whole.strftime("%Y-%m-%dT%H:%M:%SZ")
        return headers

    def openai_headers(self) -> dict[str, str]:
        """The same as OpenAI writes them, which knows requests and tokens."""
        headers: dict[str, str] = {}
        for name, (limit, left, whole_in_s) in self._state().items():
            if name in {"requests", "tokens"}:
                headers[f"x-ratelimit-limit-{name}"] = str(limit)
                headers[f"x-ratelimit-remaining-{name}"] = str(left)
                headers[f"x-ratelimit-reset-{name}"] = go_duration(whole_in_s)
        return headers

    def _state(self) -> dict[Dimension, tuple[int, int, float]]:
        now = self._clock.monotonic()
        return {
            name: (bucket.per_minute, max(0, math.floor(bucket.level(now))), bucket.wait_s(bucket.capacity, now))
            for name, bucket in self._buckets.items()
        }

    def _take(self, amounts: dict[Dimension, int]) -> None:
        now = self._clock.monotonic()
        for name, bucket in self._buckets.items():
            bucket.take(amounts[name], now)

    def _amounts(self, requests: int, inputs: int, outputs: int) -> dict[Dimension, int]:
        return {
            "requests": requests,
            "input-tokens": inputs,
            "output-tokens": outputs,
            "tokens": inputs + outputs,
        }


def go_duration(seconds: float) -> str:
    """Seconds as Go writes a duration: ``6m0s``, ``1.5s``, ``250ms``."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}m{rest:.3g}s" if minutes else f"{rest:.3g}s"


def counted(prompt: str, system: str, answer: str, *, is_cached: bool) -> Tokens:
    """Tokens by length, four bytes each: a system text is written to the cache once and read from there after."""
    prefix = _tokens_in(system)
    return Tokens(
        input=_tokens_in(prompt),
        cache_read=prefix if is_cached else 0,
        cache_write=0 if is_cached else prefix,
        output=_tokens_in(answer),
    )


def _tokens_in(text: str) -> int:
    return math.ceil(len(text.encode()) / 4)
