"""The boxes that other renderers are given show what the scene says."""

from __future__ import annotations

import re

import pytest

from benchmarks.boxes import tree_of
from streamforge.render.scene import Frame, Gradient, Group, Scene

Point = tuple[float, float]


def css(start: Point, end: Point) -> tuple[float, list[float]]:
    """The angle and the two places (percent) of a gradient over 200x100."""
    blend = Gradient(Frame(0, 0, 200, 100), start, end, ((0, 0, 0), (255, 255, 255)))
    scene = Scene(width=200, height=100, ground=(0, 0, 0), groups=[Group("ground", "background", (blend,))])
    written = tree_of(scene, "")["props"]["children"][0]["props"]["style"]["backgroundImage"]
    angle, *places = re.findall(r"(-?[\d.]+)(?:deg|%)", written)
    return float(angle), [float(place) for place in places]


@pytest.mark.parametrize(
    ("start", "end", "angle", "places"),
    [
        ((0, 0), (200, 0), 90, [0, 100]),
        ((0, 100), (0, 0), 0, [0, 100]),
        ((0, 25), (0, 75), 180, [25, 75]),
        ((0, 0), (200, 100), 116.565, [0, 100]),
        ((0, 0), (100, 100), 135, [0, 66.67]),
    ],
)
def test_a_gradient_runs_in_css_from_point_to_point(
    start: Point, end: Point, angle: float, places: list[float]
) -> None:
    """CSS measures along a line through the middle, clockwise from upwards: 0 and 100 % are where corners project."""
    found = css(start, end)
    assert found[0] == pytest.approx(angle, abs=0.01)
    assert found[1] == pytest.approx(places, abs=0.01)
