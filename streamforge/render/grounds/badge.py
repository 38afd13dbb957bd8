"""The badge under an offer: a seal, a ribbon from the edge of the canvas, a band across it, or a tag.

The layout reserves the padding: an offer's box is its text with ``Mark.pad`` around it, and no badge holds less. What
a badge has beyond its box it takes from what nothing else stands on.
"""

from __future__ import annotations

import math

from streamforge.render.grounds.ground import Ground, Mark
from streamforge.render.scene import Circle, Frame, Polygon, Rect, Shape

_ROUND = 1.9
"""Up to this ratio of sides an offer gets a round badge, beyond it one with corners."""
_ROUND_EM = 0.15
"""The least padding of a round badge at the corners of its text, in type sizes."""
_MARGIN = 0.022
"""The least distance of a badge from the canvas' edges and from its neighbours, as a share of the mean side."""
_STUB = 0.07
"""A ribbon that would end nearer to the other edge runs on to it."""
_APART = 0.032
"""The least distance of a ribbon's end from what stands beside it."""
_POINTS = 18
_LYING, _UPRIGHT = 3.0, 1.6
_WIDE = 0.7
_CENTRED = 0.12
"""Left and right space that differ by no more than this share of the width count as equal."""
_TAIL, _TAIL_EM = 0.16, 0.3
"""How deep a ribbon's end is cut, as a share of its height and at most in type sizes."""
_EVEN = 0.6
"""The least padding of a ribbon's cut end, as a share of what the text has to the edge that the ribbon comes from."""


def badge(ground: Ground) -> Shape | None:
    """What lies under the offer of a ground; None without an offer."""
    offers = [mark for mark in ground.marks if mark.role == "offer"]
    if not offers:
        return None
    offer = offers[0]
    others = [mark.frame for mark in ground.marks if mark is not offer]
    return _seal(offer, others, ground) or _straight(offer, others, ground)


def extent_of(shape: Shape | None) -> Frame | None:
    """The box of a badge; of a round one the square in it, for the corners around it are free."""
    if isinstance(shape, Circle):
        side = shape.radius * math.sqrt(2)
        return Frame(shape.x - side / 2, shape.y - side / 2, side, side)
    if isinstance(shape, Polygon):
        xs, ys = zip(*shape.points, strict=True)
        whole = Frame(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
        return whole.grown(whole.width * (math.sqrt(0.5) - 1) / 2) if len(xs) == 2 * _POINTS else whole
    return shape.frame if isinstance(shape, Rect) else None


def _seal(offer: Mark, others: list[Frame], ground: Ground) -> Shape | None:
    """A disc, plain or scalloped, if the text is about square and the room around it is free."""
    box = offer.text
    if box.width > box.height * _ROUND:
        return None
    x, y = box.x + box.width / 2, box.y + box.height / 2
    edge = min(x, y, ground.width - x, ground.height - y) - max(3.0, _MARGIN * ground.unit)
    free = min((_reach(other, x, y) for other in others), default=ground.unit) - max(3.0, ground.unit * _MARGIN)
    needed = math.hypot(box.width, box.height) / 2 + max(2.0, offer.px * _ROUND_EM)
    if needed > min(free, edge):
        return None
    radius = min(needed * 1.14, free, edge)
    return _scalloped(x, y, radius, ground) if ground.seed // 4 % 2 else Circle(x, y, radius, ground.accent)


def _scalloped(x: float, y: float, radius: float, ground: Ground) -> Polygon:
    points: list[tuple[float, float]] = []
    for index in range(_POINTS * 2):
        angle = math.pi * index / _POINTS
        length = radius * (1.0 if index % 2 else 0.93)
        points.append((x + length * math.cos(angle), y + length * math.sin(angle)))
    return Polygon(tuple(points), ground.accent)


def _straight(offer: Mark, others: list[Frame], ground: Ground) -> Shape:
    """A band where nothing stands beside the offer and little would be left of the line, else a ribbon, else a tag."""
    box = offer.frame
    if ground.width > _LYING * ground.height:
        return Rect(Frame(box.x, 0, box.width, ground.height), ground.accent)
    beside = [other for other in others if other.y < box.bottom and other.bottom > box.y]
    left = max((other.right for other in beside if other.x < box.x), default=0.0)
    right = min((other.x for other in beside if other.x >= box.x), default=float(ground.width))
    if not beside and _spans(box, ground):
        return Rect(Frame(0, box.y, ground.width, box.height), ground.accent)
    ribbon = None if _is_central(box, ground) else _ribbon(offer, (left, right), ground)
    return ribbon or Rect(box, ground.accent, 1.0, ground.unit * 0.012)


def _spans(box: Frame, ground: Ground) -> bool:
    inner = box.x if box.right > ground.width / 2 else ground.width - box.right
    return ground.height > _UPRIGHT * ground.width or box.width > ground.width * _WIDE or inner < _STUB * ground.width


def _is_central(box: Frame, ground: Ground) -> bool:
    return abs(ground.width - box.right - box.x) <= ground.width * _CENTRED


def _ribbon(offer: Mark, free: tuple[float, float], ground: Ground) -> Polygon | None:
    """A band from the nearer edge of the canvas over the offer, cut at its inner end: None where it has no room.

    Between the text and the bottom of the cut is about as much as between the text and the edge.
    """
    box, text = offer.frame, offer.text
    from_right = box.x + box.width / 2 > ground.width / 2
    if free[1] < ground.width if from_right else free[0] > 0:
        return None
    outer = ground.width - text.right if from_right else text.x
    tail = min(box.height * _TAIL, offer.px * _TAIL_EM) if offer.px else box.height * _TAIL
    bound = free[0] if from_right else ground.width - free[1]
    room = (text.x if from_right else ground.width - text.right) - bound - ground.unit * _APART - tail
    padding = min(room, max(outer, offer.pad[0]))
    if padding < max(_EVEN * outer, offer.pad[0]):
        return None
    side = -1 if from_right else 1
    cut = (text.x if from_right else text.right) + side * padding
    edge = float(ground.width) if from_right else 0.0
    end = cut + side * tail
    top, bottom = box.y, box.bottom
    return Polygon(((end, top), (edge, top), (edge, bottom), (end, bottom), (cut, (top + bottom) / 2)), ground.accent)


def _reach(box: Frame, x: float, y: float) -> float:
    return math.hypot(max(box.x - x, x - box.right, 0.0), max(box.y - y, y - box.bottom, 0.0))
