"""Offline palettes: every text pair is readable whatever the brand's colours, and the logo can be seen."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.brief import Brief, LogoFacts
from streamforge.pipelines.banner.design.colour import (
    contrast,
    distance,
    from_oklch,
    luminance,
    normalise,
    readable,
    to_oklch,
)
from streamforge.pipelines.banner.design.forbidden import NEAR
from streamforge.pipelines.banner.design.graph import Palette
from streamforge.pipelines.banner.design.offline import strategy_for
from streamforge.pipelines.banner.design.palette import choose_mode, palette_ids, palette_of
from streamforge.pipelines.banner.design.settle import problems, settle
from streamforge.pipelines.banner.design.strategy import Mode
from streamforge.pipelines.banner.design.themes import CATALOGUE
from streamforge.pipelines.banner.kit import BrandKit, KitColour
from streamforge.pipelines.banner.spec import BannerSpec
from tests.unit.render.pictures import logo_png

COLOUR = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
SEED = st.integers(min_value=0, max_value=2**31 - 1)


def logo_of(colors: list[str], luminance: float) -> LogoFacts:
    """A transparent logo's facts."""
    return LogoFacts(width=300, height=100, colors=colors, luminance=luminance, transparent=True)


def choose_palette(brand: list[str], logo: LogoFacts | None, seed: int, *, mode: Mode | None = None) -> Palette:
    """The palette of a brief with those colours and that logo."""
    spec = BannerSpec(prompt="rye bread", seed=seed, brand_colors=brand)
    brief = Brief(spec=spec, size=Size(1200, 628), kit=BrandKit(), logo=logo)
    return palette_of(replace(strategy_for(brief), mode=choose_mode(brief, mode)), brief)


@given(brand=st.lists(COLOUR, max_size=8), seed=SEED)
@settings(max_examples=300, deadline=None)
def test_any_brand_colours_give_a_readable_palette(brand: list[str], seed: int) -> None:
    """Ink, muted and button text reach their WCAG ratios for any brand colours."""
    palette = choose_palette(brand, None, seed)
    assert problems(palette) == []
    assert contrast(palette.ink, palette.ground) >= 5.5


@given(colours=st.lists(COLOUR, min_size=1, max_size=6), seed=SEED)
@settings(max_examples=200, deadline=None)
def test_any_logo_gives_a_readable_palette(colours: list[str], seed: int) -> None:
    """The same holds when the colours come from a logo."""
    mean = sum(luminance(colour) for colour in colours) / len(colours)
    assert problems(choose_palette([], logo_of(colours, mean), seed)) == []


@pytest.mark.parametrize(
    ("colours", "is_light"),
    [(["#1a1a2e"], True), (["#ffffff"], False), (["#fff7d6", "#ffd166"], False), (["#2b5797", "#ffffff"], True)],
)
@pytest.mark.parametrize("seed", range(5))
def test_the_ground_keeps_the_logo_visible(colours: list[str], *, is_light: bool, seed: int) -> None:
    """A dark transparent logo gets a light ground, and a light one a dark ground."""
    mean = sum(luminance(colour) for colour in colours) / len(colours)
    ground = choose_palette([], logo_of(colours, mean), seed).ground
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
    palette = choose_palette(["#000000", "#ffffff"], None, seed)
    assert {palette.ground, palette.accent} == {"#000000", "#ffffff"}


def test_two_brand_colours_are_both_used() -> None:
    """A dark and a vivid brand colour become ground and accent as they are."""
    palette = choose_palette(["#0b3d2e", "#f4b400"], None, 1, mode="dark")
    assert (palette.ground, palette.accent) == ("#0b3d2e", "#f4b400")


def test_the_catalogue_is_varied_and_readable() -> None:
    """Twenty themes or more, light and dark, of different names, each settled without a failing pair."""
    tones = [luminance(theme.ground) > 0.36 for theme in CATALOGUE]
    assert len({theme.name for theme in CATALOGUE}) == len(CATALOGUE) >= 20
    assert min(tones.count(True), tones.count(False)) >= 8
    assert [problem for theme in CATALOGUE for problem in problems(settle(theme))] == []


def brief_of(kit: BrandKit, *, logo: LogoFacts | None = None, seed: int = 1) -> Brief:
    """A brief with that kit."""
    return Brief(spec=BannerSpec(prompt="rye bread", seed=seed), size=Size(1200, 628), kit=kit, logo=logo)


@given(forbidden=st.lists(COLOUR, min_size=1, max_size=6), brand=st.lists(COLOUR, max_size=3), seed=SEED)
@settings(max_examples=60, deadline=None)
def test_forbidden_colours_are_not_even_approached(forbidden: list[str], brand: list[str], seed: int) -> None:
    """No role of any palette looks like a colour that the kit forbids, even where it is a brand colour too."""
    kit = BrandKit(colors=[KitColour(hex=colour) for colour in brand], forbidden=forbidden)
    brief = brief_of(kit, seed=seed)
    palette = palette_of(strategy_for(brief), brief)
    nearest = min(distance(getattr(palette, role), other) for role in palette.__struct_fields__ for other in forbidden)
    assert nearest > NEAR
    assert problems(palette) == []


def test_a_kits_roles_are_kept() -> None:
    """Ground, accent and ink of the kit stand where the kit wants them, when they can be read."""
    roles = {"ground": "#fff4e0", "accent": "#7a1fa2", "ink": "#22113a"}
    kit = BrandKit(colors=[KitColour(hex=colour, role=role) for role, colour in roles.items()])  # pyright: ignore[reportArgumentType]
    brief = brief_of(kit)
    palette = palette_of(strategy_for(brief), brief)
    assert (palette.ground, palette.accent, palette.ink) == ("#fff4e0", "#7a1fa2", "#22113a")


def test_a_box_around_the_logo_becomes_the_ground() -> None:
    """A logo on its own white box is set on white, so that the box is not seen."""
    boxed = LogoFacts(width=300, height=100, colors=["#ffffff", "#0b5d3b"], luminance=0.8, transparent=False)
    brief = brief_of(BrandKit(), logo=boxed)
    assert palette_of(strategy_for(brief), brief).ground == "#ffffff"


def test_a_dark_logo_with_a_pale_part_is_set_on_light() -> None:
    """What most of the logo is made of decides, not its palest detail, where a light ground is wished for."""
    logo = logo_of(["#0f3d3a", "#0e9488", "#99f6e4"], 0.1)
    assert {choose_mode(brief_of(BrandKit(), logo=logo, seed=seed), "light") for seed in range(12)} == {"light"}


def test_a_dark_logo_stands_bare() -> None:
    """It never gets a dark ground, on which it would need a plate, unless the brief brings its variant for one."""
    logo = logo_of(["#0f3d3a", "#0e9488", "#99f6e4"], 0.1)
    briefs = [brief_of(BrandKit(), logo=logo, seed=seed) for seed in range(24)]
    assert {choose_mode(brief, None) for brief in briefs} == {"light"}
    variants = [replace(brief, spec=replace(brief.spec, logo_on_dark=logo_png("#ffffff"))) for brief in briefs]
    dark = [brief for brief in variants if choose_mode(brief, None) == "dark"]
    assert 4 <= len(dark) <= 16
    assert {palette_of(strategy_for(brief), brief).ground for brief in dark if strategy_for(brief).mode == "dark"} == {
        "#0f3d3a"
    }


def test_the_pale_parts_of_a_logo_have_white() -> None:
    """Grey letters that a tint would swallow stand on white; a logo without any may stand on a tint."""
    pale = [brief_of(BrandKit(), logo=logo_of(["#8b4513", "#bfbdb3", "#2b2b2b"], 0.16), seed=seed) for seed in range(8)]
    assert all(contrast("#bfbdb3", palette_of(strategy_for(brief), brief).ground) > 1.7 for brief in pale)
    bold = [brief_of(BrandKit(), logo=logo_of(["#8b4513", "#2b2b2b"], 0.1), seed=seed) for seed in range(8)]
    assert any(contrast("#bfbdb3", palette_of(strategy_for(brief), brief).ground) < 1.7 for brief in bold)


def test_palette_ids_name_only_what_the_brief_has() -> None:
    """``brand`` and ``logo`` are offered where there are such colours, the themes always."""
    assert palette_ids(brief_of(BrandKit()))[0] == CATALOGUE[0].name
    kit = BrandKit(colors=[KitColour(hex="#0b5d3b")])
    assert palette_ids(brief_of(kit, logo=logo_of(["#d7263d"], 0.2)))[:2] == ["brand", "logo"]
