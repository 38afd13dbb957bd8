"""Ten styles: a large quiet form in the ground's own tones that text may cross, and a strong one where nothing stands.

Forms are large and cropped by the edge; small ones come only in rhythm. What runs under text stays close to the ground
colour, so that it decorates and never competes.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from streamforge.render.grounds.ground import Ground
from streamforge.render.grounds.shapes import quarter, stripes, tiles, wave
from streamforge.render.grounds.tone import blend
from streamforge.render.scene import Circle, Frame, Glow, Gradient, Polygon, Rect, Shape

_FADING = (0.75, 0.45, 0.22)
"""How strong the rings are that run on under the content, from the nearest on."""
_LYING = 3.0
_LEAST_BORDER = 0.12
_LEAST_DOT = 0.06
_UPRIGHT, _FLOOR = 1.6, 0.28
"""On canvases this much higher than wide, a free foot of this share of the height has a motif."""
_TERRACES = 4
_LOW_PX = 80
"""Below this side a frame is a line along the edge: there is no margin for another."""


def _blend(ground: Ground) -> Gradient:
    return Gradient(ground.frame, (0, 0), (ground.width, ground.height), (ground.ground, ground.ground_2))


def _mosaic(ground: Ground, area: Frame) -> list[Shape]:
    base = ground.figure
    colours = (base, blend(base, ground.ground, 0.3), blend(base, ground.ground, 0.55), ground.accent)
    return tiles(area, colours, max(ground.unit * 0.2, 26.0), ground.seed)


def _edge(ground: Ground) -> Rect:
    """A bar of accent along the side where reading starts, or along the top of an upright canvas."""
    bar = max(3.0, ground.unit * 0.014)
    if ground.width < ground.height:
        return Rect(Frame(0, 0, ground.width, bar), ground.accent)
    if ground.archetype in {"stack-centred", "framed", "offer-hero"}:
        return Rect(Frame(0, ground.height - bar, ground.width, bar), ground.accent)
    return Rect(Frame(0, 0, bar, ground.height), ground.accent)


def _solid(ground: Ground) -> list[Shape]:
    """One large form cut by the edge, in the ground's own tone: a disc, a ring, or blocks of quarter discs."""
    x, y = ground.corner
    inward_x, inward_y = ground.inward
    large = max(ground.short * 0.72, ground.reach * 1.1)
    form = ground.seed // 11 % 3
    if form == 0:
        small = ground.reach * 0.5
        found: list[Shape] = [Circle(x, y, large, ground.faint)]
        if small > ground.unit * 0.05:
            found.append(Circle(x + inward_x * small * 0.35, y + inward_y * small * 0.35, small, ground.figure))
        return [*found, _edge(ground)]
    if form == 1:
        line = large * 0.34
        return [Circle(x, y, large - line / 2, ground.faint, 1.0, line), _edge(ground)]
    return [*_blocks(ground), _edge(ground)]


def _blocks(ground: Ground) -> list[Shape]:
    """Three large quarter discs stepping out of the free corner, the one in the corner strong."""
    x, y = ground.corner
    inward_x, inward_y = ground.inward
    side = max(min(ground.reach * 0.72, ground.short * 0.5), ground.short * 0.2)
    turn = (1 if x else 0) + (2 if y else 0)

    def cell(column: int, row: int) -> Frame:
        left, top = x + inward_x * side * column, y + inward_y * side * row
        return Frame(left - (side if x else 0), top - (side if y else 0), side, side)

    return [
        quarter(cell(1, 0), turn, ground.faint),
        quarter(cell(0, 1), turn, ground.faint),
        quarter(cell(0, 0), 3 - turn, ground.figure if ground.reach >= side else ground.soft),
    ]


def _gradient(ground: Ground) -> list[Shape]:
    """A blend, and in front of it two large discs beyond the edge, or beams of light that cross the canvas."""
    x, y = ground.corner
    inward_x, inward_y = ground.inward
    if ground.seed // 11 % 2:
        return [_blend(ground), *_beams(ground)]
    radius = max(ground.reach, ground.short * 0.34)
    deep = blend(ground.ground_2, ground.figure, 0.3)
    return [
        _blend(ground),
        Circle(x + inward_x * radius * 0.5, y - inward_y * radius * 0.25, radius * 1.05, deep, 0.45),
        Circle(x - inward_x * radius * 0.15, y + inward_y * radius * 0.45, radius * 0.8, ground.figure, 0.4),
    ]


def _beams(ground: Ground) -> list[Shape]:
    """Three slanted beams from the free corner's side, each narrower and stronger than the one before."""
    x, y = ground.corner
    inward_x = ground.inward[0]
    far_y = ground.height - y
    slope = ground.height * 0.6
    room = max(ground.reach, ground.unit * 0.16)
    found: list[Shape] = []
    for width, share in ((2.6, 0.35), (1.5, 0.6), (0.62, 1.0)):
        near, far = x + inward_x * room * width, x + inward_x * max(room * width - slope, 0.0)
        colour = blend(ground.ground_2, ground.figure, 0.55 * share)
        found.append(Polygon(((x, y), (near, y), (far, far_y), (x, far_y)), colour, 0.55))
    return found


def _diagonal_split(ground: Ground) -> list[Shape]:
    if ground.side in {"top", "bottom"}:
        return _tilted_floor(ground)
    if ground.side == "none":
        return _cut_corner(ground)
    free, height = ground.free, float(ground.height)
    lean = min(height * 0.34, free.width * 0.5)
    band = max(3.0, ground.unit * 0.016)
    near, far, edge = free.x + lean, free.x + band, float(ground.width)
    if ground.side == "left":
        near, far, edge, band = free.width - lean, free.width - band, 0.0, -band
    inner, second = (near + edge) / 2, blend(ground.figure, ground.accent, 0.35)
    return [
        Polygon(((near, 0), (edge, 0), (edge, height), (far, height)), ground.figure),
        Polygon(((inner + lean, 0), (edge, 0), (edge, height), (inner, height)), second),
        Polygon(((near - band, 0), (near, 0), (far, height), (far - band, height)), ground.accent),
    ]


def _cut_corner(ground: Ground) -> list[Shape]:
    """The far half of the canvas in a second tone, cut on the slant; a strong triangle in the free corner."""
    x, y = ground.corner
    inward_x, inward_y = ground.inward
    half = float(ground.width) * 0.42
    slope = ground.height * 0.55
    far_y = ground.height - y
    quiet = Polygon(
        ((x, y), (x + inward_x * (half + slope), y), (x + inward_x * half, far_y), (x, far_y)), ground.faint
    )
    reach = ground.reach * 1.25

    def corner(length: float) -> tuple[tuple[float, float], ...]:
        return (x, y), (x + inward_x * length, y), (x, y + inward_y * length)

    return [quiet, Polygon(corner(reach), ground.accent), Polygon(corner(reach * 0.78), ground.figure)]


def _tilted_floor(ground: Ground) -> list[Shape]:
    free, width = ground.free, float(ground.width)
    lean = min(width * 0.3, free.height * 0.5)
    band = max(3.0, ground.unit * 0.016)
    if ground.side == "bottom":
        near, far, edge = free.y + lean, free.y + band, float(ground.height)
    else:
        near, far, edge, band = free.height - lean, free.height - band, 0.0, -band
    return [
        Polygon(((0, near), (width, far), (width, edge), (0, edge)), ground.figure),
        Polygon(((0, near - band), (width, far - band), (width, far), (0, near)), ground.accent),
    ]


def _panel(ground: Ground) -> list[Shape]:
    """A mosaic on the free side; without one, a narrow border of it where the margin is."""
    is_upright = ground.height > _UPRIGHT * ground.width
    if ground.side in {"top", "bottom"} or (ground.side != "none" and not is_upright):
        return _mosaic(ground, ground.free)
    x, _ = ground.corner
    content = ground.content
    gap = ground.unit * 0.045
    below, beside = ground.height - content.bottom - gap, (ground.width - content.right if x else content.x) - gap
    beside = 0.0 if is_upright else beside
    if max(below / ground.height, beside / ground.width) < _LEAST_BORDER or ground.width > _LYING * ground.height:
        return [Circle(*ground.corner, ground.short * 0.75, ground.faint), _edge(ground)]
    if below / ground.height > beside / ground.width:
        return _mosaic(ground, Frame(0, ground.height - below, ground.width, below))
    return _mosaic(ground, Frame(ground.width - beside if x else 0, 0, beside, ground.height))


def _arcs(ground: Ground) -> list[Shape]:
    """Rings around a point beyond the free corner, even in width; the far ones faint."""
    x, y = ground.corner
    line = max(ground.short * 0.055, 3.0)
    step = line * 2
    strong = max(ground.reach, step)
    count = min(int(ground.unit * 0.85 / step), 9)
    inner = [index for index in range(1, count) if step * (index + 0.5) + line / 2 <= strong]
    outer = range(len(inner) + 1, len(inner) + 1 + len(_FADING))
    tones = [blend(ground.ground, ground.figure, 0.85) for _ in inner]
    tones += [blend(ground.ground, ground.soft, share) for share in _FADING]
    radii = [step * (index + 0.5) for index in (*inner, *outer)]
    rings: list[Shape] = [Circle(x, y, radius, tone, 1.0, line) for radius, tone in zip(radii, tones, strict=True)]
    return [*rings, Circle(x, y, step * 0.72, ground.accent if strong > step * 1.2 else ground.soft)]


def _dots(ground: Ground) -> list[Shape]:
    """A halftone: dots in rows, large at the free corner, ever smaller away from it; none near the content."""
    x, y = ground.corner
    inward_x, inward_y = ground.inward
    step = max(7.0, ground.unit * 0.036)
    reach = max(ground.reach * 1.5, ground.short * 0.55)
    count = math.ceil(reach / step)
    strong = blend(ground.ground, ground.figure, 0.8)
    found: list[Shape] = []
    for row in range(count):
        for column in range(count):
            across, down = step * (column + 0.5 * (row % 2) + 0.2), step * (row * 0.87 + 0.2)
            left = 1 - math.hypot(across, down) / reach
            if left <= _LEAST_DOT:
                continue
            at = (x + inward_x * across, y + inward_y * down)
            near = ground.space(*at) < step
            colour = ground.soft if near else strong
            found.append(Circle(*at, step * 0.46 * left**0.6, colour))
    return found


def _waves(ground: Ground) -> list[Shape]:
    """Three waves from below, the nearest strongest and under all content; and a sun if the upper corner is free."""
    width, height = float(ground.width), float(ground.height)
    below = max(height - ground.content.bottom, height * 0.05)
    top = min(height - below * 0.72, height * 0.93)
    turn = 1 if ground.seed % 2 else -1
    swing = height * 0.06
    tones = (ground.soft, blend(ground.soft, ground.figure, 0.4), ground.figure)
    levels = (height * 0.62, (height * 0.62 + top) / 2, top + swing * 0.6)
    found: list[Shape] = [
        wave(width, height, level, swing * scale * (turn if index % 2 else -turn), tone)
        for index, (level, tone, scale) in enumerate(zip(levels, tones, (1.4, 1.0, 0.6), strict=True))
    ]
    x, y = ground.corner
    found[1:2] = [] if found and levels[1] < ground.content.bottom else found[1:2]
    return [*found, *([] if y else [Circle(x, y, ground.reach * 0.8, blend(ground.ground, ground.figure, 0.9))])]


def _frame(ground: Ground) -> list[Shape]:
    """A frame in one of three cuts: a broad border, a double line, or brackets at the corners."""
    inset = max(3.0, ground.short * 0.028)
    line = max(1.5, ground.unit * 0.005)
    whole = ground.frame

    def rim(by: float, width: float) -> Rect:
        return Rect(whole.grown(-by), ground.accent, 1.0, 0.0, width)

    cut = ground.seed // 3 % 3
    if ground.short < _LOW_PX:
        return [_blend(ground), Rect(whole, ground.accent, 1.0, 0.0, 4.0)]
    if cut == 0:
        return [Rect(whole, ground.accent), Rect(whole.grown(-inset), ground.ground)]
    if cut == 1:
        return [_blend(ground), rim(inset * 0.7, line * 1.6), rim(inset * 0.7 + line * 2.6, max(1.0, line * 0.5))]
    return [_blend(ground), *_brackets(ground, inset, max(2.0, line * 1.5))]


def _brackets(ground: Ground, inset: float, line: float) -> list[Shape]:
    arm = ground.short * 0.11
    found: list[Shape] = []
    for right in (False, True):
        for low in (False, True):
            x = ground.width - inset - arm if right else inset
            y = ground.height - inset - line if low else inset
            found.append(Rect(Frame(x, y, arm, line), ground.accent))
            x = ground.width - inset - line if right else inset
            y = ground.height - inset - arm if low else inset
            found.append(Rect(Frame(x, y, line, arm), ground.accent))
    return found


def _bands(ground: Ground) -> list[Shape]:
    """Slanted stripes on the free side, or across the free corner where there is none."""
    if ground.side in {"left", "right"}:
        step = max(8.0, ground.unit * 0.075)
        colours = (ground.accent, ground.figure, ground.soft, ground.figure)
        return list(stripes(ground.free, step, colours, outward=1 if ground.side == "right" else -1))
    x, y = ground.corner
    inward_x, inward_y = ground.inward
    step = max(6.0, ground.reach * 0.26)
    found: list[Shape] = []
    for index in range(7, -1, -1):
        near, far = step * index, step * (index + 1)
        strong = far <= ground.reach * 1.3
        if index % 2 == 0:
            colour = (ground.accent, ground.figure)[index // 2 % 2] if strong else ground.soft
            corners = (
                (x + inward_x * near, y),
                (x + inward_x * far, y),
                (x, y + inward_y * far),
                (x, y + inward_y * near),
            )
            found.append(Polygon(corners, colour))
    return found


def _glow(ground: Ground) -> list[Shape]:
    """Two lights from opposite corners."""
    x, y = ground.corner
    return [
        _blend(ground),
        Glow(x, y, max(ground.unit * 0.75, ground.reach * 1.7), ground.figure, 0.8),
        Glow(ground.width - x, ground.height - y, ground.unit * 0.6, ground.accent, 0.22),
    ]


def _floored(ground: Ground, style: Callable[[Ground], list[Shape]]) -> list[Shape]:
    """A quiet style with a motif over the free foot of an upright canvas: a mosaic, terraces, or rings."""
    base: list[Shape] = [ground_tone for ground_tone in style(ground)[:1] if isinstance(ground_tone, Gradient)]
    return [*base, *_FLOORS[ground.seed // 7 % len(_FLOORS)](ground)]


def _terraces(ground: Ground) -> list[Shape]:
    """Slanted planes, one before the other, that lean to either side by turns."""
    area, width, foot = ground.free, float(ground.width), float(ground.height)
    lean, step = min(width * 0.3, area.height * 0.2), area.height / _TERRACES
    tones = (blend(ground.figure, ground.ground, 0.55), blend(ground.figure, ground.ground, 0.25), ground.figure)
    found: list[Shape] = []
    for index in range(_TERRACES):
        low, high = area.y + step * index + lean, area.y + step * index
        left, right = (low, high) if (index + ground.seed) % 2 else (high, low)
        found.append(Polygon(((0, left), (width, right), (width, foot), (0, foot)), tones[index % len(tones)]))
    return found


_FLOORS: tuple[Callable[[Ground], list[Shape]], ...] = (_panel, _terraces, _arcs)
_QUIET = frozenset(["solid", "gradient", "glow"])
"""Styles whose forms leave a large free part empty."""


def styled(style: str, ground: Ground) -> list[Shape]:
    """The shapes of a style, bottom first; an unknown one is plain."""
    drawn = STYLES.get(style, _solid)
    is_upright = ground.height > _UPRIGHT * ground.width
    is_void = ground.side == "bottom" and ground.free.height >= _FLOOR * ground.height
    return _floored(ground, drawn) if is_upright and is_void and style in _QUIET else drawn(ground)


STYLES: dict[str, Callable[[Ground], list[Shape]]] = {
    "solid": _solid,
    "gradient": _gradient,
    "diagonal-split": _diagonal_split,
    "panel": _panel,
    "arcs": _arcs,
    "dots": _dots,
    "waves": _waves,
    "frame": _frame,
    "bands": _bands,
    "glow": _glow,
}
"""The background styles there are, by id."""
