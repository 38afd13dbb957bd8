"""Seven colours by role, from the brand, the logo or a catalogue, with every text pair checked by the WCAG formula."""

from __future__ import annotations

import random
from typing import Literal, Protocol

from msgspec import Struct

from streamforge.pipelines.banner.design.colour import (
    WHITE,
    Oklch,
    contrast,
    from_oklch,
    luminance,
    normalise,
    readable,
    shade,
    to_oklch,
)
from streamforge.pipelines.banner.design.graph import Palette

Mode = Literal["light", "dark"]

INK_RATIO = 7.0
TEXT_RATIO = 4.5
ACCENT_RATIO = 1.6
LOGO_RATIO = 3.0
_LIGHT_FLOOR = 0.36
_DARK_CEILING = 0.09
_NEUTRAL_CHROMA = 0.035
_MAIN_COLOURS = 4
_PAPER = 0.8
_PALE = 0.55
_MIDDLE = 0.6
_DARK_PART = 0.4
_DARK_SHARE = 0.4
_TINT_CHROMA = 0.015
_CLEARLY = 0.3
_WISHED_ACCENT_RATIO = 2.2
_NEARLY_WHITE_RATIO = 3.0
_LIGHT_SAMPLE = "#f7f5f0"
_DARK_SAMPLE = "#14161c"


class LogoColours(Protocol):
    """What the palette needs to know of a logo."""

    @property
    def colors(self) -> list[str]:
        """Hex colours, the most common first."""
        ...

    @property
    def luminance(self) -> float:
        """Mean luminance of the visible pixels, 0..1."""
        ...

    @property
    def transparent(self) -> bool:
        """Whether the ground shows through."""
        ...


class Theme(Struct, frozen=True):
    """A catalogue palette before its contrast is settled."""

    name: str
    ground: str
    ground_2: str
    accent: str
    decor: str


CATALOGUE: tuple[Theme, ...] = (
    Theme("linen", "#faf6ee", "#f1e6d3", "#c2410c", "#e7b98f"),
    Theme("mist", "#f2f6fa", "#dde8f3", "#1d4ed8", "#9fc0e8"),
    Theme("sage", "#f1f6f0", "#dcebdc", "#166534", "#9cc7a4"),
    Theme("blush", "#fdf2f3", "#f9dfe3", "#be123c", "#f0a6b4"),
    Theme("butter", "#ffe9a8", "#ffd978", "#7c2d12", "#ffb347"),
    Theme("lilac", "#f5f1fb", "#e6dcf7", "#6d28d9", "#bfa5ea"),
    Theme("seaglass", "#e9f7f5", "#cdebe6", "#0f766e", "#86cfc5"),
    Theme("peach", "#fff1e6", "#ffdcc2", "#c026d3", "#fdba8c"),
    Theme("navy", "#0f1f3d", "#1a3160", "#ffb703", "#31508f"),
    Theme("forest", "#10291f", "#1b4030", "#f2c14e", "#2f6a4f"),
    Theme("plum", "#2a1233", "#43204f", "#ff8fab", "#6b3a7d"),
    Theme("graphite", "#17181c", "#26282f", "#4ade80", "#3f434e"),
    Theme("oxblood", "#34110f", "#4f1c18", "#ffd166", "#7d332b"),
    Theme("petrol", "#06282d", "#0d4048", "#ff9f6b", "#1f6a73"),
)
"""Grounds light (first) and dark; every role is still settled by ``settle``."""


def choose_palette(
    brand: list[str], logo: LogoColours | None, rng: random.Random, *, mode: Mode | None = None
) -> Palette:
    """Seven roles from the brand colours, else the logo's, else the catalogue.

    ``mode`` is a wish: a logo that would vanish on such a ground overrules it.
    """
    source = [normalise(colour) for colour in brand] or (list(logo.colors) if logo else [])
    chosen = _mode(source if brand else [], logo, mode, rng)
    chromatic = [colour for colour in source if to_oklch(colour).chroma > _NEUTRAL_CHROMA]
    if chromatic:
        theme = _from_colours(source, chromatic, chosen, rng)
    else:
        theme = _from_neutrals(brand, chosen) if brand else _from_catalogue(chosen, rng)
    return settle(_clear_of_logo(theme, logo), prefer_white=chosen == "light")


def settle(theme: Theme, *, prefer_white: bool = True) -> Palette:
    """The theme with each colour's lightness moved until every pair a reader meets holds its ratio."""
    ground = _reading_ground(normalise(theme.ground))
    ground_2 = _partner(ground, theme.ground_2)
    hue = to_oklch(theme.accent)
    dark = luminance(ground) <= _DARK_CEILING
    ink_seed = from_oklch(Oklch(0.96 if dark else 0.24, min(hue.chroma, 0.03), hue.hue))
    muted_seed = from_oklch(Oklch(0.84 if dark else 0.42, min(hue.chroma, 0.035), hue.hue))
    accent, on_accent = _accent(theme.accent, ground, prefer_white=prefer_white)
    return Palette(
        ground=ground,
        ground_2=ground_2,
        ink=readable(ink_seed, (ground, ground_2), INK_RATIO),
        muted=readable(muted_seed, (ground, ground_2), TEXT_RATIO),
        accent=accent,
        on_accent=on_accent,
        decor=readable(theme.decor, (ground,), 1.2),
    )


def repaired(palette: Palette, logo: LogoColours | None = None) -> Palette:
    """A palette from outside with only those lightnesses changed that break a floor (or hide the logo)."""
    theme = Theme("given", palette.ground, palette.ground_2, palette.accent, palette.decor)
    clear = _clear_of_logo(theme, logo)
    ground = _reading_ground(normalise(clear.ground))
    ground_2 = _partner(ground, normalise(clear.ground_2))
    accent = readable(palette.accent, (ground,), ACCENT_RATIO)
    return Palette(
        ground=ground,
        ground_2=ground_2,
        ink=readable(palette.ink, (ground, ground_2), TEXT_RATIO),
        muted=readable(palette.muted, (ground, ground_2), TEXT_RATIO),
        accent=accent,
        on_accent=readable(palette.on_accent, (accent,), TEXT_RATIO),
        decor=normalise(palette.decor),
    )


def problems(palette: Palette) -> list[str]:
    """The pairs below their floor, as ``ink on ground 3.1 < 4.5``."""
    pairs = (
        ("ink", palette.ink, "ground", palette.ground, TEXT_RATIO),
        ("ink", palette.ink, "ground_2", palette.ground_2, TEXT_RATIO),
        ("muted", palette.muted, "ground", palette.ground, TEXT_RATIO),
        ("on_accent", palette.on_accent, "accent", palette.accent, TEXT_RATIO),
        ("accent", palette.accent, "ground", palette.ground, ACCENT_RATIO),
    )
    return [
        f"{above} on {below} {contrast(first, second):.2f} < {floor}"
        for above, first, below, second, floor in pairs
        if contrast(first, second) < floor
    ]


def _reading_ground(ground: str) -> str:
    """A ground neither black nor white text reads well on is moved to the nearer readable end."""
    tone = luminance(ground)
    if tone >= _LIGHT_FLOOR or tone <= _DARK_CEILING:
        return ground
    was = to_oklch(ground)
    lighter = was.lightness > _MIDDLE
    for step in range(1, 100):
        moved = from_oklch(was._replace(lightness=was.lightness + (step if lighter else -step) / 100))
        if (luminance(moved) >= _LIGHT_FLOOR) if lighter else (luminance(moved) <= _DARK_CEILING):
            return moved
    return WHITE if lighter else "#111111"


def _partner(ground: str, wish: str) -> str:
    """A second ground on the same side of the scale, close enough that the same ink reads on both."""
    dark = luminance(ground) <= _DARK_CEILING
    limit = to_oklch(ground).lightness
    was = to_oklch(wish)
    bounded = min(was.lightness, limit + 0.1) if dark else max(was.lightness, limit - 0.1)
    candidate = from_oklch(was._replace(lightness=bounded))
    fits = luminance(candidate) <= _DARK_CEILING if dark else luminance(candidate) >= _LIGHT_FLOOR
    return candidate if fits else ground


def _accent(wish: str, ground: str, *, prefer_white: bool) -> tuple[str, str]:
    accent = readable(wish, (ground,), _WISHED_ACCENT_RATIO)
    near_black = shade(accent, lightness=0.2, chroma=0.03)
    if prefer_white and _NEARLY_WHITE_RATIO <= contrast(WHITE, accent) < TEXT_RATIO:
        deeper = readable(accent, (WHITE,), TEXT_RATIO)
        accent = deeper if contrast(deeper, ground) >= ACCENT_RATIO else accent
    for text in (WHITE, near_black) if prefer_white else (near_black, WHITE):
        if contrast(text, accent) >= TEXT_RATIO:
            return accent, text
    return accent, readable(WHITE, (accent,), TEXT_RATIO)


def _mode(brand: list[str], logo: LogoColours | None, wish: Mode | None, rng: random.Random) -> Mode:
    seeded: Mode = "dark" if rng.random() < _DARK_SHARE else "light"
    if logo is not None and logo.transparent:
        return _logo_mode(logo, wish or seeded)
    if wish is not None:
        return wish
    if any(luminance(colour) <= _DARK_CEILING and to_oklch(colour).chroma > _TINT_CHROMA for colour in brand):
        return "dark"
    return seeded


def _logo_mode(logo: LogoColours, wish: Mode) -> Mode:
    """The ground on which the logo's weakest main colour shows better; the wish where both will do.

    Near-white parts do not count on a light ground: there they are taken for paper.
    """
    main = logo.colors[:_MAIN_COLOURS]
    inked = [colour for colour in main if luminance(colour) < _PAPER]
    if not inked:
        return "dark"
    on_light = min(contrast(colour, _LIGHT_SAMPLE) for colour in inked)
    on_dark = min(contrast(colour, _DARK_SAMPLE) for colour in main)
    if min(on_light, on_dark) >= LOGO_RATIO:
        return wish
    return "dark" if on_dark > on_light + _CLEARLY else "light"


def _clear_of_logo(theme: Theme, logo: LogoColours | None) -> Theme:
    """Push a light ground lighter when a main logo colour would sink into it."""
    if logo is None or not logo.transparent or luminance(theme.ground) <= _DARK_CEILING:
        return theme
    dark_parts = [colour for colour in logo.colors[:3] if luminance(colour) < _DARK_PART]
    ground = readable(theme.ground, dark_parts, LOGO_RATIO) if dark_parts else theme.ground
    if dark_parts and luminance(ground) < luminance(theme.ground):
        ground = WHITE
    return Theme(theme.name, ground, theme.ground_2, theme.accent, theme.decor)


def _from_catalogue(mode: Mode, rng: random.Random) -> Theme:
    fitting = [theme for theme in CATALOGUE if (luminance(theme.ground) <= _DARK_CEILING) == (mode == "dark")]
    return rng.choice(fitting)


def _from_neutrals(brand: list[str], mode: Mode) -> Theme:
    """A brand of black, white and grey stays so: the darkest and the lightest of it, on each other."""
    tones = sorted((normalise(colour) for colour in brand), key=luminance)
    darkest = tones[0] if luminance(tones[0]) <= _DARK_CEILING else "#17181a"
    lightest = tones[-1] if luminance(tones[-1]) >= _PAPER else "#f7f7f5"
    ground, accent = (darkest, lightest) if mode == "dark" else (lightest, darkest)
    lift = 0.07 if mode == "dark" else -0.04
    return Theme(
        "neutral", ground, shade(ground, lightness=to_oklch(ground).lightness + lift), accent, tones[len(tones) // 2]
    )


def _from_colours(source: list[str], chromatic: list[str], mode: Mode, rng: random.Random) -> Theme:
    """A theme whose accent is the most vivid colour and whose ground belongs to the same family."""
    vivid = sorted(chromatic, key=_vividness, reverse=True)
    accent = vivid[0]
    second = vivid[1] if len(vivid) > 1 else shade(accent, turn=rng.choice((-35.0, 35.0)))
    ground = _given_ground(source, accent, mode) or _made_ground(accent, mode, rng)
    if contrast(accent, ground) < ACCENT_RATIO and contrast(second, ground) > contrast(accent, ground):
        accent, second = second, accent
    return Theme("brand", ground, _made_partner(ground, accent, mode), accent, _quiet(second, ground, mode))


def _vividness(colour: str) -> float:
    was = to_oklch(colour)
    return was.chroma - 0.12 * abs(was.lightness - 0.6)


def _given_ground(source: list[str], accent: str, mode: Mode) -> str | None:
    low, high = (0.0, _DARK_CEILING) if mode == "dark" else (_PALE, 1.0)
    return next((colour for colour in source if colour != accent and low <= luminance(colour) <= high), None)


def _made_ground(accent: str, mode: Mode, rng: random.Random) -> str:
    hue = to_oklch(accent).hue
    if mode == "dark":
        lightness, chroma = rng.choice(((0.2, 0.03), (0.27, 0.07), (0.24, 0.05)))
        return from_oklch(Oklch(lightness, chroma, hue))
    lightness, chroma, tone = rng.choice(
        ((0.985, 0.008, hue), (0.955, 0.025, hue), (0.965, 0.022, 85.0), (0.925, 0.045, hue))
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
    was = to_oklch(colour)
    lightness = to_oklch(ground).lightness + (0.16 if mode == "dark" else -0.13)
    return from_oklch(Oklch(lightness, min(max(was.chroma, 0.06), 0.13), was.hue))
