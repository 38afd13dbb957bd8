"""What lies under a single element takes the room that there is, and none of its neighbours'."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from streamforge.pipelines.banner.picture.underlay import tab, underlay
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


@given(box=FRAMES, others=st.lists(FRAMES, max_size=5), reach=st.integers(0, 80))
def test_a_tab_ends_at_near_edges_and_covers_nobody(box: Frame, others: list[Frame], reach: int) -> None:
    """It holds the plate, stays on the canvas, ends at an edge or where the plate did, and lies over no neighbour."""
    assume(outside(box, CANVAS) == 0)
    free = [other for other in others if not box.overlap(other)]
    found = tab(box, free, CANVAS, reach)
    assert outside(found, CANVAS) == 0
    assert outside(box, found) == 0
    assert not any(found.overlap(other) for other in free)
    assert found.x in {box.x, 0}
    assert found.bottom in {box.bottom, 250}
    assert tab(box, [], CANVAS, reach).x == (0 if box.x <= reach else box.x)
