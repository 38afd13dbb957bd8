"""Saliency finds what stands out, and nothing where nothing does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamforge.render.colour import Pixels
from streamforge.render.saliency import SIDE, Map, grey_of, saliency


def scene(width: int, height: int, x: int, y: int, side: int) -> Map:
    """A regular pattern with one odd square on it."""
    rows, columns = np.mgrid[:height, :width]
    grey = 0.5 + 0.05 * np.sin(columns / 4) * np.sin(rows / 4)
    grey[y : y + side, x : x + side] = 1.0
    return grey


@pytest.mark.parametrize(("x", "y"), [(20, 20), (240, 30), (120, 100)])
def test_the_odd_one_out_is_the_most_salient(x: int, y: int) -> None:
    """The map's peak lies on the square that breaks the pattern, wherever it is."""
    found = saliency(scene(320, 160, x, y, 24))
    row, column = np.unravel_index(int(found.argmax()), found.shape)
    scale = 320 / found.shape[1]
    assert abs(column * scale - (x + 12)) <= 20
    assert abs(row * scale - (y + 12)) <= 20


def test_a_flat_picture_has_nothing_to_see() -> None:
    """No grey, however light, is salient alone, nor is noise below what an eye can tell."""
    for grey in (0.0, 0.5, 1.0):
        assert not saliency(np.full((30, 60), grey)).any()
    assert not saliency(np.full((30, 60), 0.5) + np.random.default_rng(3).random((30, 60)) * 5e-4).any()


@settings(max_examples=50, deadline=None)
@given(height=st.integers(1, 120), width=st.integers(1, 120), seed=st.integers(0, 99))
def test_maps_range_from_0_to_1_in_the_pictures_ratio(height: int, width: int, seed: int) -> None:
    """Any picture, a line of px included, has a finite map of 0..1 with a long side of at most 64."""
    found = saliency(np.random.default_rng(seed).random((height, width)))
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 1
    assert max(found.shape) == min(SIDE, max(height, width))
    assert abs(found.shape[0] - max(1, height * found.shape[1] / width)) <= 1 + height / width


def test_mirrored_pictures_have_mirrored_maps() -> None:
    """The transform knows no left and right."""
    grey = np.random.default_rng(4).random((48, 64))
    assert saliency(grey[:, ::-1]) == pytest.approx(saliency(grey)[:, ::-1], abs=1e-6)


@pytest.mark.parametrize(("width", "height"), [(1200, 628), (300, 250), (728, 90), (8, 900)])
def test_grey_values_are_averages(width: int, height: int) -> None:
    """A picture is reduced to the side asked for, keeps its ratio, and one colour stays that colour's luma."""
    pixels: Pixels = np.full((height, width, 4), 255, np.uint8)
    pixels[..., :3] = (200, 100, 50)
    grey = grey_of(pixels, 320)
    assert max(grey.shape) <= 320
    assert grey.shape[1] / grey.shape[0] == pytest.approx(width / height, rel=0.2)
    assert grey == pytest.approx((200 * 0.299 + 100 * 0.587 + 50 * 0.114) / 255, abs=1e-6)
