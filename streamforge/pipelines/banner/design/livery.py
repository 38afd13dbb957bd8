"""A brand's own colours, each given the part it can play: ground, accent, ink, decoration.

The calm or dark colour carries the banner, the bright one is its accent. A colour is never darkened into another one:
orange, yellow, lime and pink make no dark ground, and yellow no accent on white; they lie on a tint or on a neutral.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from msgspec import Struct

from streamforge.pipelines.banner.design.colour import (
    WHITE,
    Oklch,
    contrast,
    distance,
    from_oklch,
    luminance,
    readable,
    shade,
    to_oklch,
)
from streamforge.pipelines.banner.design.settle import INK_RATIO, LOGO_RATIO, LogoColours, is_dark, is_warm
from streamforge.pipelines.banner.design.strategy import Mode
from streamforge.pipelines.banner.design.themes import Theme

PAPER = 0.8
"""Luminance from which a colour is taken for paper."""
_NEUTRAL_CHROMA = 0.035
_MAIN_COLOURS = 4
_PALE, _PALE_CHROMA = 0.55, 0.07
"""A given colour at least this light, and no more colourful, is a ground as it is."""
_SUNNY, _SUNNY_CHROMA = 0.42, 0.09
"""A bright colour at least this light may be a ground with dark text on it."""
_VIVID_SHARE = 0.4
"""How often a ground is full of colour where the colours allow it."""
_OLIVE, _COOL = (72.0, 128.0), (132.0, 325.0)
_BRIGHT, _DEEPENS = 0.62, 0.15
"""From this lightness on, or by losing more than this much of it, a colour would be another one as a dark ground."""
_ON_LIGHT = 1.9
"""The contrast with a light ground from which a colour is an accent as it is."""
_VIVID_CHROMA = 0.1
_LIFTED = 3.2
_INK_LIGHT, _INK_CHROMA = 0.55, 0.09
"""On dark grounds a brand's pale colour is its ink, a vivid one never."""
_SAME = 0.1
"""The OKLab distance within which a colour counts as shown."""
_TWINS = 0.03
_TINT_CHROMA = 0.015
_SEEN = 1.2


class Given(Struct, frozen=True):
    """Parts that are settled already, by the kit or by the box around a logo; empty where they are not."""

    ground: str = ""
    accent: str = ""
    decor: str = ""


NOTHING = Given()


def is_chromatic(colour: str) -> bool:
    """Whether it has a hue of its own."""
    return to_oklch(colour).chroma > _NEUTRAL_CHROMA


def carries_dark(colour: str) -> bool:
    """Whether it is a dark ground at its own hue: dark already, or little darker and no mud."""
    was = to_oklch(colour)
    if is_dark(colour) or is_warm(colour) or was.lightness > _BRIGHT:
        return is_dark(colour)
    return was.lightness - to_oklch(_deepened(colour)).lightness <= _DEEPENS


def livery(
    source: Sequence[str], mode: Mode, rng: random.Random, *, logo: LogoColours | None = None, given: Given = NOTHING
) -> Theme:
    """The parts of a brand's colours; those that ``given`` settles stay, and a logo's main colours show on the ground.

    ``source`` names the most important colour first and is not empty.
    """
    colours = _distinct(source)
    chromatic = [colour for colour in colours if is_chromatic(colour)]
    if not chromatic:
        return _with_given(_of_neutrals(colours, mode), given)
    free = [colour for colour in colours if colour != given.accent] or colours
    ground = given.ground or (_dark_ground(free, logo, rng) if mode == "dark" else _light_ground(free, logo, rng))
    rest = [colour for colour in colours if distance(colour, ground) > _TWINS]
    accent = given.accent or _accent(rest, ground, mode)
    ink = _ink([colour for colour in rest if colour != accent], ground, mode)
    shown = [colour for colour in (ground, accent, ink) if colour]
    unseen = [colour for colour in chromatic if all(distance(colour, other) > _SAME for other in shown)]
    decor = given.decor or _decor(unseen, chromatic, ground, mode, rng if len(colours) == 1 else None)
    return Theme("brand", ground, ground if given.ground else _partner(ground, accent, mode), accent, decor, ink)


def _distinct(source: Sequence[str]) -> list[str]:
    found: list[str] = []
    for colour in source:
        if all(distance(colour, other) > _TWINS for other in found):
            found.append(colour)
    return found


def _with_given(theme: Theme, given: Given) -> Theme:
    ground = given.ground or theme.ground
    partner = given.ground or theme.ground_2
    return Theme(theme.name, ground, partner, given.accent or theme.accent, given.decor or theme.decor)


def _of_neutrals(colours: list[str], mode: Mode) -> Theme:
    """A brand of black, white and grey stays so: the darkest and the lightest of it, on each other."""
    tones = sorted(colours, key=luminance)
    darkest = tones[0] if is_dark(tones[0]) else "#17181a"
    lightest = tones[-1] if luminance(tones[-1]) >= PAPER else "#f7f7f5"
    ground, accent = (darkest, lightest) if mode == "dark" else (lightest, darkest)
    lift = 0.07 if mode == "dark" else -0.04
    partner = shade(ground, lightness=to_oklch(ground).lightness + lift)
    return Theme("brand", ground, partner, accent, tones[len(tones) // 2])


def _dark_ground(colours: list[str], logo: LogoColours | None, rng: random.Random) -> str:
    """A dark colour of the brand as it is; else one that bears a little less light; else a charcoal."""
    chromatic = [colour for colour in colours if is_chromatic(colour)]
    exact = [colour for colour in (*chromatic, *colours) if is_dark(colour)]
    calm = sorted((c for c in chromatic if carries_dark(c)), key=lambda c: (to_oklch(c).lightness, c))
    for colour in (*exact, *map(_deepened, calm)):
        if shows(logo, colour) and (is_dark(colours[0]) or len(colours) > 1 or rng.random() < _VIVID_SHARE):
            return colour
    cool = [colour for colour in chromatic if _COOL[0] < to_oklch(colour).hue < _COOL[1]]
    if not cool:
        return from_oklch(Oklch(0.19, 0.008, to_oklch(chromatic[0]).hue))
    lightness, chroma = rng.choice(((0.2, 0.03), (0.27, 0.07), (0.24, 0.05)))
    hue = to_oklch(cool[0]).hue
    made = from_oklch(Oklch(lightness, chroma, hue))
    return made if shows(logo, made) else from_oklch(Oklch(0.15, 0.02, hue))


def _deepened(colour: str) -> str:
    while not is_dark(colour):
        colour = shade(colour, lightness=to_oklch(colour).lightness - 0.01)
    return colour


def _light_ground(colours: list[str], logo: LogoColours | None, rng: random.Random) -> str:
    """A bright colour of the brand under dark text, a pale one as it is, a clear tint, or nearly white."""
    chromatic = [colour for colour in colours if is_chromatic(colour)]
    bears_white = any(contrast(colour, WHITE) >= _ON_LIGHT for colour in chromatic)
    loud = rng.random() < _VIVID_SHARE
    sunny = [c for c in chromatic if luminance(c) >= _SUNNY and to_oklch(c).chroma >= _SUNNY_CHROMA]
    dark = any(is_dark(colour) for colour in colours)
    pale = [c for c in colours if luminance(c) >= _PALE and to_oklch(c).chroma < _PALE_CHROMA]
    options = [*(sunny if (loud and dark) or not bears_white else ()), *pale]
    tint = next((colour for colour in chromatic if not is_warm(colour)), chromatic[0])
    if loud:
        was = to_oklch(tint)
        options.append(from_oklch(Oklch(0.9, min(was.chroma, 0.085), was.hue)))
    seen = [ground for ground in options if shows(logo, ground) and _bears_accent(ground, colours)]
    return seen[0] if seen else _nearly_white(to_oklch(tint).hue, rng)


def _bears_accent(ground: str, colours: list[str]) -> bool:
    """Whether a colour of the brand stands out from the ground; on its one colour a dark of the same hue does."""
    others = [colour for colour in colours if distance(colour, ground) > _TWINS]
    return not others or any(contrast(colour, ground) >= _ON_LIGHT for colour in others)


def _nearly_white(hue: float, rng: random.Random) -> str:
    tints = ((0.985, 0.008, hue), (0.955, 0.028, hue), (0.965, 0.022, 85.0), (0.925, 0.05, hue))
    return from_oklch(Oklch(*rng.choice(tints)))


def _accent(colours: list[str], ground: str, mode: Mode) -> str:
    """The most vivid colour that stands out from the ground; else the brand's dark, or a bright tint on a dark."""
    chromatic = sorted((c for c in colours if is_chromatic(c)), key=_vividness, reverse=True)
    vivid = [colour for colour in chromatic if to_oklch(colour).chroma >= _VIVID_CHROMA]
    steps = [(vivid, 4.5), (vivid, 3.0), (vivid, 2.2), (chromatic, 3.0)] if mode == "dark" else [(chromatic, _ON_LIGHT)]
    for options, least in steps:
        if clear := next((colour for colour in options if contrast(colour, ground) >= least), ""):
            return clear
    hue = to_oklch(chromatic[0] if chromatic else ground).hue
    if mode == "dark":
        tint = from_oklch(Oklch(0.86, 0.11, hue)) if is_chromatic(ground) else WHITE
        return readable(chromatic[0], (ground,), _LIFTED) if chromatic else tint
    dark = [colour for colour in colours if is_dark(colour)]
    return dark[0] if dark else from_oklch(Oklch(0.24, 0.035, hue))


def _ink(colours: list[str], ground: str, mode: Mode) -> str:
    """The brand's own dark for text on a light ground, its pale colour on a dark one; empty where none can be read."""
    fits = [colour for colour in colours if contrast(colour, ground) >= INK_RATIO]
    if mode == "dark":
        calm = [c for c in fits if luminance(c) >= _INK_LIGHT and to_oklch(c).chroma < _INK_CHROMA]
        return max(calm, key=luminance, default="")
    return min(fits, key=lambda c: (not is_chromatic(c), luminance(c)), default="")


def _decor(unseen: list[str], chromatic: list[str], ground: str, mode: Mode, rng: random.Random | None) -> str:
    """A colour that has no part yet; else a quiet tone of the second hue, of the only one, or (``rng``) of a neighbour.

    A hue is added to a brand of one colour alone: who gives red and white means no orange.
    """
    if unseen:
        return max(unseen, key=lambda colour: min(contrast(colour, ground), _SEEN))
    vivid = sorted(chromatic, key=_vividness, reverse=True)
    other = vivid[1] if len(vivid) > 1 else _kindred(vivid[0], rng) if rng else vivid[0]
    return _quiet(other, ground, mode)


def _kindred(colour: str, rng: random.Random) -> str:
    """A neighbour on the wheel, never the olive and mustard between yellow and green."""
    turns = [-35.0, 35.0] if rng.random() < 0.5 else [35.0, -35.0]  # noqa: PLR2004 - a coin
    return shade(colour, turn=next((t for t in turns if not _is_olive((to_oklch(colour).hue + t) % 360)), turns[0]))


def shows(logo: LogoColours | None, ground: str) -> bool:
    """Whether a transparent logo's main colours can be seen on a ground; a boxed one brings its own."""
    if logo is None or not logo.transparent:
        return True
    return all(contrast(colour, ground) >= LOGO_RATIO for colour in logo.colors[:_MAIN_COLOURS])


def _vividness(colour: str) -> float:
    was = to_oklch(colour)
    return was.chroma - 0.12 * abs(was.lightness - 0.6)


def _partner(ground: str, accent: str, mode: Mode) -> str:
    """The ground's second tone: of its own hue where it has one."""
    was = to_oklch(ground)
    if mode == "dark":
        is_neutral = was.chroma <= _TINT_CHROMA
        chroma, top = (was.chroma, 0.3) if is_neutral else (max(was.chroma, 0.05), max(0.36, was.lightness))
        return from_oklch(Oklch(min(was.lightness + 0.07, top), chroma, was.hue))
    hue = was.hue if was.chroma > _TINT_CHROMA else to_oklch(accent).hue
    return from_oklch(Oklch(was.lightness - 0.045, was.chroma + 0.02, hue))


def _quiet(colour: str, ground: str, mode: Mode) -> str:
    """A decoration tone of the colour's hue: seen beside the ground, never competing with text."""
    was, under = to_oklch(colour), to_oklch(ground)
    if mode == "light" and under.chroma >= _SUNNY_CHROMA and is_warm(ground):
        return from_oklch(Oklch(min(under.lightness + 0.09, 0.96), under.chroma * 0.75, under.hue))
    if mode == "light":
        drop, chroma = (0.08, 0.16) if _is_olive(was.hue) else (0.13, min(max(was.chroma, 0.07), 0.14))
        return from_oklch(Oklch(under.lightness - drop, chroma, was.hue))
    if under.chroma <= _TINT_CHROMA:
        return from_oklch(Oklch(under.lightness + 0.16, under.chroma, under.hue))
    hue = under.hue if is_warm(colour) else was.hue
    return from_oklch(Oklch(under.lightness + 0.16, min(max(was.chroma, 0.07), 0.14), hue))


def _is_olive(hue: float) -> bool:
    """Whether a hue turns to mud when it is darkened a little: yellow must stay light."""
    return _OLIVE[0] < hue < _OLIVE[1]
