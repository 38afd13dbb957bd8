"""Seven colours by role, with every text pair checked by the WCAG formula.

A ground is either light enough for dark text or dark enough for light text, never between; it may be full of colour.
"""

from __future__ import annotations

from typing import Protocol

from msgspec.structs import replace

from streamforge.pipelines.banner.design.colour import (
    WHITE,
    Oklch,
    contrast,
    distance,
    from_oklch,
    luminance,
    normalise,
    readable,
    shade,
    to_oklch,
)
from streamforge.pipelines.banner.design.graph import Palette
from streamforge.pipelines.banner.design.themes import Theme

INK_RATIO = 5.5
TEXT_RATIO = 4.5
ACCENT_RATIO = 1.6
LOGO_RATIO = 3.0
LIGHT_FLOOR = 0.36
DARK_CEILING = 0.125
"""White text has 6:1 on it."""
_MIDDLE = 0.6
_DARK_PART, _PAPER = 0.4, 0.8
_PALE_RATIO = 1.75
"""What the pale parts of a logo need; those of paper's own tone do not count."""
_ACCENT_RATIOS = (4.5, 3.2, 2.2)
"""What an accent should reach against its ground: small text can be read in it, large text, or it is only seen."""
_LIKE, _KIN = 0.07, 0.14
"""The OKLab distances within which a moved accent is still the brand's, and a cool one deepened still kin to it."""
_WARM = (38.0, 132.0)
_NEARLY_WHITE_RATIO = 3.0
_DECOR_RATIO, _STEPS = 1.2, 25


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


def is_dark(colour: str) -> bool:
    """Whether light text reads well on it."""
    return luminance(colour) <= DARK_CEILING


def is_warm(colour: str) -> bool:
    """Whether it is of the hues, orange to lime, that turn to mud when they are darkened."""
    return _WARM[0] < to_oklch(colour).hue < _WARM[1]


def settle(theme: Theme, *, prefer_white: bool = True) -> Palette:
    """The theme with each colour's lightness moved until every pair a reader meets holds its ratio."""
    ground = _reading_ground(normalise(theme.ground))
    ground_2 = _partner(ground, theme.ground_2)
    hue = to_oklch(theme.ink or theme.accent)
    dark = luminance(ground) <= DARK_CEILING
    ink_seed = theme.ink or from_oklch(Oklch(0.96 if dark else 0.24, min(hue.chroma, 0.03), hue.hue))
    muted_seed = from_oklch(Oklch(0.84 if dark else 0.42, min(hue.chroma, 0.035), hue.hue))
    accent, on_accent = _accent(theme.accent, ground, prefer_white=prefer_white)
    return Palette(
        ground=ground,
        ground_2=ground_2,
        ink=readable(ink_seed, (ground, ground_2), INK_RATIO),
        muted=readable(muted_seed, (ground, ground_2), TEXT_RATIO),
        accent=accent,
        on_accent=on_accent,
        decor=_decor(theme.decor, ground, dark=dark),
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
    if tone >= LIGHT_FLOOR or tone <= DARK_CEILING:
        return ground
    was = to_oklch(ground)
    lighter = was.lightness > _MIDDLE
    for step in range(1, 100):
        moved = from_oklch(was._replace(lightness=was.lightness + (step if lighter else -step) / 100))
        if (luminance(moved) >= LIGHT_FLOOR) if lighter else (luminance(moved) <= DARK_CEILING):
            return moved
    return WHITE if lighter else "#111111"


def _partner(ground: str, wish: str) -> str:
    """A second ground on the same side of the scale, close enough that the same ink reads on both."""
    dark = luminance(ground) <= DARK_CEILING
    limit = to_oklch(ground).lightness
    was = to_oklch(wish)
    bounded = min(was.lightness, limit + 0.1) if dark else max(was.lightness, limit - 0.1)
    candidate = from_oklch(was._replace(lightness=bounded))
    fits = luminance(candidate) <= DARK_CEILING if dark else luminance(candidate) >= LIGHT_FLOOR
    return candidate if fits else ground


def _accent(wish: str, ground: str, *, prefer_white: bool) -> tuple[str, str]:
    accent = _standing_out(wish, ground)
    near_black = shade(accent, lightness=0.2, chroma=0.03)
    if prefer_white and _NEARLY_WHITE_RATIO <= contrast(WHITE, accent) < TEXT_RATIO:
        deeper = readable(accent, (WHITE,), TEXT_RATIO)
        is_kin = distance(deeper, accent) <= (_LIKE if is_warm(accent) else _KIN)
        accent = deeper if is_kin and contrast(deeper, ground) >= ACCENT_RATIO else accent
    for text in (WHITE, near_black) if prefer_white else (near_black, WHITE):
        if contrast(text, accent) >= TEXT_RATIO:
            return accent, text
    return accent, readable(WHITE, (accent,), TEXT_RATIO)


def _decor(wish: str, ground: str, *, dark: bool) -> str:
    """The decoration away from the ground's own tone: deeper on a light ground, lighter on a dark one."""
    was = to_oklch(normalise(wish))
    for step in range(_STEPS):
        moved = from_oklch(was._replace(lightness=was.lightness + (step if dark else -step) / 100)) if step else wish
        if contrast(moved, ground) >= _DECOR_RATIO:
            return normalise(moved)
    return readable(wish, (ground,), _DECOR_RATIO)


def _standing_out(wish: str, ground: str) -> str:
    """The accent clear enough to set an offer in, as long as that leaves it the same colour."""
    ratios = _ACCENT_RATIOS if is_dark(ground) or not is_warm(wish) else _ACCENT_RATIOS[-1:]
    options = (readable(wish, (ground,), ratio) for ratio in ratios)
    near = (colour for colour in options if distance(colour, wish) <= _LIKE)
    return next(near, readable(wish, (ground,), _ACCENT_RATIOS[-1]))


def clear_of_logo(theme: Theme, logo: LogoColours | None) -> Theme:
    """The theme with a light ground pushed lighter when a main logo colour would sink into it.

    White shows most of a logo's pale parts, and bare it is better than any plate.
    """
    if logo is None or not logo.transparent or luminance(theme.ground) <= DARK_CEILING:
        return theme
    pale_parts = [colour for colour in logo.colors[:3] if _DARK_PART <= luminance(colour) < _PAPER]
    if any(contrast(colour, theme.ground) < _PALE_RATIO for colour in pale_parts):
        return replace(theme, ground=WHITE, ground_2=WHITE)
    dark_parts = [colour for colour in logo.colors[:3] if luminance(colour) < _DARK_PART]
    ground = readable(theme.ground, dark_parts, LOGO_RATIO) if dark_parts else theme.ground
    if dark_parts and luminance(ground) < luminance(theme.ground):
        ground = WHITE
    return replace(theme, ground=ground)
