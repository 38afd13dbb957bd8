"""What calls cost: whole micro-dollars, never less than nothing, and never silently nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamforge.errors import ConfigError
from streamforge.traffic.model import Scope
from streamforge.traffic.prices import FREE, MICROS, PUBLISHED, Price, Prices, Used

SONNET = Scope("anthropic", "claude-sonnet-5-5")
counts = st.integers(0, 10**7)
dollars = st.floats(0, 100, allow_nan=False)
prices = st.builds(
    Price,
    input=dollars,
    output=dollars,
    cache_read=st.none() | dollars,
    cache_write=st.none() | dollars,
    image=dollars,
    audio_minute=dollars,
)
uses = st.builds(
    Used,
    input_tokens=counts,
    output_tokens=counts,
    cache_read_tokens=counts,
    cache_write_tokens=counts,
    images=st.integers(0, 100),
    audio_ms=counts,
)


def test_a_million_of_each_costs_its_price() -> None:
    """Sonnet's list price: 2 and 10 dollars, a tenth for cache reads, five quarters for cache writes."""
    price = PUBLISHED[SONNET.name]
    million = {name: Used(**{name: MICROS}) for name in Used.__struct_fields__[:4]}
    assert {name: price.cost(used) / MICROS for name, used in million.items()} == {
        "input_tokens": 2.0,
        "output_tokens": 10.0,
        "cache_read_tokens": 0.2,
        "cache_write_tokens": 2.5,
    }


def test_pictures_and_recordings_cost_by_piece_and_minute() -> None:
    """Half a minute is half the price; a started micro-dollar counts."""
    price = Price(image=0.04, audio_minute=0.006)
    assert price.cost(Used(images=3)) == 120_000
    assert price.cost(Used(audio_ms=30_000)) == 3000
    assert price.cost(Used(audio_ms=1)) == 1
    assert Price(input=0.1).cost(Used(input_tokens=1)) == 1


def test_an_unknown_model_has_no_price() -> None:
    """None, not 0: somebody has to be told."""
    assert Prices().cost(Scope("acme", "large-1"), Used(input_tokens=5)) is None
    assert Prices().cost(Scope("anthropic", "claude-unheard-of"), Used()) is None


def test_settings_come_before_the_published_prices() -> None:
    """By model, else for all others of a provider; a dated name has its plain one's price."""
    own = {SONNET.name: Price(input=1.5), "acme/*": FREE, "acme/large-1": Price(input=3.0)}
    table = Prices(own)
    million = Used(input_tokens=MICROS)
    assert table.cost(SONNET, million) == 1_500_000
    assert table.cost(Scope("anthropic", "claude-sonnet-5-5-20261001"), million) == 1_500_000
    assert table.cost(Scope("acme", "large-1"), million) == 3_000_000
    assert table.cost(Scope("acme", "small-9"), million) == 0
    assert table.cost(Scope("offline", "designer"), million) == 0


@given(price=prices, one=uses, other=uses)
def test_costs_add_up(price: Price, one: Used, other: Used) -> None:
    """Two calls cost what both used together costs, but for the started micro-dollar of each."""
    both = Used(**{name: getattr(one, name) + getattr(other, name) for name in Used.__struct_fields__})
    assert 0 <= price.cost(one) + price.cost(other) - price.cost(both) <= 2


@given(price=prices, prompt=counts, output=counts, parts=st.lists(st.integers(0, 100), min_size=3, max_size=3))
def test_no_call_costs_more_than_its_most(price: Price, prompt: int, output: int, parts: list[int]) -> None:
    """However a prompt is split into plain input, cache reads and cache writes (reads are no dearer than the rest)."""
    whole = max(1, sum(parts))
    plain, write = prompt * parts[0] // whole, prompt * parts[1] // whole
    used = Used(input_tokens=plain, cache_write_tokens=write, output_tokens=output)
    assert price.cost(used) <= price.most(Used(input_tokens=prompt, output_tokens=output))


@pytest.mark.parametrize("wrong", [-0.01, float("nan"), float("inf"), 1e7])
def test_what_is_no_price_is_said_so(wrong: float) -> None:
    """Where it stands, not when a call is made."""
    with pytest.raises(ConfigError, match=r"prices\.output"):
        Price(output=wrong)
