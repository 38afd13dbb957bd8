"""A brand's colours: the calm one carries, the bright one stands out, and none is darkened into another."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.brief import Brief, HeroFacts, LogoFacts
from streamforge.pipelines.banner.design.colour import contrast, distance, luminance, to_oklch
from streamforge.pipelines.banner.design.graph import Palette
from streamforge.pipelines.banner.design.livery import Given, carries_dark, livery
from streamforge.pipelines.banner.design.offline import strategy_for
from streamforge.pipelines.banner.design.palette import choose_mode, palette_ids, palette_of
from streamforge.pipelines.banner.design.settle import is_dark, is_warm, settle
from streamforge.pipelines.banner.design.strategy import Mode
from streamforge.pipelines.banner.kit import BrandKit, KitColour
from streamforge.pipelines.banner.kits import with_kit
from streamforge.pipelines.banner.spec import BannerSpec

COLOUR = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
MODE = st.sampled_from(["light", "dark"])
SEED = st.integers(min_value=0, max_value=10_000)
BRIGHTS = ["#e07a3f", "#ff9f1c", "#ffd400", "#a4d65e", "#c6ff00", "#ff6b9a"]
SHOWN = 0.14


def nearest(palette: Palette, colour: str) -> float:
    """How near the palette comes to a colour."""
    return min(distance(colour, getattr(palette, role)) for role in palette.__struct_fields__)


def palette(colours: list[str], mode: Mode, seed: int, **given_: str) -> Palette:
    """The settled palette of those colours."""
    rng = random.Random(seed)  # noqa: S311 - a choice of looks, not a secret
    theme = livery(colours, mode, rng, given=Given(**given_))
    return settle(theme, prefer_white=mode == "light")


def brief(hero: HeroFacts | None = None, logo: LogoFacts | None = None, **fields: object) -> Brief:
    """A brief with those colours and pictures."""
    spec = BannerSpec(prompt="rye bread", **fields)  # pyright: ignore[reportArgumentType]
    return Brief(spec=spec, size=Size(1200, 628), kit=BrandKit(), hero=hero, logo=logo)


@given(first=COLOUR, second=COLOUR, mode=MODE, seed=SEED)
@settings(max_examples=400, deadline=None)
def test_two_brand_colours_that_contrast_are_both_seen(first: str, second: str, mode: Mode, seed: int) -> None:
    """Of two chromatic colours with 3:1 between them each has a part as it is, or nearly."""
    assume(contrast(first, second) >= 3 and min(to_oklch(first).chroma, to_oklch(second).chroma) > 0.05)
    found = palette([first, second], mode, seed)
    assert max(nearest(found, first), nearest(found, second)) <= SHOWN


@given(colours=st.lists(COLOUR, min_size=1, max_size=4), mode=MODE, seed=SEED)
@settings(max_examples=300, deadline=None)
def test_a_dark_ground_is_never_mud(colours: list[str], mode: Mode, seed: int) -> None:
    """A dark ground of a warm hue is the brand's own dark colour, else it is hardly coloured."""
    ground = palette(colours, mode, seed).ground
    if is_dark(ground) and is_warm(ground) and to_oklch(ground).chroma > 0.02:
        assert min(distance(ground, colour) for colour in colours) < 0.03


@pytest.mark.parametrize("bright", BRIGHTS)
@pytest.mark.parametrize("seed", range(4))
def test_a_bright_colour_is_no_dark_ground(bright: str, seed: int) -> None:
    """Orange, yellow, lime and pink stay themselves: on dark they are the accent on a charcoal."""
    found = palette([bright], "dark", seed)
    assert not carries_dark(bright)
    assert to_oklch(found.ground).chroma < 0.02
    assert distance(found.accent, bright) < 0.08


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("seed", range(6))
def test_navy_carries_and_orange_stands_out(mode: Mode, seed: int) -> None:
    """On dark the navy is the ground, on light it is the ink; the button is orange on both."""
    found = palette(["#12355b", "#e07a3f"], mode, seed)
    assert (found.ground if mode == "dark" else found.ink) == "#12355b"
    assert distance(found.accent, "#e07a3f") < 0.05


@given(colours=st.lists(COLOUR, min_size=1, max_size=3), seed=SEED)
@settings(max_examples=200, deadline=None)
def test_on_dark_the_accent_is_not_the_inks_colour(colours: list[str], seed: int) -> None:
    """What is to be clicked differs from what is to be read, wherever a brand has any hue."""
    assume(any(to_oklch(colour).chroma > 0.05 for colour in colours))
    found = palette(colours, "dark", seed)
    assert distance(found.accent, found.ink) > 0.03


def test_a_pale_brand_colour_is_the_ink_on_dark_and_the_ground_on_light() -> None:
    """Cream with chocolate: each carries the other."""
    colours = ["#5a3a22", "#f2e6d8"]
    assert palette(colours, "light", 3).ground == "#f2e6d8"
    assert palette(colours, "dark", 3).ground == "#5a3a22"


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("seed", range(6))
def test_red_and_white_stay_red_and_white(mode: Mode, seed: int) -> None:
    """A brand of one hue and a neutral gets no second hue: whatever is coloured is a tone of its red."""
    found = palette(["#d0021b", "#ffffff"], mode, seed)
    tones = [to_oklch(colour) for colour in (found.ground, found.accent, found.decor)]
    red = to_oklch("#d0021b").hue
    assert all(tone.chroma < 0.05 or abs((tone.hue - red + 180) % 360 - 180) < 20 for tone in tones)


@pytest.mark.parametrize("seed", range(8))
def test_a_kits_primary_colour_is_seen_beside_its_accent(seed: int) -> None:
    """Navy carries the banner or its text, orange the button, on every seed."""
    kit = BrandKit(colors=[KitColour(hex="#12355b", role="primary"), KitColour(hex="#e07a3f", role="accent")])
    asked = with_kit(BannerSpec(prompt="rye bread", seed=seed, brand_kit=kit), kit)
    shown = Brief(spec=asked, size=Size(1200, 628), kit=kit)
    found = palette_of(strategy_for(shown), shown)
    assert "#12355b" in {found.ground, found.ink}
    assert distance(found.accent, "#e07a3f") < 0.05


def test_settled_parts_stay() -> None:
    """A kit's ground and accent are kept, and the rest is found to suit them."""
    found = palette(["#12355b", "#e07a3f"], "light", 1, ground="#fff4e0", accent="#12355b")
    assert (found.ground, found.accent) == ("#fff4e0", "#12355b")
    kit = BrandKit(colors=[KitColour(hex="#ffd400", role="accent"), KitColour(hex="#111a33")])
    asked = Brief(spec=BannerSpec(prompt="rye bread"), size=Size(1200, 628), kit=kit)
    shown = palette_of(strategy_for(asked), asked)
    assert "#ffd400" in {shown.accent, shown.decor}


@pytest.mark.parametrize("seed", range(6))
def test_a_logos_main_colours_show_on_the_ground_they_choose(seed: int) -> None:
    """Two colours of a logo have parts; where it stands on the ground itself, neither is a ground that hides it."""
    logo = LogoFacts(width=300, height=90, colors=["#12355b", "#c2410c"], luminance=0.1, transparent=True)
    asked = brief(logo=logo, seed=seed)
    strategy = strategy_for(asked)
    found = palette_of(strategy, asked)
    paper = found.ground if strategy.mode == "light" else "#ffffff"
    assert min(contrast(colour, paper) for colour in logo.colors) >= 3
    assert max(nearest(found, colour) for colour in logo.colors) < SHOWN


def test_a_picture_gives_its_colours_where_there_are_no_others() -> None:
    """A night scene gives a dark ground of its own hue and a light in it; brand colours win over any picture."""
    night = HeroFacts(width=1800, height=1200, colors=["#141543", "#242263"], luminance=0.04)
    asked = brief(hero=night)
    found = palette_of(strategy_for(asked), asked)
    assert palette_ids(asked)[0] == "hero"
    assert (choose_mode(asked, None), found.ground) == ("dark", "#141543")
    assert luminance(found.accent) > 0.3
    assert palette_ids(brief(hero=night, brand_colors=["#0b5d3b"]))[0] == "brand"


def test_a_product_on_white_keeps_its_white() -> None:
    """The ground is the picture's own paper, so that the picture has no edge."""
    product = HeroFacts(width=1400, height=1400, colors=["#fafafa", "#c72846"], luminance=0.84)
    asked = brief(hero=product)
    assert palette_of(strategy_for(asked), asked).ground == "#fafafa"
