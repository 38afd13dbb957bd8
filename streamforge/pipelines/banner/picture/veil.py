"""The shade that makes a part of a photograph calm enough for text."""

from __future__ import annotations

from collections.abc import Sequence

from streamforge.render.colour import Rgb
from streamforge.render.grounds import hull
from streamforge.render.scene import WHOLE, Frame, Gradient, Picture
from streamforge.render.scene import Crop as Box

Edges = tuple[float, float]
"""Where something begins and ends on one axis, in px from the picture's edge."""

_PART = 0.7
"""Content that takes up more of the picture than this, both ways, is veiled all over."""
_FADE = 0.35
"""How far a veil fades out beyond the content, as a share of the picture."""
_LEAST_FADE, _INTO = 0.12, 0.2
"""The least such share, and how far of the subject's own extent a veil may fade into it."""
_RIM = 0.04
"""How far it stays at its full strength beyond the content."""


def veil(picture: Picture, content: Frame, colour: Rgb, opacity: float, subject: Box = WHOLE) -> Gradient:
    """The colour over a picture, at its strength under the content and gone where that is far.

    It comes in from the side on which the content is; evenly over all where the content is everywhere. ``subject``, in
    shares of the photograph, stays as clear as the content beside it allows.
    """
    frame, left, top = picture.frame, content.x, content.y
    across, down = content.width / frame.width, content.height / frame.height
    kept = None if subject == WHOLE else _seen(subject, picture)
    if min(across, down) > _PART:
        points = (frame.x, frame.y), (frame.right, frame.y)
        return Gradient(frame, *points, (colour, colour), (opacity, opacity), picture.radius)
    if across <= down:
        edges = (kept.x - frame.x, kept.right - frame.x) if kept else None
        start, end = _blend((left - frame.x, content.right - frame.x), frame.width, edges)
        points = (frame.x + start, frame.y), (frame.x + end, frame.y)
    else:
        edges = (kept.y - frame.y, kept.bottom - frame.y) if kept else None
        start, end = _blend((top - frame.y, content.bottom - frame.y), frame.height, edges)
        points = (frame.x, frame.y + start), (frame.x, frame.y + end)
    return Gradient(frame, *points, (colour, colour), (opacity, 0.0), picture.radius)


def _blend(content: Edges, length: float, kept: Edges | None) -> tuple[float, float]:
    """Where a veil of one axis is at its full strength, and where it is gone: both beyond the content."""
    near, far = content
    if near > length - far:  # the content is nearer to the far edge: the veil comes from there
        turned = (length - kept[1], length - kept[0]) if kept else None
        start, end = _blend((length - far, length - near), length, turned)
        return length - start, length - end
    start = far + _RIM * length
    reach = _FADE * length if kept is None else kept[0] + _INTO * (kept[1] - kept[0]) - start
    return start, start + min(max(reach, _LEAST_FADE * length), _FADE * length)


def _seen(subject: Box, picture: Picture) -> Frame:
    """Where the subject is on the canvas."""
    frame, (left, top, right, bottom) = picture.frame, picture.crop
    wide, high = frame.width / (right - left), frame.height / (bottom - top)
    x, y = frame.x + (subject[0] - left) * wide, frame.y + (subject[1] - top) * high
    return Frame(x, y, (subject[2] - subject[0]) * wide, (subject[3] - subject[1]) * high)


def shares_of(boxes: Sequence[Frame], frame: Frame) -> Box | None:
    """The part of a frame that boxes take up, in shares of it; None where there are none."""
    if not boxes:
        return None
    all_of = hull(boxes)
    left, right = ((place - frame.x) / frame.width for place in (all_of.x, all_of.right))
    top, bottom = ((place - frame.y) / frame.height for place in (all_of.y, all_of.bottom))
    return left, top, right, bottom
