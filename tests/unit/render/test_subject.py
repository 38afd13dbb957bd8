"""What a photograph is of, and windows on it that do not cut that."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from streamforge.render.crop import room_beside, shown_of
from streamforge.render.photo import Photo
from streamforge.render.scene import WHOLE

SIZE = (1600, 1000)
SHAPES = (0.35, 0.5, 0.56, 0.83, 1.0, 1.2, 1.91, 3.3)


def figure(left: int) -> Photo:
    """Somebody with a pale hat and a red dress, 300 px wide and 650 high, in a meadow under an evening sky."""
    rng = np.random.default_rng(1)
    fade = np.linspace(0, 1, SIZE[1])[:, None]
    sky = np.array([240, 180, 120]) * (1 - fade) + np.array([130, 90, 200]) * fade
    picture = Image.fromarray(np.repeat(sky[:, None, :], SIZE[0], axis=1).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for x, y in zip(rng.integers(0, SIZE[0], 400), rng.integers(620, SIZE[1], 400), strict=True):
        draw.ellipse(
            (x - 30, y - 12, x + 30, y + 12), fill=tuple(int(v) for v in rng.integers((20, 60, 20), (90, 140, 70)))
        )
    draw.ellipse((left, 250, left + 300, 550), fill="#fafaf0")
    draw.rectangle((left + 70, 500, left + 230, 900), fill="#961e28")
    draw.ellipse((left + 80, 360, left + 220, 520), fill="#e1b496")
    return Photo(np.asarray(picture.filter(ImageFilter.GaussianBlur(2)).convert("RGBA")))


def bottle() -> Photo:
    """A bottle on a table, at the left of an upright picture."""
    picture = Image.new("RGB", (900, 1300), "#ded6c8")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 1000, 900, 1300), fill="#966e50")
    draw.rounded_rectangle((120, 560, 300, 1120), 40, fill="#1e4632")
    draw.rectangle((180, 400, 240, 600), fill="#1e4632")
    return Photo(np.asarray(picture.convert("RGBA")))


@pytest.mark.parametrize("left", [60, 300, 650, 1050, 1280])
def test_the_subject_is_found_whole_and_alone(left: int) -> None:
    """Hat, face and dress are in the box, the meadow and the sky are not."""
    found = figure(left).subject
    assert found == pytest.approx((left / 1600, 0.25, (left + 300) / 1600, 0.9), abs=0.04)


@pytest.mark.parametrize("aspect", SHAPES)
@pytest.mark.parametrize("left", [60, 650, 1050, 1280])
def test_no_window_cuts_a_subject_that_it_has_room_for(left: int, aspect: float) -> None:
    """Whatever the shape: the subject is whole in the window, or the window is too low, and then the head is in it."""
    photo = figure(left)
    x0, y0, x1, y1 = photo.crop_for(aspect)
    near, top, far, bottom = photo.subject
    assert x0 <= near + 0.01
    assert x1 >= far - 0.01
    assert y0 <= top
    if shown_of(SIZE, aspect, photo.subject) == 1:
        assert y1 >= bottom - 0.01
    else:
        assert y1 >= top + 0.7 * (y1 - y0)


@pytest.mark.parametrize(("covered", "open_side"), [((0.05, 0.1, 0.5, 0.9), "right"), ((0.5, 0.1, 0.95, 0.9), "left")])
@pytest.mark.parametrize("left", [60, 650, 1280])
def test_the_subject_keeps_away_from_what_lies_over_the_picture(
    left: int, covered: tuple[float, float, float, float], open_side: str
) -> None:
    """Where the window can slide, it slides the subject to the side that is left open."""
    photo = figure(left)
    aside, plain = photo.crop_for(0.8, covered), photo.crop_for(0.8)
    middle = (photo.subject[0] + photo.subject[2]) / 2
    moved = (middle - aside[0]) / (aside[2] - aside[0]) - (middle - plain[0]) / (plain[2] - plain[0])
    assert moved >= 0 if open_side == "right" else moved <= 0
    assert aside[0] <= photo.subject[0]
    assert aside[2] >= photo.subject[2]


def test_a_subject_too_wide_for_the_window_is_not_cut_at_its_head() -> None:
    """Of a wide boat the sail, which is its head, is what an upright window keeps."""
    picture = Image.new("RGB", (1200, 800), "#9cc3e6")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((200, 560, 1000, 680), fill="#7a2020")
    draw.polygon([(760, 540), (900, 540), (830, 160)], fill="#ffffff")
    left, _, right, _ = Photo(np.asarray(picture.convert("RGBA"))).crop_for(0.4)
    assert left < 760 / 1200
    assert right > 900 / 1200


def test_there_is_room_for_text_where_the_subject_is_not() -> None:
    """On the far side of a figure at the right there is more than half of a landscape free, on the near one little."""
    photo = figure(1050)
    room = room_beside(SIZE, 1.91, photo.subject)
    assert room["left"] > 0.6
    assert room["right"] < 0.2
    assert room_beside(SIZE, 3.3, photo.subject) == {"left": 0, "right": 0, "top": 0, "bottom": 0}


def test_an_upright_picture_has_room_above_its_subject() -> None:
    """A bottle that stands on a table leaves the upper part of a narrow window to the text."""
    photo = bottle()
    assert room_beside((photo.width, photo.height), 0.5, photo.subject)["top"] > 0.25


@pytest.mark.parametrize("kind", ["flat", "gradient", "noise", "confetti"])
def test_a_picture_of_nothing_in_particular_has_no_subject(kind: str) -> None:
    """Walls, skies, noise and crowds are whole pictures: no part of them is what must not be cut."""
    rng = np.random.default_rng(4)
    picture = Image.new("RGB", (480, 320), "#99aabb")
    if kind == "gradient":
        picture = Image.linear_gradient("L").resize((480, 320)).convert("RGB")
    elif kind == "noise":
        picture = Image.fromarray(rng.integers(0, 255, (320, 480, 3), np.uint8))
    elif kind == "confetti":
        draw = ImageDraw.Draw(picture)
        for x, y in zip(rng.integers(0, 480, 300), rng.integers(0, 320, 300), strict=True):
            draw.ellipse((x - 14, y - 14, x + 14, y + 14), fill=tuple(int(v) for v in rng.integers(0, 255, 3)))
    assert Photo(np.asarray(picture.convert("RGBA"))).subject == WHOLE
