"""A brief's palette: from its kit, its brand colours, its logo's own colours, or a theme of the catalogue."""

from __future__ import annotations

import random

from msgspec.structs import replace

from streamforge.pipelines.banner.design.brief import Brief, LogoFacts
from streamforge.pipelines.banner.design.colour import (
    Oklch,
    contrast,
    from_oklch,
    luminance,
    normalise,
    shade,
    to_oklch,
)
from streamforge.pipelines.banner.design.forbidden import avoiding
from streamforge.pipelines.banner.design.graph import Palette
from streamforge.pipelines.banner.design.livery import PAPER, Given, carries_dark, is_chromatic, livery
from streamforge.pipelines.banner.design.seeds import chance
from streamforge.pipelines.banner.design.settle import (
    DARK_CEILING,
    INK_RATIO,
    LOGO_RATIO,
    LogoColours,
    clear_of_logo,
    is_dark,
    settle,
)
from streamforge.pipelines.banner.design.strategy import Mode, PaletteId, Strategy
from streamforge.pipelines.banner.design.themes import CATALOGUE, THEMES, Theme
from streamforge.pipelines.banner.kit import KitRole

BRAND, LOGO, HERO = "brand", "logo", "hero"
_SHARES = (1.0, 0.7, 0.5, 0.35)
"""What a logo's colours weigh, the most common first."""
_ENOUGH = 4.0
_LOST = 1.8
"""Below this contrast even a small part, the name perhaps, cannot be made out."""
_DARK_SHARE = 0.45
_TINT_CHROMA = 0.015
_CLEARLY = 0.3
_LIGHT_SAMPLE = "#f7f5f0"
_DARK_SAMPLE = "#14161c"
_DIM_PICTURE = 0.22
"""Mean luminance below which a picture is a dark scene."""
_RICH, _LIT = 0.13, 0.3
"""The chroma to which a picture's colours are brought: beside it, a button of its own muted tones looks grey.

Colours of at least that luminance are left as they are: they are paper, skin, sky."""


def palette_ids(brief: Brief) -> list[PaletteId]:
    """What ``palette`` of a strategy may be for this brief, the most fitting first."""
    sources = {BRAND: brand_colours(brief), LOGO: _logo_colours(brief), HERO: _hero_colours(brief)}
    return [*(name for name, colours in sources.items() if colours), *THEMES]


def choose_id(brief: Brief, mode: Mode) -> PaletteId:
    """The brand's colours, else the logo's, else the picture's, else a theme that suits the mode."""
    first = palette_ids(brief)[0]
    if first not in THEMES:
        return first
    fitting = [theme.name for theme in CATALOGUE if is_dark(theme.ground) == (mode == "dark")]
    return chance(brief.spec, "theme").choice(fitting)


def choose_mode(brief: Brief, wish: Mode | None) -> Mode:
    """Light or dark: the kit's ground decides, then the logo, then the wish, then the brief's own seed."""
    ground = _kit_colour(brief, "ground")
    if ground:
        return "dark" if luminance(ground) <= DARK_CEILING else "light"
    if brief.hero is not None and brief.logo is None and not brand_colours(brief):
        return "dark" if brief.hero.luminance < _DIM_PICTURE else "light"
    rng = chance(brief.spec, "mode")
    mode = _mode(brand_colours(brief), brief.logo, wish, rng)
    if mode == "light" and wish != "light" and _may_be_dark(brief) and rng.random() < _DARK_SHARE:
        return "dark"
    return mode


def _may_be_dark(brief: Brief) -> bool:
    """Whether the brand has a colour for a dark ground, and its logo a variant that stands bare on that."""
    logo = brief.logo
    if logo is None or not logo.transparent or not brief.spec.logo_on_dark:
        return False
    return any(is_chromatic(colour) and carries_dark(colour) for colour in brand_colours(brief) or logo.colors)


def palette_of(strategy: Strategy, brief: Brief) -> Palette:
    """The palette that a strategy means for this brief, readable and clear of the kit's forbidden colours.

    An id that is none of ``palette_ids`` falls back to the most fitting.
    """
    mode = strategy.mode
    known = strategy.palette if strategy.palette in palette_ids(brief) else choose_id(brief, mode)
    rng = chance(brief.spec, "palette")
    if known in THEMES:
        theme = _boxed(THEMES[known], brief.logo)
    else:
        source = {BRAND: brand_colours, LOGO: _logo_colours, HERO: _hero_colours}[known](brief)
        theme = livery(source, mode, rng, logo=_bare_logo(brief, mode), given=_given(brief))
        theme = replace(theme, decor=theme.ground_2) if known == HERO else theme
    settled = settle(clear_of_logo(theme, brief.logo), prefer_white=mode == "light")
    return avoiding(_with_kit_ink(settled, brief), brief.kit.forbidden)


def _bare_logo(brief: Brief, mode: Mode) -> LogoFacts | None:
    """The logo, if it is to stand on the ground itself: on a dark one that it would be lost on it has a panel."""
    if brief.logo is None or not brief.logo.transparent or mode == "light":
        return brief.logo
    return None if brief.spec.logo_on_dark or _logo_mode(brief.logo, "dark") == "light" else brief.logo


def brand_colours(brief: Brief) -> list[str]:
    """The kit's colours and the brief's own, normalised."""
    return [normalise(colour) for colour in (*(each.hex for each in brief.kit.colors), *brief.spec.brand_colors)]


def _logo_colours(brief: Brief) -> list[str]:
    """What the logo is made of, where any of it has a hue."""
    colours = brief.logo.colors if brief.logo else []
    return list(colours) if any(is_chromatic(colour) for colour in colours) else []


def _hero_colours(brief: Brief) -> list[str]:
    """The picture's own colours, those of the middle as clear as print would show them; none if it has no hue.

    A dark picture without a light in it gets one: the hue across from its own.
    """
    colours = [_clearer(colour) for colour in (brief.hero.colors if brief.hero else [])]
    hues = [colour for colour in colours if is_chromatic(colour)]
    if hues and brief.hero and brief.hero.luminance < _DIM_PICTURE and max(map(luminance, hues)) < _LIT:
        colours.append(from_oklch(Oklch(0.83, 0.13, (to_oklch(hues[0]).hue + 180) % 360)))
    return colours if hues else []


def _clearer(colour: str) -> str:
    was = to_oklch(colour)
    is_middling = not is_dark(colour) and luminance(colour) < _LIT and is_chromatic(colour)
    return shade(colour, chroma=max(was.chroma, _RICH)) if is_middling else colour


def _kit_colour(brief: Brief, role: KitRole) -> str:
    return next((normalise(each.hex) for each in brief.kit.colors if each.role == role), "")


def _given(brief: Brief) -> Given:
    """The parts to which the kit gives a colour; around a logo that brings its own box, the ground is the box's."""
    accent = _kit_colour(brief, "accent") or _kit_colour(brief, "primary")
    return Given(_kit_colour(brief, "ground") or _box(brief.logo), accent, _kit_colour(brief, "secondary"))


def _with_kit_ink(palette: Palette, brief: Brief) -> Palette:
    ink = _kit_colour(brief, "ink")
    reads = ink and min(contrast(ink, palette.ground), contrast(ink, palette.ground_2)) >= INK_RATIO
    return replace(palette, ink=ink) if reads else palette


def _boxed(theme: Theme, logo: LogoFacts | None) -> Theme:
    box = _box(logo)
    return replace(theme, ground=box, ground_2=box) if box else theme


def _box(logo: LogoFacts | None) -> str:
    """The colour of the box that a logo brings along, where it can be a ground: then no box is seen."""
    if logo is None or logo.transparent or not logo.colors:
        return ""
    box = logo.colors[0]
    return box if luminance(box) >= PAPER or is_dark(box) else ""


def _mode(brand: list[str], logo: LogoColours | None, wish: Mode | None, rng: random.Random) -> Mode:
    seeded: Mode = "dark" if rng.random() < _DARK_SHARE else "light"
    if logo is not None and logo.transparent:
        return _logo_mode(logo, wish or seeded)
    if logo is not None and logo.colors:
        return "dark" if is_dark(logo.colors[0]) else "light"
    if wish is not None:
        return wish
    hued = any(map(is_chromatic, brand))
    if any(is_dark(c) and (to_oklch(c).chroma > _TINT_CHROMA or (hued and c == brand[0])) for c in brand):
        return "dark"
    return seeded if not brand or any(map(carries_dark, brand)) else "light"


def _logo_mode(logo: LogoColours, wish: Mode) -> Mode:
    """The ground on which the logo's main colours show better; the wish where both will do.

    Near-white parts do not count on a light ground: there they are taken for paper.
    """
    main = list(zip(_SHARES, logo.colors, strict=False))
    inked = [(share, colour) for share, colour in main if luminance(colour) < PAPER]
    if not inked:
        return "dark"
    on_light, on_dark = _shown(inked, _LIGHT_SAMPLE), _shown(main, _DARK_SAMPLE)
    if min(on_light, on_dark) >= LOGO_RATIO:
        hides = any(contrast(colour, _DARK_SAMPLE) < _LOST for colour in logo.colors)
        hides = hides or any(contrast(colour, _DARK_SAMPLE) < LOGO_RATIO for _, colour in main[:3])
        return "light" if hides else wish
    return "dark" if on_dark > on_light + _CLEARLY else "light"


def _shown(colours: list[tuple[float, str]], ground: str) -> float:
    """How well a logo shows on a ground: its colours' contrast, each by its share, none counting beyond enough."""
    total = sum(share for share, _ in colours)
    return sum(share * min(contrast(colour, ground), _ENOUGH) for share, colour in colours) / total
