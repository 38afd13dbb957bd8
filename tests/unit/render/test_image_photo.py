"""Photographs: cropped to what the eye goes to, measured for a designer, never larger in memory than they show."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from streamforge.errors import AssetRejected
from streamforge.render import photo as photos
from streamforge.render.crop import Box, calm_side, crop_for
from streamforge.render.photo import Photo, load_photo, photo_facts
from tests.unit.render.pictures import data_uri, encoded, svg_uri


def scene(x: float, y: float, size: tuple[int, int] = (600, 400)) -> Photo:
    """A soft ground with one strong thing at that place (shares)."""
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    picture = Image.blend(picture, Image.new("RGB", size, "#88aabb"), 0.8)
    at, reach = (x * size[0], y * size[1]), min(size) * 0.12
    draw = ImageDraw.Draw(picture)
    draw.ellipse((at[0] - reach, at[1] - reach, at[0] + reach, at[1] + reach), fill="#b3202a")
    draw.line((at[0] - reach, at[1], at[0] + reach, at[1]), fill="#ffffff", width=6)
    return Photo(np.asarray(picture.convert("RGBA")))


def holds(box: Box, x: float, y: float) -> bool:
    """Whether a place lies well inside a crop."""
    left, top, right, bottom = box
    return left + 0.02 < x < right - 0.02 and top + 0.02 < y < bottom - 0.02


@pytest.mark.parametrize("aspect", [0.25, 0.5, 1.0, 1.5, 1.91, 3.0, 6.0])
@pytest.mark.parametrize(("x", "y"), [(0.2, 0.3), (0.5, 0.5), (0.8, 0.75), (0.12, 0.85), (0.9, 0.2)])
def test_the_crop_keeps_what_draws_the_eye(x: float, y: float, aspect: float) -> None:
    """Wherever it is, and whatever the shape of the frame; the crop has that shape and is as large as can be."""
    photo = scene(x, y)
    box = photo.crop_for(aspect)
    left, top, right, bottom = box
    assert holds(box, x, y)
    assert 0 <= left < right <= 1 + 1e-9
    assert 0 <= top < bottom <= 1 + 1e-9
    assert (right - left) * photo.width / ((bottom - top) * photo.height) == pytest.approx(aspect)
    assert max(right - left, bottom - top) == pytest.approx(1)


def test_a_crop_of_the_pictures_own_shape_is_the_picture() -> None:
    """Nothing is cut where nothing has to be."""
    assert scene(0.2, 0.2).crop_for(1.5) == pytest.approx((0, 0, 1, 1))


def test_among_good_crops_the_subject_is_put_on_a_third() -> None:
    """A subject that any of many windows would hold stands a third, or in the middle, not at the edge."""
    interest = np.zeros((40, 400), np.float32)
    interest[18:22, 195:205] = 1
    left, _, right, _ = crop_for(interest, (4000, 400), 4.0)
    at = (0.5 - left) / (right - left)
    assert min(abs(at - 1 / 3), abs(at - 2 / 3)) < 0.03


def test_an_even_picture_is_cut_about_its_middle() -> None:
    """Without anything to keep, the crop is a defined one: the same each time, inside the picture."""
    even = np.zeros((100, 100), np.float32)
    boxes = {crop_for(even, (100, 100), 2.0) for _ in range(3)}
    assert len(boxes) == 1
    assert 0 <= boxes.pop()[1] <= 0.5


@pytest.mark.parametrize(
    ("x", "y", "calm"), [(0.85, 0.5, "left"), (0.15, 0.5, "right"), (0.5, 0.85, "top"), (0.5, 0.12, "bottom")]
)
def test_the_calm_side_is_away_from_the_subject(x: float, y: float, calm: str) -> None:
    """Text can stand where the subject is not."""
    assert photo_facts(scene(x, y, (500, 500))).calm == calm


def test_a_busy_picture_is_calm_nowhere() -> None:
    """Noise all over leaves no side for text."""
    busy = np.random.default_rng(3).random((80, 120)).astype(np.float32)
    assert calm_side(busy) == "nowhere"


def test_the_part_asked_for_is_drawn() -> None:
    """The crop's left half is the picture's, at exactly the size asked for."""
    picture = Image.new("RGB", (100, 60), "#0000ff")
    picture.paste("#ff0000", (0, 0, 50, 60))
    drawn = Photo(np.asarray(picture.convert("RGBA"))).rasterise(33, 21, (0.0, 0.25, 0.5, 1.0))
    assert drawn.shape == (21, 33, 4)
    assert (drawn[..., 0] > 240).all()


def test_a_large_photograph_is_kept_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would not show takes no memory; its shape stays."""
    monkeypatch.setattr(photos, "MAX_KEPT_PIXELS", 20_000)
    photo = load_photo(data_uri(encoded(Image.new("RGB", (900, 600), "#336699"), "JPEG"), "image/jpeg"))
    assert photo.width * photo.height <= 20_000
    assert photo.width / photo.height == pytest.approx(1.5, abs=0.02)


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        (svg_uri("<rect/>"), "cannot be an SVG"),
        (data_uri(encoded(Image.new("RGB", (1000, 100)))), "1000x100"),
        (data_uri(encoded(Image.new("RGBA", (50, 50)))), "no visible pixel"),
        (data_uri(b"GIF89a"), "it is a GIF"),
    ],
)
def test_what_is_no_photograph_is_refused(uri: str, said: str) -> None:
    """Vectors, strips, empty and foreign files are named by the field they came in."""
    with pytest.raises(AssetRejected, match=said) as caught:
        load_photo(uri)
    assert caught.value.field == "hero"
    assert caught.value.hint


def test_equal_pictures_give_equal_crops_and_facts() -> None:
    """Nothing but the picture decides."""
    first, second = scene(0.3, 0.4), scene(0.3, 0.4)
    assert first.crop_for(3.3) == second.crop_for(3.3)
    assert photo_facts(first) == photo_facts(second)
