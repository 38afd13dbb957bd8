"""The field's measures of a layout, for comparison with other systems: reported, never a gate.

Human designs overlap on purpose and look aligned when they are not, so none of these decides whether a banner passes.
Definitions, with the papers they come from:

* Val, Ove, Und, Uti, Occ, Rea: Hsu et al., "PosterLayout", CVPR 2023. Ali: Kikuchi et al., "LayoutGAN++",
  ACM MM 2021 (after Li et al., TVCG 2020), in the base-10 form that content-aware systems report (Horita et al.,
  "Retrieval-Augmented Layout Transformer", CVPR 2024).
* PosterLayout's reference tests containment on three edges only (it compares the right edge with itself), takes one
  smallest distance per axis for all elements in Ali, and squares its gradients as 8 bit numbers, which overflow. Here
  containment has four edges, each element its own distance, and gradients are real numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from streamforge.render.colour import Pixels
from streamforge.render.saliency import Map, grey_of, saliency
from streamforge.render.scene import Frame

Kind = Literal["text", "logo", "underlay"]

LEAST_AREA = 0.001
"""Elements of no more than 0.1 % of the canvas are not valid, and count in no other measure."""
_GRADIENT_SIDE = 320
"""The long side (px) of the picture in which Rea looks for gradients: that of posters in the benchmark's papers."""
_EPSILON = 1e-6
_STRIDE, _VISIBLE = 2, 8
"""Every second pixel is looked at; neighbours that differ by more (of 255) are an edge."""
_RIM = 3
"""How wide a frame around an element tells what would be there without it, in px of the reduced picture."""


class Box(Struct, frozen=True):
    """An element: its kind and its box in px. An underlay is a filled shape made to carry another element."""

    kind: Kind
    frame: Frame


class LayoutMetrics(Struct, frozen=True, kw_only=True):
    """The measures of one banner. ``None``: not defined for it, such as Und without an underlay.

    ``val`` share of elements that are valid; ``ove`` mean IoU over the pairs of elements that are not underlays;
    ``ove_pku`` the sum of those IoU over the count of elements; ``ali`` misalignment; ``und_l``, ``und_s`` how well
    underlays lie under elements, loosely and strictly; ``uti`` share of the unsalient ground that is used; ``occ`` mean
    saliency under the elements; ``rea`` mean gradient under texts that stand on no underlay.
    """

    val: float | None
    ove: float | None
    ove_pku: float | None
    ali: float | None
    und_l: float | None
    und_s: float | None
    uti: float | None
    occ: float | None
    rea: float | None


def layout_metrics(width: int, height: int, boxes: Sequence[Box], ground: Pixels) -> LayoutMetrics:
    """All measures of the boxes on a canvas.

    ``ground`` is the picture without its texts, in RGBA; its logos and underlays are filled from what surrounds them,
    as the benchmark's posters were freed of their elements.
    """
    valid = [box for box in boxes if is_valid(box.frame, width, height)]
    frames = [box.frame for box in valid]
    others = [box.frame for box in valid if box.kind != "underlay"]
    underlays = [box.frame for box in valid if box.kind == "underlay"]
    texts = [box.frame for box in valid if box.kind == "text"]
    artwork = [box.frame for box in valid if box.kind != "text"]
    grey = _freed(grey_of(ground, _GRADIENT_SIDE), artwork, width, height)
    salient = saliency(grey)
    covered = _drawn(frames, [], width, height, salient.shape)
    return LayoutMetrics(
        val=len(valid) / len(boxes) if boxes else None,
        ove=mean_overlap(others),
        ove_pku=summed_overlap(others),
        ali=misalignment(frames, width, height),
        und_l=underlay_loose(underlays, others),
        und_s=underlay_strict(underlays, others),
        uti=utility(salient, covered),
        occ=occlusion(salient, covered),
        rea=unreadability(grey, texts, underlays, width, height),
    )


def void(picture: Pixels) -> float:
    """The longest stretch without anything to see along the long side, as a share of it, 0..1: our own measure.

    Of each line of pixels across it counts whether neighbours in it differ visibly, or the next line does: tones and
    gradients are empty, the edge of a letter, a shape or a motif is not.
    """
    green = picture[..., 1].astype(np.int16)
    lines = green if green.shape[0] >= green.shape[1] else green.T
    looked_at = lines[:, ::_STRIDE]
    seen: NDArray[np.bool_] = np.any(np.abs(np.diff(looked_at, axis=1)) > _VISIBLE, axis=1)
    seen[1:] |= np.any(np.abs(np.diff(looked_at, axis=0)) > _VISIBLE, axis=1)
    ends = np.concatenate([[-1], np.flatnonzero(seen), [len(lines)]])
    return float(np.diff(ends).max() - 1) / len(lines)


def is_valid(frame: Frame, width: int, height: int) -> bool:
    """Whether more than 0.1 % of the canvas' area is the element's (Val ↑ is the share of those that are)."""
    return frame.overlap(Frame(0, 0, width, height)) > LEAST_AREA * width * height


def iou(first: Frame, second: Frame) -> float:
    """Intersection over union of two frames, 0..1."""
    shared = first.overlap(second)
    union = first.width * first.height + second.width * second.height - shared
    return shared / union if union > 0 else 0.0


def mean_overlap(frames: Sequence[Frame]) -> float | None:
    """Ove ↓, the mean IoU over all pairs, 0..1 (as RALF reports it); None for fewer than two elements."""
    pairs = list(combinations(frames, 2))
    return sum(iou(a, b) for a, b in pairs) / len(pairs) if pairs else None


def summed_overlap(frames: Sequence[Frame]) -> float | None:
    """Ove ↓ in PosterLayout's form: the sum of IoU over all pairs, by the count of elements; None without any."""
    return sum(iou(a, b) for a, b in combinations(frames, 2)) / len(frames) if frames else None


def misalignment(frames: Sequence[Frame], width: int, height: int) -> float | None:
    """Ali ↓ (LayoutGAN++): the mean over elements of -log10(1 - d).

    d is the distance to the nearest other element on the best of six axes (left, centre, right, top, middle, bottom),
    in shares of the canvas; edges outside it count as its border. 0 for a lone element, None without any.
    """
    if not frames:
        return None
    if len(frames) == 1:
        return 0.0
    edges = np.array([_six_axes(frame, width, height) for frame in frames])
    apart = np.abs(edges[:, None, :] - edges[None, :, :])
    apart[np.arange(len(frames)), np.arange(len(frames))] = 1.0
    nearest = apart.min(axis=(1, 2))
    nearest[nearest >= 1.0] = 0.0
    return float(-np.log10(1.0 - nearest).mean()) + 0.0


def underlay_loose(underlays: Sequence[Frame], others: Sequence[Frame]) -> float | None:
    """Und_l ↑: the mean over underlays of the largest share of any one element that lies on it; None without any."""
    shares = [max((_share_on(under, each) for each in others), default=0.0) for under in underlays]
    return sum(shares) / len(shares) if shares else None


def underlay_strict(underlays: Sequence[Frame], others: Sequence[Frame]) -> float | None:
    """Und_s ↑: the share of underlays that contain an element whole, on all four edges; None without any."""
    filled = [any(contains(under, each) for each in others) for under in underlays]
    return sum(filled) / len(filled) if filled else None


def contains(outer: Frame, inner: Frame) -> bool:
    """Whether ``inner`` lies in ``outer``: left, top, right and bottom."""
    left, top = outer.x <= inner.x + _EPSILON, outer.y <= inner.y + _EPSILON
    right, bottom = outer.right >= inner.right - _EPSILON, outer.bottom >= inner.bottom - _EPSILON
    return left and top and right and bottom


def utility(salient: Map, covered: Map) -> float | None:
    """Uti ↑: the share of all that is not salient that elements cover; None where everything is salient."""
    quiet = 1.0 - salient
    total = float(quiet.sum())
    return float((quiet * covered).sum()) / total if total > 0 else None


def occlusion(salient: Map, covered: Map) -> float | None:
    """Occ ↓: the mean saliency under the elements; None without any."""
    area = float(covered.sum())
    return float((salient * covered).sum()) / area if area > 0 else None


def unreadability(
    grey: Map, texts: Sequence[Frame], underlays: Sequence[Frame], width: int, height: int
) -> float | None:
    """Rea ↓: the mean gradient under texts, where they stand on no underlay, in shares of the picture's greatest.

    The gradient is sqrt((gx² + gy²) / 2) by Sobel, which makes even a faint pattern count where there is no other. 0 on
    a flat ground, None without such texts.
    """
    under = _drawn(texts, underlays, width, height, grey.shape)
    area = float(under.sum())
    if not area:
        return None
    gradient = _sobel(grey)
    highest = float(gradient.max())
    return float((gradient * under).sum()) / area / highest if highest > _EPSILON else 0.0


def _share_on(under: Frame, element: Frame) -> float:
    area = element.width * element.height
    return under.overlap(element) / area if area > 0 else 0.0


def _six_axes(frame: Frame, width: int, height: int) -> tuple[float, ...]:
    centre_x, centre_y = (frame.x + frame.right) / 2, (frame.y + frame.bottom) / 2
    across = (max(frame.x, 0), centre_x, min(frame.right, width))
    down = (max(frame.y, 0), centre_y, min(frame.bottom, height))
    return (*(value / width for value in across), *(value / height for value in down))


def _drawn(frames: Sequence[Frame], holes: Sequence[Frame], width: int, height: int, shape: tuple[int, ...]) -> Map:
    """1 where a frame is and no hole, 0 elsewhere, and the shares between at their borders, on a grid of that shape."""
    return np.asarray(_painted(frames, width, height, shape) * (1.0 - _painted(holes, width, height, shape)))


def _painted(frames: Sequence[Frame], width: int, height: int, shape: tuple[int, ...]) -> Map:
    mask = np.zeros(shape)
    for frame in frames:
        rows, down = _cover(frame.y, frame.bottom, height, shape[0])
        columns, across = _cover(frame.x, frame.right, width, shape[1])
        part = mask[rows, columns]
        np.maximum(part, down[:, None] * across, out=part)
    return mask


def _cover(start: float, end: float, length: float, cells: int) -> tuple[slice, NDArray[np.float64]]:
    """Which of ``cells`` equal cells of a length a span touches, and how much of each it covers, 0..1."""
    size = length / cells
    first, last = max(int(start / size), 0), min(max(math.ceil(end / size), 0), cells)
    edges = np.arange(first, last) * size
    return slice(first, last), np.clip(np.minimum(end, edges + size) - np.maximum(start, edges), 0.0, size) / size


def _freed(grey: Map, frames: Sequence[Frame], width: int, height: int) -> Map:
    """The picture with every frame filled by the median of the pixels around it, the largest first."""
    freed = grey.copy()
    for frame in sorted(frames, key=lambda f: (-f.width * f.height, f.x, f.y, f.width)):
        across, down = grey.shape[1] / width, grey.shape[0] / height
        left, right = max(int(frame.x * across), 0), max(math.ceil(frame.right * across), 0)
        top, bottom = max(int(frame.y * down), 0), max(math.ceil(frame.bottom * down), 0)
        around = np.zeros(grey.shape, bool)
        around[max(top - _RIM, 0) : bottom + _RIM, max(left - _RIM, 0) : right + _RIM] = True
        around[top:bottom, left:right] = False
        if around.any():
            freed[top:bottom, left:right] = np.median(freed[around])
    return freed


def _sobel(grey: Map) -> Map:
    padded = np.pad(grey, 1, mode="edge")
    down = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    across = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    return np.sqrt(((down[:, 2:] - down[:, :-2]) ** 2 + (across[2:] - across[:-2]) ** 2) / 2)
