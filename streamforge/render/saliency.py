"""Where a picture draws the eye, by the spectral residual.

X. Hou and L. Zhang, "Saliency Detection: A Spectral Residual Approach", CVPR 2007: what the log amplitude of a
picture's spectrum has over its own local mean is what is unexpected in it. Numpy's FFT is all it takes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from streamforge.render.colour import Pixels

Map = NDArray[np.float64]

SIDE = 64
"""The scale of the paper: the picture's long side in px for the transform."""
_BLUR_SHARE = 0.04
"""The smoothing Gaussian's sigma as a share of the map's side: 2.5 px at the paper's scale."""
_LUMA = np.array([0.299, 0.587, 0.114])
_TINY = 1e-9
_FLAT = 1e-3
"""A picture whose grey values (0..1) spread less than this has nothing to look at."""


def saliency(grey: Map) -> Map:
    """A map of 0..1, the most salient place 1, of a picture's grey values (0..1); all 0 for a flat picture.

    The map has the picture's ratio and a long side of at most ``SIDE``.
    """
    small = _shrunk_to(grey, SIDE)
    if float(np.ptp(small)) < _FLAT:
        return np.zeros_like(small)
    spectrum = np.fft.fft2(small)
    amplitude = np.log(np.abs(spectrum) + _TINY)
    residual = amplitude - _box_blurred(amplitude)
    restored = np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2
    smooth = _gaussian_blurred(restored, _BLUR_SHARE * SIDE)
    low, high = float(smooth.min()), float(smooth.max())
    return (smooth - low) / (high - low) if high > low else np.zeros_like(smooth)


def grey_of(pixels: Pixels, side: int) -> Map:
    """The grey values (0..1, Rec. 601 luma) of RGBA pixels, averaged down to a long side of at most ``side`` px.

    Of large pictures every second pixel or so is taken.
    """
    factor = max(1, -(-max(pixels.shape[:2]) // side))
    step = max(1, factor // 2)
    sample = np.ascontiguousarray(np.ascontiguousarray(pixels).view(np.uint32)[::step, ::step, 0])
    picture = Image.frombuffer("RGBX", sample.shape[::-1], sample, "raw", "RGBX", 0, 1)
    reduced = np.asarray(picture.reduce(-(-factor // step)))
    return (reduced[..., :3] @ _LUMA) / 255


def _shrunk_to(grey: Map, side: int) -> Map:
    """Means over nearly equal cells, so that the long side is ``side``."""
    share = min(1.0, side / max(grey.shape))
    rows, columns = (max(1, round(length * share)) for length in grey.shape)
    return _averaged(_averaged(grey, rows).T, columns).T


def _averaged(values: Map, count: int) -> Map:
    """Means over ``count`` nearly equal runs of rows."""
    starts = np.arange(count) * values.shape[0] // count
    lengths = np.diff(np.append(starts, values.shape[0]))
    return np.add.reduceat(values, starts, axis=0) / lengths[:, None]


def _box_blurred(values: Map) -> Map:
    """The mean over 3 x 3, the spectrum being periodic."""
    rows = values + np.roll(values, 1, 0) + np.roll(values, -1, 0)
    return (rows + np.roll(rows, 1, 1) + np.roll(rows, -1, 1)) / 9


def _gaussian_blurred(values: Map, sigma: float) -> Map:
    """By a Gaussian that is cut off, and made up for, at the borders."""
    down, across = (_gaussian(length, sigma) for length in values.shape)
    return np.asarray(down @ values @ across.T)


def _gaussian(length: int, sigma: float) -> Map:
    """The matrix that blurs columns of that length; its rows sum to 1."""
    place = np.arange(length)
    weight = np.exp(-((place[:, None] - place) ** 2) / (2 * sigma**2))
    return weight / weight.sum(axis=1, keepdims=True)
