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
from streamforge.pipelines.banner.design.seeds import chance
from streamforge.pipelines.banner.design.settle import (
    ACCENT_RATIO,
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

BRAND, LOGO = "brand", "logo"
_NEUTRAL_CHROMA = 0.035
_MAIN_COLOURS = 4
_SHARES = (1.0, 0.7, 0.5, 0.35)
"""What a logo's colours weigh, the most common first."""
_ENOUGH = 4.0
_LOST = 1.8
"""Below this contrast even a small part, the name perhaps, cannot be made out."""
_PAPER = 0.8
_PALE = 0.55
_DARK_SHARE = 0.45
_VIVID_SHARE = 0.4
"""How often a ground is full of colour where the logo allows it."""
_TINT_CHROMA = 0.015
_CLEARLY = 0.3
_LIGHT_SAMPLE = "#f7f5f0"
_DARK_SAMPLE = "#14161c"
_OLIVE = (72.0, 128.0)
_VIVID_LIGHTNESS = 0.42
_VIVID_CONTRAST = 2.6
_BRIGHT_BUTTON = 4.5


def palette_ids(brief: Brief) -> list[PaletteId]:
    """What ``palette`` of a strategy may be for this brief, the most fitting first."""
    own = [BRAND] if brand_colours(brief) else []
    chromatic = [colour for colour in brief.logo.colors if _is_chromatic(colour)] if brief.logo else []
    return [*own, *([LOGO] if chromatic else []), *THEMES]


def choose_id(brief: Brief, mode: Mode) -> PaletteId:
    """The brand's colours, else the logo's, else a theme that suits the mode."""
    first = palette_ids(brief)[0]
    if first in {BRAND, LOGO}:
        return first
    fitting = [theme.name for theme in CATALOGUE if is_dark(theme.ground) == (mode == "dark")]
    return chance(brief.spec, "theme").choice(fitting)


def choose_mode(brief: Brief, wish: Mode | None) -> Mode:
    """Light or dark: the kit's ground decides, then the logo, then the wish, then the brief's own seed."""
    ground = _kit_colour(brief, "ground")
    if ground:
        return "dark" if luminance(ground) <= DARK_CEILING else "light"
    return _mode(brand_colours(brief), brief.logo, wish, chance(brief.spec, "mode"))


def palette_of(strategy: Strategy, brief: Brief) -> Palette:
    """The palette that a strategy means for this brief, readable and clear of the kit's forbidden colours.

    An id that is none of ``palette_ids`` falls back to the most fitting.
    """
    mode = strategy.mode
    known = strategy.palette if strategy.palette in palette_ids(brief) else choose_id(brief, mode)
    rng = chance(brief.spec, "palette")
    if known in THEMES:
        theme = THEMES[known]
    else:
        source = brand_colours(brief) if known == BRAND else list(brief.logo.colors if brief.logo else [])
        theme = _with_kit(_from(source, mode, brief.logo, rng), brief)
    settled = settle(clear_of_logo(_boxed(theme, brief.logo), brief.logo), prefer_white=mode == "light")
    return avoiding(_with_kit_ink(settled, brief), brief.kit.forbidden)


def brand_colours(brief: Brief) -> list[str]:
    """The kit's colours and the brief's own, normalised."""
    return [normalise(colour) for colour in (*(each.hex for each in brief.kit.colors), *brief.spec.brand_colors)]


def _is_chromatic(colour: str) -> bool:
    return to_oklch(colour).chroma > _NEUTRAL_CHROMA


def _kit_colour(brief: Brief, role: KitRole) -> str:
    return next((normalise(each.hex) for each in brief.kit.colors if each.role == role), "")


def _with_kit(theme: Theme, brief: Brief) -> Theme:
    """The theme with the colours to which the kit gives a role in theirs."""
    ground = _kit_colour(brief, "ground") or theme.ground
    accent = _kit_colour(brief, "accent") or _kit_colour(brief, "primary") or theme.accent
    decor = _kit_colour(brief, "secondary") or theme.decor
    return Theme(theme.name, ground, theme.ground_2 if ground == theme.ground else ground, accent, decor)


def _with_kit_ink(palette: Palette, brief: Brief) -> Palette:
    ink = _kit_colour(brief, "ink")
    reads = ink and min(contrast(ink, palette.ground), contrast(ink, palette.ground_2)) >= INK_RATIO
    return replace(palette, ink=ink) if reads else palette


def _boxed(theme: Theme, logo: LogoFacts | None) -> Theme:
    """Around a logo that brings its own box, a ground of the box's colour: then no box is seen."""
    if logo is None or logo.transparent or not logo.colors:
        return theme
    box = logo.colors[0]
    return replace(theme, ground=box, ground_2=box) if luminance(box) >= _PAPER or is_dark(box) else theme


def _mode(brand: list[str], logo: LogoColours | None, wish: Mode | None, rng: random.Random) -> Mode:
    seeded: Mode = "dark" if rng.random() < _DARK_SHARE else "light"
    if logo is not None and logo.transparent:
        return _logo_mode(logo, wish or seeded)
    if logo is not None and logo.colors:
        return "dark" if is_dark(logo.colors[0]) else "light"
    if wish is not None:
        return wish
    if any(is_dark(colour) and to_oklch(colour).chroma > _TINT_CHROMA for colour in brand):
        return "dark"
    return seeded


def _logo_mode(logo: LogoColours, wish: Mode) -> Mode:
    """The ground on which the logo's main colours show better; the wish where both will do.

    Near-white parts do not count on a light ground: there they are taken for paper.
    """
    main = list(zip(_SHARES, logo.colors, strict=False))
    inked = [(share, colour) for share, colour in main if luminance(colour) < _PAPER]
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


def _from(source: list[str], mode: Mode, logo: LogoColours | None, rng: random.Random) -> Theme:
    chromatic = [colour for colour in source if _is_chromatic(colour)]
    if not chromatic:
        return _from_neutrals(source, mode)
    vivid = sorted(chromatic, key=_vividness, reverse=True)
    accent = vivid[0]
    second = vivid[1] if len(vivid) > 1 else _kindred(accent, rng)
    loud = _full_of_colour(accent, second, mode) if rng.random() < _VIVID_SHARE else None
    if loud is not None and _shows(logo, loud.ground):
        return loud
    ground = _given_ground(source, accent, mode) or _made_ground(accent, mode, rng)
    is_faint = contrast(accent, ground) < (_BRIGHT_BUTTON if mode == "dark" else ACCENT_RATIO)
    if is_faint and contrast(second, ground) > contrast(accent, ground) and _is_chromatic(second):
        accent, second = second, accent
    return Theme(BRAND, ground, _made_partner(ground, accent, mode), accent, _quiet(second, ground, mode))


def _kindred(colour: str, rng: random.Random) -> str:
    """A neighbour on the wheel, never the olive and mustard between yellow and green."""
    turns = [-35.0, 35.0] if rng.random() < 0.5 else [35.0, -35.0]  # noqa: PLR2004 - a coin
    return shade(colour, turn=next((t for t in turns if not _is_olive((to_oklch(colour).hue + t) % 360)), turns[0]))


def _from_neutrals(brand: list[str], mode: Mode) -> Theme:
    """A brand of black, white and grey stays so: the darkest and the lightest of it, on each other."""
    tones = sorted(brand, key=luminance)
    darkest = tones[0] if is_dark(tones[0]) else "#17181a"
    lightest = tones[-1] if luminance(tones[-1]) >= _PAPER else "#f7f7f5"
    ground, accent = (darkest, lightest) if mode == "dark" else (lightest, darkest)
    lift = 0.07 if mode == "dark" else -0.04
    partner = shade(ground, lightness=to_oklch(ground).lightness + lift)
    return Theme(BRAND, ground, partner, accent, tones[len(tones) // 2])


def _full_of_colour(main: str, second: str, mode: Mode) -> Theme | None:
    """The brand's own colour as the ground, with a button that stands out from it."""
    was = to_oklch(main)
    if mode == "light":
        ground = from_oklch(Oklch(0.9, min(was.chroma, 0.085), was.hue))
        decor = (
            shade(ground, lightness=0.83, chroma=0.16)
            if _is_olive(was.hue)
            else shade(ground, lightness=0.79, chroma=0.11)
        )
        return Theme(BRAND, ground, shade(ground, lightness=0.86), main, decor)
    ground = from_oklch(Oklch(min(was.lightness, _VIVID_LIGHTNESS), was.chroma, was.hue))
    while not is_dark(ground):
        ground = shade(ground, lightness=to_oklch(ground).lightness - 0.02)
    tint = from_oklch(Oklch(0.95, 0.035, was.hue))
    accent = second if contrast(second, ground) >= _VIVID_CONTRAST else tint
    deep, bright = to_oklch(ground).lightness - 0.05, to_oklch(ground).lightness + 0.1
    return Theme(BRAND, ground, shade(ground, lightness=deep), accent, shade(ground, lightness=bright))


def _shows(logo: LogoColours | None, ground: str) -> bool:
    if logo is None:
        return True
    return logo.transparent and all(contrast(colour, ground) >= LOGO_RATIO for colour in logo.colors[:_MAIN_COLOURS])


def _vividness(colour: str) -> float:
    was = to_oklch(colour)
    return was.chroma - 0.12 * abs(was.lightness - 0.6)


def _given_ground(source: list[str], accent: str, mode: Mode) -> str | None:
    low, high = (0.0, DARK_CEILING) if mode == "dark" else (_PALE, 1.0)
    return next((colour for colour in source if colour != accent and low <= luminance(colour) <= high), None)


def _made_ground(accent: str, mode: Mode, rng: random.Random) -> str:
    hue = to_oklch(accent).hue
    if mode == "dark":
        lightness, chroma = rng.choice(((0.2, 0.03), (0.27, 0.07), (0.24, 0.05)))
        return from_oklch(Oklch(lightness, chroma, hue))
    lightness, chroma, tone = rng.choice(
        ((0.985, 0.008, hue), (0.955, 0.028, hue), (0.965, 0.022, 85.0), (0.925, 0.05, hue))
    )
    return from_oklch(Oklch(lightness, chroma, tone))


def _made_partner(ground: str, accent: str, mode: Mode) -> str:
    was = to_oklch(ground)
    hue = was.hue if was.chroma > _TINT_CHROMA else to_oklch(accent).hue
    if mode == "dark":
        return from_oklch(Oklch(min(was.lightness + 0.07, 0.36), max(was.chroma, 0.05), hue))
    return from_oklch(Oklch(was.lightness - 0.045, was.chroma + 0.02, hue))


def _quiet(colour: str, ground: str, mode: Mode) -> str:
    """A decoration tone of the colour's hue: seen beside the ground, never competing with text."""
    was, under = to_oklch(colour), to_oklch(ground)
    if mode == "light":
        drop, chroma = (0.08, 0.16) if _is_olive(was.hue) else (0.13, min(max(was.chroma, 0.07), 0.14))
        return from_oklch(Oklch(under.lightness - drop, chroma, was.hue))
    hue = under.hue if _is_olive(was.hue) and under.chroma > _TINT_CHROMA else was.hue
    return from_oklch(Oklch(under.lightness + 0.16, min(max(was.chroma, 0.07), 0.14), hue))


def _is_olive(hue: float) -> bool:
    """Whether a hue turns to mud when it is darkened: yellow must stay light."""
    return _OLIVE[0] < hue < _OLIVE[1]
