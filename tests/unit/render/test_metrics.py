"""The field's layout measures: their values by hand, their ranges, and what must not change them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamforge.render import metrics
from streamforge.render.colour import Pixels
from streamforge.render.metrics import Box, layout_metrics
from streamforge.render.scene import Frame

WIDTH, HEIGHT = 200, 100


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    """Frames on the canvas, in whole px."""
    x, y = draw(st.integers(0, WIDTH - 20)), draw(st.integers(0, HEIGHT - 20))
    return Frame(x, y, draw(st.integers(5, WIDTH - x)), draw(st.integers(5, HEIGHT - y)))


def boxes() -> st.SearchStrategy[list[Box]]:
    """Up to six elements of any kind."""
    kinds = st.sampled_from(["text", "logo", "underlay"])
    return st.lists(st.builds(Box, kinds, frames()), max_size=6)


def ground(seed: int = 1) -> Pixels:
    """A canvas with something on it: a bright disc on a ramp."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    grey = (columns * 0.4 + seed).astype(np.uint8)
    grey[(rows - 30) ** 2 + (columns - 150) ** 2 < 120] = 250
    return np.dstack([grey, grey, grey, np.full_like(grey, 255)])


def test_val_drops_what_is_hardly_there() -> None:
    """An element counts from more than 0.1 % of the canvas: 20 px² of 20000 do not, 21 do; what is off it never."""
    assert not metrics.is_valid(Frame(0, 0, 10, 2), WIDTH, HEIGHT)
    assert metrics.is_valid(Frame(0, 0, 21, 1), WIDTH, HEIGHT)
    assert not metrics.is_valid(Frame(199, 0, 50, 10), WIDTH, HEIGHT)
    tiny = [Box("text", Frame(0, 0, 50, 10)), Box("text", Frame(0, 50, 3, 3))]
    assert layout_metrics(WIDTH, HEIGHT, tiny, ground()).val == 0.5


def test_ove_by_hand_in_both_forms() -> None:
    """Two squares that share a third of their union, and one apart: IoU 1/3 over 3 pairs, and over 3 elements."""
    three = [Frame(0, 0, 20, 20), Frame(10, 0, 20, 20), Frame(100, 50, 20, 20)]
    assert metrics.iou(three[0], three[1]) == pytest.approx(1 / 3)
    assert metrics.mean_overlap(three) == pytest.approx(1 / 9)
    assert metrics.summed_overlap(three) == pytest.approx(1 / 9)
    two = three[:2]
    assert metrics.mean_overlap(two) == pytest.approx(1 / 3)
    assert metrics.summed_overlap(two) == pytest.approx(1 / 6)
    assert metrics.mean_overlap(two[:1]) is None


def test_ali_by_hand() -> None:
    """Elements that share an edge are aligned; one that misses every axis counts by its nearest, in base 10."""
    left = [Frame(10, 10, 50, 10), Frame(10, 40, 90, 10)]
    assert metrics.misalignment(left, WIDTH, HEIGHT) == 0
    # 4 px of 200 apart on the left edge: 0.02; every other axis is farther apart
    off = [Frame(10, 10, 50, 10), Frame(14, 40, 90, 13)]
    assert metrics.misalignment(off, WIDTH, HEIGHT) == pytest.approx(-math.log10(0.98))
    # the third is aligned with neither: its own nearest is the left edge of the second, 0.03 away
    third = [*left, Frame(16, 70, 140, 17)]
    assert metrics.misalignment(third, WIDTH, HEIGHT) == pytest.approx(-math.log10(0.97) / 3)
    assert metrics.misalignment(left[:1], WIDTH, HEIGHT) == 0


def test_containment_has_four_edges() -> None:
    """An element that sticks out of its underlay at the right is not contained; the field's reference says it is."""
    under = Frame(10, 10, 60, 40)
    assert metrics.contains(under, Frame(15, 15, 40, 20))
    for out in (Frame(5, 15, 40, 20), Frame(15, 5, 40, 20), Frame(15, 40, 40, 20), Frame(50, 15, 40, 20)):
        assert not metrics.contains(under, out)
        assert metrics.underlay_strict([under], [out]) == 0
    assert metrics.underlay_strict([under, Frame(100, 10, 20, 20)], [Frame(15, 15, 40, 20)]) == 0.5


def reference_contains(outer: Frame, inner: Frame) -> bool:
    """Containment as PosterLayout's published code decides it: the right edge of ``inner`` against itself."""
    left, top, bottom = outer.x <= inner.x, outer.y <= inner.y, outer.bottom >= inner.bottom
    return left and top and inner.right >= inner.right and bottom


@settings(max_examples=100, deadline=None)
@given(outer=frames(), inner=frames())
def test_containment_differs_from_the_reference_only_at_the_right(outer: Frame, inner: Frame) -> None:
    """Where the two disagree, the element sticks out at the right edge and nowhere else."""
    if reference_contains(outer, inner) != metrics.contains(outer, inner):
        assert inner.right > outer.right
        assert not metrics.contains(outer, inner)


def test_und_l_takes_the_best_covered_element() -> None:
    """Half of one element and a quarter of another lie on the underlay: one half; None without an underlay."""
    under = Frame(0, 0, 40, 40)
    assert metrics.underlay_loose([under], [Frame(20, 0, 40, 40), Frame(30, 0, 40, 40)]) == 0.5
    assert metrics.underlay_loose([under], []) == 0
    assert metrics.underlay_loose([], [under]) is None
    assert metrics.underlay_strict([], [under]) is None


def test_uti_and_occ_by_hand() -> None:
    """On a map half salient, an element on the quiet half uses all of it and hides nothing."""
    salient = np.zeros((4, 8))
    salient[:, 4:] = 1
    quiet, loud = np.zeros((4, 8)), np.zeros((4, 8))
    quiet[:, :4] = 1
    loud[:, 2:6] = 1
    assert (metrics.utility(salient, quiet), metrics.occlusion(salient, quiet)) == (1, 0)
    assert (metrics.utility(salient, loud), metrics.occlusion(salient, loud)) == (0.5, 0.5)
    assert metrics.occlusion(salient, np.zeros((4, 8))) is None
    assert metrics.utility(np.ones((4, 8)), quiet) is None


def test_rea_counts_busy_ground_under_bare_texts_only() -> None:
    """Text on the flat half scores 0, on the striped half more, and on an underlay there not at all."""
    grey = np.full((HEIGHT, WIDTH), 0.5)
    grey[:, 100::4] = grey[:, 101::4] = 0.9
    flat, busy = Frame(10, 10, 60, 20), Frame(110, 10, 60, 20)
    assert metrics.unreadability(grey, [flat], [], WIDTH, HEIGHT) == 0
    assert (metrics.unreadability(grey, [busy], [], WIDTH, HEIGHT) or 0) > 0.9
    assert metrics.unreadability(grey, [busy], [busy], WIDTH, HEIGHT) is None
    assert metrics.unreadability(np.full((9, 9), 0.5), [flat], [], WIDTH, HEIGHT) == 0


def test_gradient_by_hand() -> None:
    """A step of 1 down the middle: Sobel gives 4 at both its sides, over the root of 2; everything else is 0."""
    step = np.zeros((5, 6))
    step[:, 3:] = 1
    assert metrics.unreadability(step, [Frame(2, 0, 2, 5)], [], 6, 5) == pytest.approx(1)
    assert metrics.unreadability(step, [Frame(0, 0, 6, 5)], [], 6, 5) == pytest.approx(2 / 6)


def test_the_logo_itself_is_not_what_occ_sees() -> None:
    """The ground is judged without the elements on it: a logo on a flat ground hides nothing."""
    canvas = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
    canvas[20:50, 30:80, :3] = np.random.default_rng(2).integers(0, 255, (30, 50, 1), np.uint8)
    with_logo = layout_metrics(WIDTH, HEIGHT, [Box("logo", Frame(30, 20, 50, 30))], canvas)
    assert with_logo.occ == 0
    text_over_it = layout_metrics(WIDTH, HEIGHT, [Box("text", Frame(30, 20, 50, 30))], canvas)
    assert (text_over_it.occ or 0) > 0.2


@settings(max_examples=60, deadline=None)
@given(elements=boxes())
def test_every_measure_stays_in_its_range(elements: list[Box]) -> None:
    """Whatever the layout: shares lie in 0..1, and the two that may be larger are not negative."""
    found = layout_metrics(WIDTH, HEIGHT, elements, ground())
    shares = (found.val, found.ove, found.und_l, found.und_s, found.uti, found.occ, found.rea)
    assert all(-1e-9 <= value <= 1 + 1e-9 for value in shares if value is not None)
    assert all(value >= 0 for value in (found.ali, found.ove_pku) if value is not None)
    assert (found.und_s or 0) <= (found.und_l or 0) + 1e-9
    assert (found.val is None) is (not elements)


@settings(max_examples=60, deadline=None)
@given(elements=boxes(), data=st.data())
def test_the_order_of_elements_does_not_matter(elements: list[Box], data: st.DataObject) -> None:
    """A layout is a set: any permutation has the same measures."""
    shuffled = data.draw(st.permutations(elements))
    first, second = (layout_metrics(WIDTH, HEIGHT, each, ground()) for each in (elements, shuffled))
    for name in first.__struct_fields__:
        one, two = getattr(first, name), getattr(second, name)
        assert (one is None and two is None) or one == pytest.approx(two)


@settings(max_examples=60, deadline=None)
@given(elements=st.lists(frames(), min_size=1, max_size=5))
def test_geometry_does_not_depend_on_the_scale(elements: list[Frame]) -> None:
    """A canvas three times as large with everything on it has the same Ove, Ali and Und."""
    larger = [Frame(f.x * 3, f.y * 3, f.width * 3, f.height * 3) for f in elements]
    assert metrics.misalignment(elements, WIDTH, HEIGHT) == pytest.approx(
        metrics.misalignment(larger, WIDTH * 3, HEIGHT * 3)
    )
    assert metrics.summed_overlap(elements) == pytest.approx(metrics.summed_overlap(larger))
    assert metrics.underlay_loose(elements[:1], elements[1:]) == pytest.approx(
        metrics.underlay_loose(larger[:1], larger[1:])
    )


@settings(max_examples=60, deadline=None)
@given(elements=st.lists(frames(), min_size=2, max_size=5))
def test_mirroring_changes_no_geometry(elements: list[Frame]) -> None:
    """Left and right are alike to Ove and Ali."""
    mirrored = [Frame(WIDTH - f.right, f.y, f.width, f.height) for f in elements]
    assert metrics.mean_overlap(elements) == pytest.approx(metrics.mean_overlap(mirrored))
    assert metrics.misalignment(elements, WIDTH, HEIGHT) == pytest.approx(
        metrics.misalignment(mirrored, WIDTH, HEIGHT), abs=1e-9
    )


def test_a_void_is_the_longest_stretch_without_an_edge() -> None:
    """Along the long side, whichever that is; a soft ramp is empty, and a line of one pixel ends it."""
    rows = np.linspace(0, 255, 300).astype(np.uint8)
    picture = np.repeat(np.repeat(rows[:, None, None], 100, axis=1), 4, axis=2)
    assert metrics.void(picture) == 1
    marked = picture.copy()
    marked[100, 40:60] = 255
    marked[240:250, 40:60] = 0
    assert metrics.void(marked) == pytest.approx(138 / 300)
    assert metrics.void(marked.transpose(1, 0, 2)) == metrics.void(marked)
