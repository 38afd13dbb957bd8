"""A scene is data: it can be stored, counted, and read in the order of the eye."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from streamforge.render.paint import Easel, paint
from streamforge.render.scene import Scene, in_reading_order
from tests.unit.render.scenes import artworks, everything, text


def test_a_scene_survives_json() -> None:
    """Every kind of item comes back as what it was."""
    scene = everything()
    assert msgspec.json.decode(msgspec.json.encode(scene), type=Scene) == scene


def test_items_come_in_the_order_of_their_groups() -> None:
    """The list is the groups' items one after the other, bottom first."""
    scene = everything()
    assert list(scene.items()) == [item for group in scene.groups for item in group.items]
    assert len(list(scene.items())) == 13


@pytest.mark.parametrize(
    ("places", "order"),
    [
        ({"a": (10, 10), "b": (10, 60), "c": (10, 110)}, "abc"),
        ({"a": (10, 10), "b": (10, 50), "c": (300, 10), "d": (300, 50)}, "abcd"),
        ({"a": (10, 10), "b": (10, 200), "c": (90, 200)}, "abc"),
        ({"a": (50, 10), "b": (10, 150), "c": (300, 170), "d": (10, 190)}, "abdc"),
    ],
)
def test_texts_are_read_column_by_column(places: dict[str, tuple[int, int]], order: str) -> None:
    """A column is read to its end before the next one, and what stands above all columns comes first."""
    texts = [text(name, ("word",), place, 20) for name, place in places.items()]
    assert "".join(item.id for item in in_reading_order(texts[::-1])) == order


def test_overlapping_texts_still_have_an_order() -> None:
    """Where no cut separates texts, the upper one comes first, and none is lost."""
    texts = [text(name, ("word",), (10, top), 40) for name, top in (("b", 22), ("a", 20), ("c", 24))]
    assert [item.id for item in in_reading_order(texts)] == ["a", "b", "c"]


def test_baselines_are_whole_pixels() -> None:
    """Whatever the box, a line stands on a pixel edge, so that every backend puts it in the same row."""
    item = text("t", ("one", "two", "three"), (10.3, 20.47), 17)
    baselines = [item.baseline(index) for index in range(3)]
    assert all(value == int(value) for value in baselines)
    assert baselines[1] - baselines[0] == pytest.approx(17 * item.style.leading, abs=1)


def test_painting_at_twice_the_size_shows_the_same() -> None:
    """Averaged down again, the double picture is the single one but for edges."""
    scene, pictures = everything(), artworks()
    single, double = paint(scene, pictures), paint(scene, pictures, 2)
    assert double.shape == (600, 800, 4)
    down = double.reshape(300, 2, 400, 2, 4).mean(axis=(1, 3))
    assert np.abs(down - single).mean() < 2
    assert tuple(double[2 * 100, 2 * 200][:3]) == tuple(single[100, 200][:3])


def test_a_rounded_picture_leaves_its_corners_free() -> None:
    """The crop fills the frame (its right, blue half), the corner shows the ground, at both scales."""
    scene, pictures = everything(), artworks()
    for scale in (1, 2):
        pixels = paint(scene, pictures, scale)
        assert np.abs(pixels[120 * scale, 70 * scale, :3].astype(int) - (30, 60, 200)).max() <= 4
        assert tuple(pixels[81 * scale, 11 * scale][:3]) == (255, 255, 255)


def test_an_easel_shows_what_is_painted_at_once() -> None:
    """Painting item by item gives the same pixels as painting the scene."""
    scene, pictures = everything(), artworks()
    easel = Easel(scene.width, scene.height)
    easel.clear(scene.ground)
    for group in scene.groups:
        easel.paint(group.items, pictures)
    assert np.array_equal(easel.pixels, paint(scene, pictures))
