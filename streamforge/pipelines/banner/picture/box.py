"""A logo that brings its own box: on a ground of the box's colour only what is in the box is the logo."""

from __future__ import annotations

import numpy as np

from streamforge.render.colour import Pixels
from streamforge.render.scene import Frame

_ALIKE = 40
"""How far (of 255, per channel) two colours may be apart and count as one: a ground may be shaded."""
_ALL_AROUND = 0.8
"""The share of a logo's outermost pixels that its box takes, less those of its round corners."""
_OPAQUE = 128
_THIN = 4
"""Of a logo more pixels wide and high than this, the outermost line is left out: there a box may be half a pixel."""


def unboxed(logo: Pixels, ground: Pixels, frame: Frame) -> Pixels:
    """The logo with its box transparent where that has the ground's colour; the logo itself if it has no such box.

    ``logo`` is straight RGBA of the frame's size, ``ground`` the canvas without the logo.
    """
    top, left = max(round(frame.y), 0), max(round(frame.x), 0)
    behind = ground[top : top + logo.shape[0], left : left + logo.shape[1], :3]
    if behind.shape[:2] != logo.shape[:2]:
        return logo
    far = np.abs(logo[..., :3].astype(np.int16) - behind.astype(np.int16)).max(axis=2)
    opaque = logo[..., 3] >= _OPAQUE
    box = opaque & (far <= _ALIKE)
    inner = box[1:-1, 1:-1] if min(box.shape) > _THIN else box
    rim = np.concatenate([inner[0], inner[-1], inner[:, 0], inner[:, -1]])
    if rim.mean() < _ALL_AROUND or not (opaque & ~box).any():
        return logo
    bare = logo.copy()
    bare[..., 3][box] = 0
    return bare
