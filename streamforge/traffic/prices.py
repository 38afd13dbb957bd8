"""What calls cost: a dated table, which settings correct, and its arithmetic in whole micro-dollars.

A model that no table knows has no price: its calls cost ``None``, which is counted, and never 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from streamforge.errors import ConfigError
from streamforge.traffic.model import Scope

MICROS = 1_000_000
"""Micro-dollars in a dollar; tokens in the unit that prices are quoted for."""

AS_OF = "2026-11-21"
"""The day on which ``PUBLISHED`` was compared with the providers' price lists."""

_CACHE_READ = 0.1
_CACHE_WRITE = 1.25
_MINUTE_MS = 60_000
_DATED = re.compile(r"-\d{8}\Z|-\d{4}-\d{2}-\d{2}\Z")
_LARGEST_USD = 1e6
"""No price is over it; a slip of the unit is."""


class Used(Struct, frozen=True, kw_only=True):
    """What a call used. ``input_tokens`` counts neither cache reads nor cache writes."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    images: int = 0
    audio_ms: int = 0

    def row(self) -> tuple[int, int, int, int, int, int]:
        """In the order of ``ledger.lua``."""
        tokens = (self.input_tokens, self.output_tokens, self.cache_read_tokens, self.cache_write_tokens)
        return (*tokens, self.images, self.audio_ms)

    def __bool__(self) -> bool:
        return any(self.row())


class Price(Struct, frozen=True, kw_only=True):
    """Dollars: for a million tokens of each kind, for an image, for a minute of audio.

    Cache prices that are not given are the usual parts of ``input``: a tenth for reads, five quarters for writes.
    Raises ConfigError for an amount that is no price.
    """

    input: float = 0.0
    output: float = 0.0
    cache_read: float | None = None
    cache_write: float | None = None
    image: float = 0.0
    audio_minute: float = 0.0

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            amount = getattr(self, name)
            if amount is not None and not 0.0 <= amount <= _LARGEST_USD:
                raise ConfigError(f"{amount!r} dollars is no price", field=f"prices.{name}")

    def cost(self, used: Used) -> int:
        """In micro-dollars, rounded up: many small calls are not free."""
        rates = self._rates()
        tokens = sum(amount * rate for amount, rate in zip(used.row()[:4], rates, strict=True))
        audio = _ceil(used.audio_ms * micros(self.audio_minute), _MINUTE_MS)
        return _ceil(tokens, MICROS) + used.images * micros(self.image) + audio

    def most(self, used: Used) -> int:
        """What a call that uses at most that costs at most: its input may all be written to the cache."""
        plain, _, _, write = self._rates()
        dearer = max(0, write - plain)
        return self.cost(used) + _ceil(used.input_tokens * dearer, MICROS)

    def _rates(self) -> tuple[int, int, int, int]:
        read = self.input * _CACHE_READ if self.cache_read is None else self.cache_read
        write = self.input * _CACHE_WRITE if self.cache_write is None else self.cache_write
        return micros(self.input), micros(self.output), micros(read), micros(write)


FREE = Price()
"""For models of one's own."""

PUBLISHED: Mapping[str, Price] = {
    "anthropic/claude-fable-5-1": Price(input=10.0, output=50.0),
    "anthropic/claude-opus-5-5": Price(input=4.0, output=20.0),
    "anthropic/claude-sonnet-5-5": Price(input=2.0, output=10.0),
    "openai/gpt-6.1-terra": Price(input=1.0, output=5.0, cache_read=0.05),
}
"""List prices by ``provider/model``, as of ``AS_OF``; models whose price depends on more than tokens are left out."""

OWN = frozenset({"offline", "local"})
"""Providers that are part of this program."""


class Prices:
    """The published prices, with those of the settings before them."""

    def __init__(self, own: Mapping[str, Price] | None = None) -> None:
        """``own`` is by ``provider/model``, or ``provider/*`` for all others of a provider."""
        self._table = {**PUBLISHED, **(own or {})}

    def of(self, scope: Scope) -> Price | None:
        """A model's price, None where nobody knows it. A model's dated name has the price of its plain one."""
        if scope.provider in OWN:
            return FREE
        plain = f"{scope.provider}/{_DATED.sub('', scope.model)}"
        names = (scope.name, plain, f"{scope.provider}/*")
        return next((self._table[name] for name in names if name in self._table), None)

    def cost(self, scope: Scope, used: Used) -> int | None:
        """In micro-dollars; None for a model without a price."""
        price = self.of(scope)
        return None if price is None else price.cost(used)


def micros(dollars: float) -> int:
    """The amount in whole micro-dollars."""
    return round(dollars * MICROS)


def _ceil(amount: int, unit: int) -> int:
    return -(-amount // unit)
