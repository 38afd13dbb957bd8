"""Items become pixels where they should."""

from __future__ import annotations

import numpy as np
import pytest

from streamforge.errors import AssetRejected
from streamforge.render import text
from streamforge.render.artwork import File
from streamforge.render.colour import Pixels
from streamforge.render.grounds import STYLES, Ground, background
from streamforge.render.paint import Easel
from streamforge.render.scene import (
    WHOLE,
    Circle,
    Crop,
    Frame,
    Glow,
    Gradient,
    Picture,
    Polygon,
    Rect,
    Shadow,
    Shape,
    Text,
)

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)
BOX = Frame(20, 20, 40, 40)


def painted(*shapes: Shape) -> Easel:
    """An 80x80 white canvas with the shapes on it."""
    easel = Easel(80, 80)
    easel.clear(WHITE)
    easel.paint(shapes)
    return easel


@pytest.mark.parametrize(
    "shape",
    [
        Rect(BOX, RED, radius=6),
        Circle(40, 40, 20, RED),
        Polygon(((20, 20), (60, 20), (60, 60), (20, 60)), RED),
        Polygon(((20, 20), (20, 20), (60, 20), (60, 20), (60, 60), (60, 60), (20, 60)), RED, smooth=True),
        Gradient(BOX, (20, 20), (60, 60), (RED, RED)),
    ],
)
def test_shapes_fill_their_place_only(shape: Shape) -> None:
    """The middle takes the colour, the canvas' corner keeps the ground, and all stays opaque."""
    pixels = painted(shape).pixels
    assert tuple(pixels[40, 40]) == (255, 0, 0, 255)
    assert tuple(pixels[2, 2]) == (255, 255, 255, 255)
    assert (pixels[..., 3] == 255).all()


def test_outlines_leave_their_middle_free() -> None:
    """A stroke paints the edge, not the inside."""
    for shape in (Rect(BOX, RED, stroke=4), Circle(40, 40, 20, RED, stroke=4)):
        pixels = painted(shape).pixels
        assert tuple(pixels[40, 40][:3]) == WHITE
        assert tuple(pixels[40, 20][:3]) == RED


def test_glows_and_shadows_fade() -> None:
    """Both are strongest inside and fade towards the outside."""
    for shape in (Glow(40, 40, 30, (0, 0, 0), 0.8), Shadow(BOX, 4, 6, 0, 0.8)):
        pixels = painted(shape).pixels
        assert pixels[40, 40, 0] < pixels[40, 17, 0] < 256
        assert pixels[40, 40, 0] < 150
        assert pixels[1, 1, 0] > 240


class Flat:
    """Artwork of one colour."""

    def __init__(self, rgba: tuple[int, int, int, int]) -> None:
        self._rgba = rgba

    def pixels(self, width: int, height: int, crop: Crop) -> Pixels:
        """The colour at that size."""
        assert crop == WHOLE
        return np.full((height, width, 4), self._rgba, np.uint8)

    @property
    def file(self) -> File:
        """Nothing that is asked for here."""
        raise NotImplementedError


def test_pictures_blend_by_their_alpha() -> None:
    """Half-transparent red on white is pink, in the picture's frame only."""
    easel = painted()
    easel.paint([Picture("logo", Frame(10, 10, 10, 10))], {"logo": Flat((255, 0, 0, 128))})
    assert abs(int(easel.pixels[15, 15, 1]) - 127) <= 2
    assert tuple(easel.pixels[21, 21][:3]) == WHITE


def test_gradients_fade_to_nothing() -> None:
    """A blend from opaque to clear covers at its start and leaves the ground at its end and beyond."""
    pixels = painted(Gradient(Frame(0, 0, 80, 80), (20, 0), (60, 0), (RED, RED), (1.0, 0.0))).pixels
    assert tuple(pixels[40, 5][:3]) == RED
    assert 100 < pixels[40, 40, 1] < 155
    assert tuple(pixels[40, 75][:3]) == WHITE


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("ends", [((0, 0), (80, 60)), ((0, 0), (80, 0)), ((0, 60), (0, 0)), ((70, 10), (20, 40))])
def test_a_blend_of_the_whole_canvas_is_the_painters(ends: tuple[tuple[int, int], tuple[int, int]], scale: int) -> None:
    """Looked up at every pixel, it has the colours that Skia gives the same gradient on a larger frame, within a step.

    The larger frame is what makes the painter leave it to Skia.
    """
    looked_up, drawn = Easel(80, 60, scale), Easel(80, 60, scale)
    looked_up.paint([Gradient(Frame(0, 0, 80, 60), *ends, (RED, (10, 40, 240)))])
    drawn.paint([Gradient(Frame(-1, -1, 90, 70), *ends, (RED, (10, 40, 240)))])
    apart = np.abs(looked_up.pixels.astype(int) - drawn.pixels)
    assert apart.max() <= 1
    assert looked_up.pixels.std(axis=(0, 1))[2] > 30


@pytest.mark.parametrize(("align", "columns"), [("left", (0, 40)), ("center", (20, 60)), ("right", (40, 80))])
def test_text_stays_in_its_part_of_the_box(align: str, columns: tuple[int, int]) -> None:
    """Alignment decides on which side of the box the ink is; its top is the box' top."""
    style = text.TextStyle("inter", 700)
    (block,) = text.blocks("HH", style, 1)
    easel = painted()
    frame = Frame(0, 30, 80, 20 * block.height)
    easel.text(
        Text(id="t", frame=frame, lines=block.lines, px=20, rise=block.rise, style=style, colour=BLUE, align=align)
    )
    rows, inked = np.nonzero(easel.pixels[..., 0] < 128)
    assert columns[0] <= inked.min()
    assert inked.max() < columns[1]
    assert 29 <= rows.min() <= 32
    assert rows.max() <= 30 + 20 * block.height + 1


def test_a_canvas_over_the_limit_is_refused() -> None:
    """Skia would fail or draw nothing; the easel says so first."""
    with pytest.raises(AssetRejected, match="20000x20000"):
        Easel(20_000, 20_000)


def ground(boxes: tuple[Frame, ...], width: int = 300, height: int = 250) -> Ground:
    """A light ground with blue decoration."""
    return Ground(
        width=width, height=height, boxes=boxes, ground=WHITE, ground_2=(230, 238, 255), accent=RED, decor=BLUE, seed=7
    )


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [(300, 250), (728, 90), (160, 600), (16, 16)])
def test_every_background_paints_at_every_shape(style: str, size: tuple[int, int]) -> None:
    """No style fails on any canvas, content or not, and equal inputs paint equal pixels."""
    for boxes in ((), (Frame(4, 4, size[0] / 2, size[1] / 2),), (Frame(0, 0, *size),)):
        results: list[bytes] = []
        for _ in range(2):
            easel = Easel(*size)
            shapes = background(style, ground(boxes, *size))
            easel.clear(WHITE)
            easel.paint(shapes)
            results.append(easel.pixels.tobytes())
        assert results[0] == results[1]


@pytest.mark.parametrize("style", [style for style in STYLES if style not in {"waves", "frame"}])
def test_strong_shapes_keep_off_the_content(style: str) -> None:
    """Under the content the ground changes little, whatever happens beside it."""
    box = Frame(16, 16, 170, 218)
    easel = Easel(300, 250)
    easel.clear(WHITE)
    easel.paint(background(style, ground((box,))))
    under = easel.pixels[16:234, 16:186, :3].astype(int)
    assert under.min() > 150
    assert (easel.pixels[..., :3] != 255).any(), "a background that paints nothing is no background"


def test_the_free_side_is_where_the_content_is_not() -> None:
    """Content on the left frees the right, and the other way round; content all over frees none."""
    assert ground((Frame(10, 10, 120, 230),)).side == "right"
    assert ground((Frame(170, 10, 120, 230),)).side == "left"
    assert ground((Frame(10, 10, 280, 230),)).side == "none"
