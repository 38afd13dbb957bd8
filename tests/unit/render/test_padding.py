"""Padding is measured on the picture: from the ink to where the plate's colour ends."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from streamforge.render.checks import Finding
from streamforge.render.colour import Pixels
from streamforge.render.ink import ink_of
from streamforge.render.padding import check_logo_padding, check_padding
from streamforge.render.scene import Frame, Text
from streamforge.render.text import TextStyle, block_of

STYLE = TextStyle("inter", 700)
CANVAS = Frame(0, 0, 600, 200)
RED = (200, 30, 30)


def offer(*lines: str, x: float = 100) -> Text:
    """A text at that place."""
    block = block_of(lines or ("30% off",), STYLE)
    frame = Frame(x, 60, block.width * 40, block.height * 40)
    return Text(id="offer", frame=frame, lines=block.lines, px=40, rise=block.rise, style=block.style, colour=RED)


def on(text: Text, left: float, top: float, right: float, bottom: float) -> Pixels:
    """White with a red plate that reaches that far beyond the text's ink."""
    picture: Pixels = np.full((200, 600, 4), 255, np.uint8)
    box = ink_of(text).bounds()
    assert box is not None
    y, x = slice(max(round(box.y - top), 0), round(box.bottom + bottom)), slice(max(round(box.x - left), 0), None)
    picture[y, x.start : round(box.right + right), :3] = RED
    return picture


def measured(text: Text, picture: Pixels, plate: Frame | None = None) -> Finding | None:
    """What the check finds."""
    return check_padding(picture, ink_of(text), plate)


def test_room_on_all_sides_passes() -> None:
    """A third of the type size all around is enough."""
    found = measured(offer(), on(offer(), 14, 10, 14, 10))
    assert found is not None
    assert found.passed


@pytest.mark.parametrize("rims", [(2, 10, 14, 10), (14, 10, 4, 10), (14, 1, 14, 10), (14, 10, 14, 1)])
def test_a_text_at_the_edge_of_its_plate_fails(rims: tuple[int, int, int, int]) -> None:
    """On whichever side: what is measured is that side's distance, in whole pixels."""
    found = measured(offer(), on(offer(), *rims))
    assert found is not None
    assert not found.passed
    assert found.measured == pytest.approx(min(rims), abs=1)


def test_uneven_sides_fail() -> None:
    """Enough for the type, but less than half of what the other side has."""
    found = measured(offer(), on(offer(), 16, 10, 60, 10))
    assert found is not None
    assert (found.passed, round(found.limit)) == (False, 28)


def test_the_longest_line_counts() -> None:
    """A short second line leaves more room at its end, which makes no plate uneven."""
    text = offer("30% off all", "now")
    found = measured(text, on(text, 14, 10, 14, 10))
    assert found is not None
    assert found.passed


def test_a_band_over_the_canvas_has_no_ends() -> None:
    """Of a plate that runs from edge to edge only what is above and below the text counts."""
    text = offer(x=20)
    picture = on(text, 600, 10, 600, 10)
    found = measured(text, picture)
    assert found is not None
    assert (found.passed, round(found.limit)) == (True, 2)
    assert measured(text, np.full_like(picture, 255)) is None


def test_a_plate_in_the_grounds_colour_ends_at_its_box() -> None:
    """Where no colour tells where a label ends, its box does."""
    text, white = offer(), np.full((200, 600, 4), 255, np.uint8)
    box = ink_of(text).bounds()
    assert box is not None
    found = measured(text, white, box.grown(14))
    assert found is not None
    assert found.passed
    narrow = measured(text, white, replace(box.grown(14), width=box.width + 16))
    assert narrow is not None
    assert not narrow.passed


def test_a_logos_plate_is_even() -> None:
    """22 px on one side and 44 on the other fail; on a band the sides along it do not count."""
    ink = Frame(44, 20, 100, 40)
    even = check_logo_padding("logo", ink, Frame(0, 0, 188, 80), CANVAS)
    uneven = check_logo_padding("logo", ink, Frame(0, 0, 160, 80), CANVAS)
    band = check_logo_padding("logo", Frame(44, 10, 100, 40), Frame(0, 0, 188, 200), CANVAS)
    assert even is not None
    assert uneven is not None
    assert band is not None
    assert (even.passed, uneven.passed, band.passed) == (True, False, True)
