# ruff: noqa: S311 - a choice of looks, not a secret
"""Offline palettes: every text pair is readable whatever the brand's colours, and the logo can be seen."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from streamforge.pipelines.banner.design.colour import contrast, from_oklch, luminance, normalise, readable, to_oklch
from streamforge.pipelines.banner.design.graph import Palette
from streamforge.pipelines.banner.design.palette import CATALOGUE, choose_palette, problems, repaired, settle

COLOUR = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
SEED = st.integers(min_value=0, max_value=2**31 - 1)


class Logo(Struct, frozen=True):
    """A logo's colours."""

    colors: list[str]
    luminance: float
    transparent: bool = True


@given(brand=st.lists(COLOUR, max_size=8), seed=SEED)
@settings(max_examples=300, deadline=None)
def test_any_brand_colours_give_a_readable_palette(brand: list[str], seed: int) -> None:
    """Ink, muted and button text reach their WCAG ratios for any brand colours."""
    palette = choose_palette(brand, None, random.Random(seed))
    assert problems(palette) == []
    assert contrast(palette.ink, palette.ground) >= 7


@given(colours=st.lists(COLOUR, min_size=1, max_size=6), seed=SEED)
@settings(max_examples=200, deadline=None)
def test_any_logo_gives_a_readable_palette(colours: list[str], seed: int) -> None:
    """The same holds when the colours come from a logo."""
    mean = sum(luminance(colour) for colour in colours) / len(colours)
    assert problems(choose_palette([], Logo(colours, mean), random.Random(seed))) == []


@given(colours=st.lists(COLOUR, min_size=7, max_size=7))
@settings(max_examples=200, deadline=None)
def test_a_palette_from_outside_is_repaired(colours: list[str]) -> None:
    """Seven arbitrary colours in the seven roles come out readable."""
    names = ("ground", "ground_2", "ink", "muted", "accent", "on_accent", "decor")
    assert problems(repaired(Palette(**dict(zip(names, colours, strict=True))))) == []


def test_a_readable_palette_is_left_alone() -> None:
    """Repair changes nothing where nothing is wrong."""
    good = Palette(
        ground="#ffffff", ground_2="#f4f4f4", ink="#111111", muted="#444444", accent="#0a3d91", on_accent="#ffffff",
        decor="#dddddd",
    )  # fmt: skip
    assert repaired(good) == good


@pytest.mark.parametrize(
    ("colours", "is_light"),
    [(["#1a1a2e"], True), (["#ffffff"], False), (["#fff7d6", "#ffd166"], False), (["#2b5797", "#ffffff"], True)],
)
@pytest.mark.parametrize("seed", range(5))
def test_the_ground_keeps_the_logo_visible(colours: list[str], *, is_light: bool, seed: int) -> None:
    """A dark transparent logo gets a light ground and a light one a dark ground, whatever the seed."""
    mean = sum(luminance(colour) for colour in colours) / len(colours)
    ground = choose_palette([], Logo(colours, mean), random.Random(seed)).ground
    assert (luminance(ground) > 0.36) == is_light


@given(colour=COLOUR, ground=COLOUR)
@settings(max_examples=200, deadline=None)
def test_some_tone_is_readable_on_any_ground(colour: str, ground: str) -> None:
    """Any colour can be moved to 4.5:1 on any ground."""
    assert contrast(readable(colour, (ground,), 4.5), ground) >= 4.5


@given(colour=COLOUR)
@settings(max_examples=200, deadline=None)
def test_oklch_is_a_round_trip(colour: str) -> None:
    """A colour converted to OKLCH and back differs by one step of 255 at most."""
    back = from_oklch(to_oklch(colour))
    steps = [abs(int(colour[at : at + 2], 16) - int(back[at : at + 2], 16)) for at in (1, 3, 5)]
    assert max(steps) <= 1


def test_contrast_is_the_wcag_ratio() -> None:
    """Black on white is 21:1, equal colours 1:1, and #767676 on white the known 4.54:1."""
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#336699", "#336699") == pytest.approx(1)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert normalise("#FA0") == "#ffaa00"


@pytest.mark.parametrize("seed", range(4))
def test_a_black_and_white_brand_stays_so(seed: int) -> None:
    """Neutral brand colours are not replaced by a colour out of the catalogue."""
    palette = choose_palette(["#000000", "#ffffff"], None, random.Random(seed))
    assert {palette.ground, palette.accent} == {"#000000", "#ffffff"}


def test_two_brand_colours_are_both_used() -> None:
    """A dark and a vivid brand colour become ground and accent as they are."""
    palette = choose_palette(["#0b3d2e", "#f4b400"], None, random.Random(1), mode="dark")
    assert (palette.ground, palette.accent) == ("#0b3d2e", "#f4b400")


def test_the_catalogue_is_varied_and_readable() -> None:
    """Eight themes or more, light and dark, each settled without a failing pair."""
    tones = [luminance(theme.ground) > 0.36 for theme in CATALOGUE]
    assert len(CATALOGUE) >= 8
    assert min(tones.count(True), tones.count(False)) >= 4
    assert [problem for theme in CATALOGUE for problem in problems(settle(theme))] == []
