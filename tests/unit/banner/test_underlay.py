"""What lies under a single element takes the room that there is, and none of its neighbours'."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from streamforge.pipelines.banner.picture.underlay import ink_of_logo, plate, underlay
from streamforge.render.scene import Frame
from streamforge.render.verify import distance, outside

CANVAS = Frame(0, 0, 300, 250)
BOX = Frame(100, 100, 80, 30)
FRAMES = st.builds(
    Frame,
    st.integers(0, 260).map(float),
    st.integers(0, 230).map(float),
    st.integers(5, 120).map(float),
    st.integers(5, 60).map(float),
)


def test_it_has_its_rim_where_there_is_room() -> None:
    """Far from everything it is as large as it is wished."""
    assert underlay(BOX, 10, [Frame(0, 0, 20, 20)], CANVAS) == BOX.grown(10)


def test_it_gives_way_on_one_side() -> None:
    """A neighbour 6 px below takes 3 of them; the other sides keep theirs. At the canvas' edge it is the same."""
    assert underlay(BOX, 10, [Frame(90, 136, 100, 20)], CANVAS) == Frame(90, 90, 100, 43)
    assert underlay(Frame(8, 100, 80, 30), 10, [], CANVAS) == Frame(4, 90, 94, 50)


@given(box=FRAMES, others=st.lists(FRAMES, max_size=5), pad=st.integers(0, 60))
def test_neighbours_and_edges_keep_half_of_the_gap(box: Frame, others: list[Frame], pad: int) -> None:
    """However large it is wished, and where the neighbours are."""
    assume(outside(box, CANVAS) == 0)
    found = underlay(box, pad, others, CANVAS)
    assert outside(found, CANVAS) == 0
    assert outside(box, found) == 0
    for other in others:
        assert distance(found, other) >= min(distance(box, other), max(distance(box, other), 0) / 2)


@given(box=FRAMES, others=st.lists(FRAMES, max_size=5), reach=st.integers(-1, 80), pad=st.integers(1, 30))
def test_a_plate_covers_nobody_and_holds_the_logo(box: Frame, others: list[Frame], reach: int, pad: int) -> None:
    """It holds the logo's frame, stays on the canvas, and lies over no neighbour, whatever stands where."""
    assume(outside(box, CANVAS) == 0)
    free = [other for other in others if not box.overlap(other)]
    found = plate(box, box, pad, free, CANVAS, reach)
    assert outside(found, CANVAS) <= 1e-9
    assert outside(box, found) <= 1e-9
    assert not any(found.overlap(other) > 1e-6 for other in free)


@given(box=FRAMES, reach=st.integers(-1, 80), inset=st.integers(0, 8))
def test_a_plate_is_even_around_the_ink(box: Frame, reach: int, inset: int) -> None:
    """As much on the left of what is seen as on the right, and above as below, unless it spans the canvas."""
    assume(outside(box, CANVAS) == 0 and box.width > 30 and box.height > 30)
    ink = Frame(box.x + inset, box.y, box.width - 3 * inset, box.height)
    found = plate(box, ink, 6, [], CANVAS, reach)
    across, down = (ink.x - found.x, found.right - ink.right), (ink.y - found.y, found.bottom - ink.bottom)
    room = min(box.x, CANVAS.right - box.right) >= inset * 2
    assert found.width == CANVAS.width or not room or across[0] == pytest.approx(across[1])
    assert found.height == CANVAS.height or down[0] == pytest.approx(down[1])


def test_a_plate_ends_at_an_edge_if_the_other_side_has_room() -> None:
    """Twelve px from the left edge it is carried there, with twelve on the right as well; not onto a neighbour."""
    box = Frame(12, 100, 80, 30)
    assert plate(box, box, 5, [], CANVAS, 20) == Frame(0, 95, 104, 40)
    assert plate(box, box, 5, [Frame(100, 100, 50, 30)], CANVAS, 20) == Frame(8, 95, 88, 40)


def test_the_ink_of_a_logo_is_what_is_opaque() -> None:
    """Transparent rims do not count; a logo without a visible pixel counts as its frame."""
    pixels = np.zeros((30, 80, 4), np.uint8)
    assert ink_of_logo(pixels, BOX) == BOX
    pixels[5:20, 10:70, 3] = 255
    assert ink_of_logo(pixels, BOX) == Frame(110, 105, 60, 15)
