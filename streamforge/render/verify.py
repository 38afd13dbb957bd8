"""Measure a painted banner: contrast, overflow, overlaps, margins, the logo.

Contrast is decided on the fifth percentile of the pixels around the letters, on the picture without text (WCAG 2.2
success criterion 1.4.3: 4.5, or 3 for text of 24 px, or bold from 18.66 px). Distances and overlaps are those of the
ink that was painted as well as those of the boxes. Every measurement is one ``Finding``, passed or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from streamforge.render.checks import CHECKS, CheckName, Finding, finding
from streamforge.render.colour import Pixels, Rgb, contrasts, luminance, luminance_of
from streamforge.render.ink import Ink, Mask
from streamforge.render.scene import Frame, Picture, Text

LARGE_PX, LARGE_BOLD_PX, BOLD = 24.0, 18.66, 700
AA_NORMAL, AA_LARGE = 4.5, 3.0
LOGO_CONTRAST = 1.6
OVERHANG_X, OVERHANG_Y = 0.08, 0.2
"""How far letters may reach out of their box, in type sizes: side bearings; accents above and tails below."""
_PERCENTILE = 5
_FAST_SAMPLES = 2500
_FAST_RIM, _MOST_RIM_PX = 0.05, 4.0
_DENSE_PX = 30
"""Letters are measured on every pixel below twice this type size, from there on every second, third, …"""
_RING = 0.09
"""The width of the ring around the letters in which the ground is measured, in type sizes: a stroke's width."""
_CORE_SHARE, _VEIL_SHARE = 0.02, 0.25
_EVEN_INK = 0.02
"""The spread (standard deviation) of an ink's luminance up to which it is one colour."""
_NEAR = 0.12
"""Ink of more colours is held against the ground that lies so near, in type sizes."""
_TOLERANCE_PX = 1.0
_LEAST_AREA_PX2 = 1.0
_EDGE_ALPHA = 128
_FULL = 250
_ACROSS = 2


Window = tuple[slice, slice]
"""Rows and columns."""


class Place(Struct, frozen=True):
    """An element's place: its box, and the boxes of its ink where it has any of its own."""

    id: str
    frame: Frame
    ink: tuple[Frame, ...] = ()

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The box and the ink's boxes."""
        return (self.frame, *self.ink)


def needed_contrast(text: Text) -> float:
    """The least contrast WCAG AA asks of a text of this size and weight."""
    is_large = text.px >= LARGE_PX or (text.px >= LARGE_BOLD_PX and text.style.weight >= BOLD)
    return AA_LARGE if is_large else AA_NORMAL


def text_contrast(ground: Pixels, frame: Frame, ink: Rgb) -> float:
    """The fifth percentile of an ink's contrast over a frame's pixels, painted without text.

    For use while painting: it takes some thousand pixels, and knows no letters. A rim around the frame counts as well,
    for letters that fill it are surrounded by that. 1 outside the picture.
    """
    under = _crop(ground, frame.grown(min(max(frame.height * _FAST_RIM, 1.0), _MOST_RIM_PX)))
    step = max(1, int((under.shape[0] * under.shape[1] / _FAST_SAMPLES) ** 0.5))
    sample = under[step // 2 :: step, step // 2 :: step]
    if not sample.size:
        return 1.0
    shades = sample.view(np.uint32)
    if (shades == shades[0, 0]).all():
        sample = sample[:1, :1]  # most texts stand on one colour: a twentieth of the work
    return _fifth(contrasts(luminance(sample[..., :3]), luminance_of(ink)))


def ink_contrast(ground: Pixels, painted: Pixels, ink: Ink) -> float:
    """The fifth percentile of the contrast between the painted ink and the pixels around its letters.

    ``ground`` is the picture without text, ``painted`` the finished one: the ink's luminance is read from it, at each
    place for itself where it is not the same throughout. 1 for a text of which nothing is on the canvas.
    """
    window, inner = overlap(ink, ground)
    step = max(1, int(ink.text.px // _DENSE_PX))
    cover, letters = ink.cover[inner][::step, ::step], ink.letters[inner][::step, ::step]
    reach = max(1, round(ink.text.px * _RING / step))
    ring, core = dilated(letters, reach) & ~letters, _core(cover, letters)
    if not ring.any():
        return 1.0
    around = luminance(_rgb(ground, window, step, ring))
    if not core.any():
        return _fifth(contrasts(around, luminance_of(ink.text.colour)))
    own = luminance(_rgb(painted, window, step, core))
    if float(np.std(own)) <= _EVEN_INK:
        return _fifth(contrasts(around, float(np.median(own))))
    return _fifth(contrasts(around, _nearby(own, core, ring, reach + max(2, round(ink.text.px * _NEAR / step)))))


def check_contrast(ground: Pixels, painted: Pixels, inks: Iterable[Ink]) -> list[Finding]:
    """One line a text."""
    return [
        finding("contrast", ink.text.id, ink_contrast(ground, painted, ink), needed_contrast(ink.text)) for ink in inks
    ]


def check_overflow(inks: Iterable[Ink]) -> list[Finding]:
    """How far (px) each text's ink reaches out of its box and the room that accents and side bearings have."""
    found: list[Finding] = []
    for ink in inks:
        text, bounds = ink.text, ink.bounds()
        room = text.frame.grown(_TOLERANCE_PX)
        aside, above = text.px * OVERHANG_X, text.px * OVERHANG_Y
        room = Frame(room.x - aside, room.y - above, room.width + 2 * aside, room.height + 2 * above)
        found.append(finding("text_overflow", text.id, outside(bounds, room) if bounds else 0.0, _TOLERANCE_PX))
    return found


def check_stray_ink(ground: Pixels, painted: Pixels, inks: Iterable[Ink]) -> Finding:
    """How many pixels changed between the picture without text and the finished one where no text has ink.

    A pixel beside the ink may have changed too: large letters are drawn as outlines, whose edges depend a little on
    where they lie.
    """
    changed = ground.view(np.uint32)[..., 0] != painted.view(np.uint32)[..., 0]
    for ink in inks:
        window, inner = overlap(ink, ground)
        changed[window] &= ink.cover[inner] == 0
        if changed[window].any():
            changed[window] &= ~dilated(ink.cover > 0, 1)[inner]
    return finding("stray_ink", "canvas", int(np.count_nonzero(changed)), 0)


def check_overlaps(check: CheckName, regions: Sequence[Place], others: Sequence[Place] = ()) -> list[Finding]:
    """The pairs that share area (px²), or one passed line if none does; within ``regions`` if ``others`` is empty."""
    pairs = [(a, b) for a in regions for b in others] if others else list(combinations(regions, 2))
    shared = [(f"{a.id}, {b.id}", shared_area(a, b)) for a, b in pairs]
    bad = [finding(check, names, area, _LEAST_AREA_PX2) for names, area in shared if area > _LEAST_AREA_PX2]
    return bad or [finding(check, "all", 0, _LEAST_AREA_PX2)]


def check_plate(plate: Place, canvas: Frame, others: Iterable[Place]) -> Finding:
    """The most area (px²) that an element's own plate shares with the box or ink of another, or has off the canvas."""
    frame = plate.frame
    shared = [(frame.overlap(box), each.id) for each in others for box in each.frames]
    beyond = (frame.width * frame.height - frame.overlap(canvas), "the canvas' edge")
    area, name = max([*shared, beyond])
    return finding(
        "plate_overlap", plate.id, area, _LEAST_AREA_PX2, f"it reaches {name}: {CHECKS['plate_overlap'].fix}"
    )


def check_margins(width: int, height: int, margin: float, regions: Iterable[Place]) -> list[Finding]:
    """Each box' distance (px) from the nearest canvas edge (negative is outside), held to a pixel."""
    found: list[Finding] = []
    for each in regions:
        frame = each.frame
        least = min(frame.x, frame.y, width - frame.right, height - frame.bottom)
        found.append(finding("margin", each.id, least, margin - _TOLERANCE_PX))
    return found


def check_within(check: CheckName, bounds: Frame, regions: Iterable[Place]) -> list[Finding]:
    """How far (px) each element's box or ink reaches out of bounds: of the canvas, a region, a safe zone."""
    limit = _TOLERANCE_PX if check == "region" else 0.0
    return [finding(check, each.id, max(outside(f, bounds) for f in each.frames), limit) for each in regions]


def check_clear_space(logo: Place, needed: float, others: Iterable[Place]) -> Finding:
    """The distance (px) from the logo to the nearest of the others' ink, or box where they have none."""
    gaps = [(distance(logo.frame, box), each.id) for each in others for box in each.ink or (each.frame,)]
    gap, name = min(gaps, default=(needed, ""))
    fix = f"{name} stands too near: {CHECKS['logo_clear_space'].fix}"
    return finding("logo_clear_space", logo.id, gap, max(needed - _TOLERANCE_PX, 0.0), fix)


def check_logo(logo: Pixels, ground: Pixels, where: Picture) -> Finding:
    """Whether the logo's outline shows on what lies behind it."""
    return finding("logo_contrast", where.id, logo_contrast(logo, ground, where.frame), LOGO_CONTRAST)


def check_weight(name: str, measured_bytes: int, limit_bytes: int) -> Finding:
    """Whether a file keeps its publisher's cap."""
    return finding("weight", name, measured_bytes, limit_bytes)


def logo_contrast(logo: Pixels, ground: Pixels, frame: Frame) -> float:
    """How well a logo's outline shows: the 25th percentile of its edge pixels' contrast with what lies behind them.

    ``logo`` is straight RGBA of the frame's size, ``ground`` the canvas without the logo. Only pixels at the border of
    the transparent part count: a white field inside a dark outline shows on white. 21 if it has no transparent part.
    """
    opaque = logo[..., 3] >= _EDGE_ALPHA
    edge = opaque & ~_eroded(opaque)
    behind = _crop(ground, frame)[: logo.shape[0], : logo.shape[1], :3]
    edge = edge[: behind.shape[0], : behind.shape[1]]
    if not edge.any():
        return 21.0
    first = luminance(logo[: behind.shape[0], : behind.shape[1], :3][edge])
    return float(np.percentile(contrasts(luminance(behind[edge]), first), 25))


def edge_contrast(ground: Pixels, frame: Frame) -> float:
    """The contrast across a box' outline, 5th percentile: a filled button against its ground (WCAG 2.2, 1.4.11: 3).

    Along the middle fifth of each side (ends may be round), pixels just inside are held against those just outside.
    1 where no side lies on the picture.
    """
    turned = ground.swapaxes(0, 1)
    sides = [
        *_across(ground, (frame.y, frame.bottom), (frame.x, frame.right)),
        *_across(turned, (frame.x, frame.right), (frame.y, frame.bottom)),
    ]
    return _fifth(np.concatenate([contrasts(luminance(a), luminance(b)) for a, b in sides])) if sides else 1.0


def shared_area(first: Place, second: Place) -> float:
    """The area (px²) that two elements share: of their boxes or of one's ink with the other's ink or box' ink."""
    boxes = first.frame.overlap(second.frame)
    inked = [a.overlap(b) for a in first.ink or (first.frame,) for b in second.ink or (second.frame,)]
    return max(boxes, sum(inked))


def outside(frame: Frame, bounds: Frame) -> float:
    """How far (px) a frame reaches out of bounds, at its worst side; 0 if it is inside."""
    return max(bounds.x - frame.x, bounds.y - frame.y, frame.right - bounds.right, frame.bottom - bounds.bottom, 0.0)


def distance(first: Frame, second: Frame) -> float:
    """The gap (px) between two frames, measured along the axis on which they are farther apart; negative: they meet."""
    across = max(second.x - first.right, first.x - second.right)
    down = max(second.y - first.bottom, first.y - second.bottom)
    return max(across, down)


def dilated(mask: Mask, by: int) -> Mask:
    """The mask with every pixel within ``by`` px of it, diagonals included."""
    return _spread(_spread(mask, by).T, by).T


def _spread(mask: Mask, by: int) -> Mask:
    """Grown up and down; each pass doubles the reach, for even at the border a run is longer than that."""
    reach = 0
    while reach < by:
        step = min(reach + 1, by - reach)
        grown = mask.copy()
        grown[step:] |= mask[:-step]
        grown[:-step] |= mask[step:]
        mask, reach = grown, reach + step
    return mask


def _core(cover: NDArray[np.uint8], letters: Mask) -> Mask:
    """The pixels that show the ink unmixed.

    They are fully covered ones; under a translucent ink, the many that share the most there is. Hairline type has
    neither, and so no core: its pixels are all mixtures with the ground.
    """
    most = int(cover.max(initial=0, where=letters))
    core = letters & (cover >= most - 1)
    share = _CORE_SHARE if most >= _FULL else _VEIL_SHARE
    return core if np.count_nonzero(core) > share * np.count_nonzero(letters) else np.zeros_like(core)


def _rgb(pixels: Pixels, window: Window, step: int, mask: Mask) -> Pixels:
    """The (count, 3) colours of a window's masked pixels; taken four bytes at once, which is faster by half."""
    whole = pixels.view(np.uint32)[..., 0][window]
    return whole[::step, ::step][mask].view(np.uint8).reshape(-1, 4)[:, :3]


def _nearby(own: NDArray[np.float32], core: Mask, ring: Mask, reach: int) -> NDArray[np.float32]:
    """The ink's luminance at each ring pixel: its mean within ``reach`` px, or over all where there is none."""
    total, count = np.zeros(core.shape), core.astype(np.float64)
    total[core] = own
    total, count = _summed(total, reach)[ring], _summed(count, reach)[ring]
    return np.where(count > 0, total / np.maximum(count, 1), own.mean()).astype(np.float32)


def _summed(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """At each place, the sum over the square that reaches so far, by a summed-area table."""
    table = np.pad(np.pad(values, reach).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    side = 2 * reach + 1
    return table[side:, side:] - table[:-side, side:] - table[side:, :-side] + table[:-side, :-side]


def _fifth(values: NDArray[np.float32]) -> float:
    """The fifth percentile, without interpolation."""
    flat = values.ravel()
    rank = (flat.size - 1) * _PERCENTILE // 100
    return float(np.partition(flat, rank)[rank])


def _across(ground: Pixels, ends: tuple[float, float], span: tuple[float, float]) -> list[tuple[Pixels, Pixels]]:
    """Rows of pixels just inside and outside a box' two ends, along the middle fifth of its span."""
    spare = (span[1] - span[0]) * 0.4
    low, high = max(round(span[0] + spare), 0), max(round(span[1] - spare), 0)
    first, last = round(ends[0]), round(ends[1]) - 1
    pairs = [(first + _ACROSS, first - _ACROSS), (last - _ACROSS, last + _ACROSS)]
    fits = [pair for pair in pairs if all(0 <= row < ground.shape[0] for row in pair)]
    return [(ground[a, low:high, :3], ground[b, low:high, :3]) for a, b in fits if low < min(high, ground.shape[1])]


def overlap(ink: Ink, ground: Pixels) -> tuple[Window, Window]:
    """Where the ink's window lies on the canvas, and that part of it in the window's own coordinates."""
    high, wide = ink.cover.shape
    top, left = max(ink.y, 0), max(ink.x, 0)
    bottom = max(min(ink.y + high, ground.shape[0]), top)
    right = max(min(ink.x + wide, ground.shape[1]), left)
    canvas = (slice(top, bottom), slice(left, right))
    return canvas, (slice(top - ink.y, bottom - ink.y), slice(left - ink.x, right - ink.x))


def _crop(pixels: Pixels, frame: Frame) -> Pixels:
    left, top = max(int(frame.x), 0), max(int(frame.y), 0)
    bottom = max(min(-int(-frame.bottom // 1), pixels.shape[0]), top)
    right = max(min(-int(-frame.right // 1), pixels.shape[1]), left)
    return pixels[top:bottom, left:right]


def _eroded(mask: Mask) -> Mask:
    """The mask less its outermost pixels; beyond the picture counts as outside."""
    padded = np.pad(mask, 1)
    return mask & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
