"""The shade that makes a part of a photograph calm enough for text."""

from __future__ import annotations

from streamforge.render.colour import Rgb
from streamforge.render.scene import Frame, Gradient, Picture

_PART = 0.7
"""Content that takes up more of the picture than this, both ways, is veiled all over."""
_FADE = 0.35
"""How far a veil fades out beyond the content, as a share of the picture."""
_RIM = 0.04
"""How far it stays at its full strength beyond the content."""


def veil(picture: Picture, content: Frame, colour: Rgb, opacity: float) -> Gradient:
    """The colour over a picture, at its strength under the content and gone where that is far.

    It comes in from the side on which the content is; evenly over all where the content is everywhere.
    """
    frame = picture.frame
    if content.width <= _PART * frame.width:
        start, end = _blend(content.x - frame.x, content.right - frame.x, frame.width)
        points = (frame.x + start, frame.y), (frame.x + end, frame.y)
    elif content.height <= _PART * frame.height:
        start, end = _blend(content.y - frame.y, content.bottom - frame.y, frame.height)
        points = (frame.x, frame.y + start), (frame.x, frame.y + end)
    else:
        points = (frame.x, frame.y), (frame.right, frame.y)
        return Gradient(frame, *points, (colour, colour), (opacity, opacity), picture.radius)
    return Gradient(frame, *points, (colour, colour), (opacity, 0.0), picture.radius)


def _blend(near: float, far: float, length: float) -> tuple[float, float]:
    """Where a veil of one axis is at its full strength, and where it is gone: both beyond the content."""
    if near > length - far:  # the content is nearer to the far edge: the veil comes from there
        start = near - _RIM * length
        return start, start - _FADE * length
    start = far + _RIM * length
    return start, start + _FADE * length
