"""The subject of a photograph: what is not of the colours of its borders, and skin, in one box.

That a photograph's background reaches its borders and its subject mostly does not is the boundary prior of Y. Wei and
others, "Geodesic Saliency Using Background Priors", ECCV 2012. Here the distance is one of colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from streamforge.render.colour import Pixels
from streamforge.render.scene import WHOLE
from streamforge.render.scene import Crop as Box

Map = NDArray[np.float32]
Mask = NDArray[np.bool_]

_CELLS = 56
"""The map's long side: enough to tell a head from a wall."""
_OPPONENT = np.array([[0.299, 0.587, 0.114], [0.5, -0.5, 0.0], [-0.25, -0.25, 0.5]], np.float32)
_WEIGHTS = np.array([0.6, 1.3, 1.3], np.float32)
"""Lightness counts less than hue: shadows fall on every background."""
_OF_BORDER = 0.05
"""A colour that this share of the borders is near to is a background's."""
_STANDS_OUT = 0.1
"""The least distance of a subject's colours from the borders'."""
_OF_MOST, _SHADED = 0.4, 0.8
"""What share of the largest distance, and of the least one, is still the subject's."""
_OF_LARGEST = 0.2
"""Parts of less than this share of the largest part's mass are specks."""
_LEAST_CELLS, _FEW_PARTS = 4, 4
_MOST = 0.9
"""A subject that takes more than this share of both sides is the whole picture."""
_SKIN_WORTH = 1.0
"""Skin that is no colour of the borders counts so much more: a face goes before the clothes."""
_MOST_SKIN = 0.3
"""Where more of a picture than this has the chromaticity of skin, it is wood, sand or a wall."""


def subject_of(pixels: Pixels) -> Box:
    """The box of a picture's subject; the whole for one that has none, or many."""
    rgb = _cells(pixels)
    distance = _apart(rgb)
    if float(np.percentile(_blurred(distance), 99)) < _STANDS_OUT:
        return WHOLE
    apart = _blurred(np.asarray(distance * (1 + _SKIN_WORTH * _face(rgb)), np.float32))
    most = float(np.percentile(apart, 99))
    parts = sorted(
        _parts(apart > max(_STANDS_OUT * _SHADED, _OF_MOST * most)), key=lambda part: -float(apart[part].sum())
    )
    parts = [part for part in parts if np.count_nonzero(part) >= _LEAST_CELLS]
    kept = [part for part in parts if apart[part].sum() >= _OF_LARGEST * apart[parts[0]].sum()]
    if not kept or len(kept) > _FEW_PARTS:
        return WHOLE
    return _box(np.any(kept, axis=0))


def skin_of(rgb: Map) -> Map:
    """How much a pixel (0..1) has the chromaticity that skin of every tone shares; people look at people first."""
    total = np.maximum(rgb.sum(axis=2), 1e-3)
    red, green = rgb[..., 0] / total, rgb[..., 1] / total
    near: Map = np.exp(-(((red - 0.43) / 0.035) ** 2) - ((green - 0.32) / 0.015) ** 2)
    return np.where(total > 0.5, near, 0).astype(np.float32)  # noqa: PLR2004 - in the dark everything has it


def _cells(pixels: Pixels) -> Map:
    height, width = pixels.shape[:2]
    scale = _CELLS / max(height, width)
    size = (max(4, round(width * scale)), max(4, round(height * scale)))
    small = Image.fromarray(np.ascontiguousarray(pixels)).convert("RGB").resize(size, Image.Resampling.BOX)
    return np.asarray(small, np.float32) / np.float32(255)


def _apart(rgb: Map) -> Map:
    """How far each cell's colour is from the nearest colours of the borders."""
    seen = (rgb @ _OPPONENT.T) * _WEIGHTS
    border = np.concatenate([seen[0], seen[-1], seen[1:-1, 0], seen[1:-1, -1]])
    distances = np.linalg.norm(seen[:, :, None, :] - border[None, None], axis=3)
    near = max(1, round(_OF_BORDER * len(border)))
    found: Map = np.partition(distances, near, axis=2)[..., : near + 1].mean(axis=2, dtype=np.float32)
    return found


def _face(rgb: Map) -> Map:
    """Skin, where it is not everywhere."""
    skin = skin_of(rgb)
    return skin if float(skin.mean()) <= _MOST_SKIN else np.zeros_like(skin)


def _blurred(values: Map) -> Map:
    """The mean over 3 x 3: what nearly touches is one part."""
    padded = np.pad(values, 1, mode="edge")
    rows, columns = values.shape
    windows = [padded[y : y + rows, x : x + columns] for y in range(3) for x in range(3)]
    mean: Map = np.asarray(np.mean(windows, axis=0), np.float32)
    return mean


def _parts(mask: Mask) -> Iterator[Mask]:
    """The connected parts of a mask, by the place of their first cell."""
    left = mask.copy()
    while left.any():
        first = np.unravel_index(int(np.argmax(left)), left.shape)
        part = np.zeros_like(left)
        part[first] = True
        grown = _grown(part, left)
        while grown.sum() > part.sum():
            part, grown = grown, _grown(grown, left)
        left &= ~part
        yield part


def _grown(part: Mask, within: Mask) -> Mask:
    """The part with its eight neighbours, as far as they are of the mask."""
    padded = np.pad(part, 1)
    rows, columns = part.shape
    return within & np.any([padded[y : y + rows, x : x + columns] for y in range(3) for x in range(3)], axis=0)


def _box(mask: Mask) -> Box:
    """The box around a mask; one that takes nearly all of both sides is the whole."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = mask.shape
    left, right = int(columns[0]) / width, (int(columns[-1]) + 1) / width
    top, bottom = int(rows[0]) / height, (int(rows[-1]) + 1) / height
    return WHOLE if min(right - left, bottom - top) > _MOST else (left, top, right, bottom)
