"""Mixing colours by lightness, chroma and hue: the mix of two clear colours is clear, where a mix of bytes is grey."""

from __future__ import annotations

from streamforge.render.colour import Rgb, luminance_of
from streamforge.render.oklab import Oklch, from_oklch, to_oklch

_NEUTRAL = 0.02
"""Below this chroma a hue means nothing."""
_MIDDLE = 0.6
_GREY, _RICH, _FULL = 0.006, 0.03, 0.1
"""Chromas: of what has no colour, of a clear tint, of what is full of colour."""
_RICHER = 1.7
_DIM, _BRIGHT = 0.12, 0.32
"""Luminances: up to the one white has 6:1 and dark inks do not tempt, from the other on near-black has 6:1."""
_SUNNY, _SHINING = (30.0, 132.0), 0.2
_KIN_DEGREES = 55
"""Hues farther apart than this would meet in a third one: cream and blue in green."""


def blend(first: Rgb, second: Rgb, share: float) -> Rgb:
    """The first colour with ``share`` (0..1) of the second.

    Kindred hues turn into each other; of strange ones the first pales before the second comes up.
    """
    a, b = to_oklch(first), to_oklch(second)
    lightness = a.lightness + (b.lightness - a.lightness) * share
    from_hue = b.hue if a.chroma < _NEUTRAL else a.hue
    to_hue = a.hue if b.chroma < _NEUTRAL else b.hue
    turn = (to_hue - from_hue + 180) % 360 - 180
    if abs(turn) <= _KIN_DEGREES:
        chroma = a.chroma + (b.chroma - a.chroma) * share
        return from_oklch(Oklch(lightness, chroma, (from_hue + turn * share) % 360))
    own, other = a.chroma * (1 - share), b.chroma * share
    return from_oklch(Oklch(lightness, max(own, other), from_hue if own > other else to_hue))


def deepened(tone: Rgb, ground: Rgb, chroma: float) -> Rgb:
    """The tone with at least ``chroma`` where the ground has any colour: a grey shadow on a coloured ground is mud."""
    was, under = to_oklch(tone), to_oklch(ground)
    if under.chroma < _NEUTRAL or was.chroma >= chroma:
        return tone
    return from_oklch(was._replace(chroma=chroma, hue=under.hue if was.chroma < _NEUTRAL else was.hue))


def deeper(ground: Rgb, *, toward: Rgb, by: float = 0.06) -> Rgb:
    """The ground a step further from white (from black, if it is dark), and richer; a grey one takes another's hue."""
    was, other = to_oklch(ground), to_oklch(toward)
    step = -by if was.lightness > _MIDDLE else by
    if was.chroma < _GREY:
        return from_oklch(Oklch(was.lightness + step, min(other.chroma, _RICH), other.hue))
    richer = was.chroma * (_RICHER if was.lightness > _MIDDLE and was.chroma < _FULL else 1.0)
    return from_oklch(Oklch(was.lightness + step, max(richer, _RICH), was.hue))


def decisive(fill: Rgb) -> Rgb:
    """The fill, moved off the middling tones on which neither dark nor light text reads well.

    It is darkened, but for what would be brown or olive then: bright orange and yellow become lighter.
    """
    was = to_oklch(fill)
    step = 0.01 if _SUNNY[0] < was.hue < _SUNNY[1] and luminance_of(fill) > _SHINING else -0.01
    while _DIM < luminance_of(fill) < _BRIGHT:
        was = was._replace(lightness=was.lightness + step)
        fill = from_oklch(was)
    return fill
