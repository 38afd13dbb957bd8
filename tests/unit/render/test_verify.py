"""Verification sees what a person would: faint text, text outside its box, collisions, hidden logos."""

from __future__ import annotations

import re
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from numpy.typing import NDArray

from streamforge.render import verify
from streamforge.render.checks import CHECKS, CheckName, Finding, finding, skipped
from streamforge.render.colour import Pixels, Rgb, contrast, luminance_of, mix, parse, to_hex
from streamforge.render.ink import Ink, ink_of
from streamforge.render.paint import Easel
from streamforge.render.scene import Frame, Picture, Text
from streamforge.render.text import TextStyle, block_of
from streamforge.render.verify import Place

WHITE, BLACK, GREY = (255, 255, 255), (0, 0, 0), (119, 119, 119)


def flat(colour: Rgb, width: int = 300, height: int = 100) -> Pixels:
    """A canvas of one colour."""
    pixels = np.full((height, width, 4), 255, np.uint8)
    pixels[..., :3] = colour
    return pixels


def noise(width: int = 300, height: int = 100) -> Pixels:
    """A canvas like a busy photo: every pixel's grey is another."""
    grey = np.random.default_rng(5).integers(0, 256, (height, width, 1), np.uint8)
    return np.concatenate([grey, grey, grey, np.full_like(grey, 255)], axis=2)


def words(
    colour: Rgb = BLACK,
    px: float = 16,
    weight: int = 400,
    lines: tuple[str, ...] = ("Hello there",),
    width: float | None = None,
) -> Text:
    """A text at (20, 20), in a box of its own size unless a width is given."""
    style = TextStyle("inter", weight)
    block = block_of(lines, style)
    frame = Frame(20, 20, block.width * px if width is None else width, block.height * px)
    return Text(id="t", frame=frame, lines=lines, px=px, rise=block.rise, style=style, colour=colour)


def painted(ground: Pixels, text: Text) -> tuple[Pixels, Ink]:
    """The text on a ground, and its ink."""
    easel = Easel(ground.shape[1], ground.shape[0])
    easel.pixels[...] = ground
    easel.text(text)
    return easel.pixels, ink_of(text)


def measured(ground: Pixels, text: Text) -> Finding:
    """The contrast of a text painted on a ground."""
    pixels, ink = painted(ground, text)
    (found,) = verify.check_contrast(ground, pixels, [ink])
    return found


def test_contrast_follows_wcag() -> None:
    """The reference values of WCAG 2.2: black on white is 21, #777 on white is 4.48."""
    assert contrast(luminance_of(WHITE), luminance_of(BLACK)) == pytest.approx(21)
    assert contrast(luminance_of(GREY), luminance_of(WHITE)) == pytest.approx(4.48, abs=0.01)


def test_colours_parse_and_mix() -> None:
    """Short and long codes are read, and mixing is linear."""
    assert parse("#f0a") == parse("#ff00aa") == (255, 0, 170)
    assert to_hex((1, 2, 255)) == "#0102ff"
    assert mix(WHITE, BLACK, 0.25) == (191, 191, 191)


def test_large_and_bold_text_needs_less() -> None:
    """4.5 for small text; 3 from 24 px, or from 18.66 px if bold."""
    limits = [
        verify.needed_contrast(words(BLACK, px, weight)) for px, weight in ((16, 700), (19, 400), (19, 700), (24, 400))
    ]
    assert limits == [4.5, 4.5, 3.0, 3.0]


@pytest.mark.parametrize("px", [12, 16, 40, 90])
def test_faint_text_fails_with_a_hint(px: float) -> None:
    """#777 on white is 4.48 at every size: too little for small text, enough for large, and the finding says so."""
    found = measured(flat(WHITE, 900, 200), words(GREY, px))
    assert found.measured == pytest.approx(4.48, abs=0.02)
    assert (found.passed, found.limit) == ((True, 3.0) if px >= 24 else (False, 4.5))
    assert bool(found.fix_hint) is not found.passed


def test_noise_under_a_text_fails_it() -> None:
    """On a picture like a busy photo neither black nor white can be read, whatever their contrast with its mean."""
    for ink in (BLACK, WHITE, (255, 230, 0)):
        assert measured(noise(), words(ink)).measured < 2
        assert not measured(noise(900, 200), words(ink, 60)).passed


def test_only_the_pixels_around_the_letters_count() -> None:
    """A dark patch in the box away from its words does no harm; under a tenth of them it fails the text."""
    text = words(BLACK, width=250)
    ground = flat(WHITE)
    ground[20:34, 170:260, :3] = 20
    assert measured(ground, text).measured == pytest.approx(21, abs=0.1)
    assert verify.text_contrast(ground, text.frame, BLACK) < 2
    ground = flat(WHITE)
    ground[18:36, 20:34, :3] = 20
    assert measured(ground, text).measured < 2


def test_the_ink_is_read_from_the_picture() -> None:
    """Letters that were painted paler than their text says, as a whole or in part, are measured as they are."""
    text, ground = words(BLACK, 40, 700), flat(WHITE)
    pixels, ink = painted(ground, text)
    veiled = (pixels * 0.3 + ground * 0.7).astype(np.uint8)
    assert verify.ink_contrast(ground, veiled, ink) < 3
    half = pixels.copy()
    half[:, 150:] = veiled[:, 150:]
    assert verify.ink_contrast(ground, half, ink) < 3 < verify.ink_contrast(ground, pixels, ink)


def test_ink_and_ground_that_change_together_can_be_read() -> None:
    """Black on white that turns into white on black passes: each letter is held against the ground around it."""
    text, ground = words(BLACK, 40, 700, ("HIH HIH HIH HIH",)), flat(WHITE, 600)
    pixels, ink = painted(ground, text)
    middle = int(20 + text.frame.width / 2)
    for each in (ground, pixels):
        each[:, middle:, :3] = 255 - each[:, middle:, :3]
    assert verify.ink_contrast(ground, pixels, ink) > 15


def test_hairlines_are_measured_by_their_colour() -> None:
    """Type so thin that no pixel is its colour is not taken for a paler one."""
    assert measured(flat(WHITE), words(BLACK, 8, 300)).measured == pytest.approx(21, abs=0.1)


def test_text_beyond_the_canvas_has_no_contrast() -> None:
    """What is not on the picture measures 1 rather than raising."""
    far = Text(
        id="t", frame=Frame(500, 500, 60, 12), lines=("Hi",), px=12, rise=0.7, style=TextStyle("inter", 400),
        colour=BLACK,
    )  # fmt: skip
    ground = flat(WHITE)
    assert verify.ink_contrast(ground, ground, ink_of(far)) == 1.0
    assert verify.text_contrast(ground, far.frame, BLACK) == 1.0


@settings(max_examples=30, deadline=None)
@given(grey=st.integers(0, 255), ink=st.integers(0, 255))
def test_on_flat_grounds_fast_and_exact_agree(grey: int, ink: int) -> None:
    """Both ways to measure give the contrast of the two colours where there are only two."""
    text, ground = words((ink, ink, ink)), flat((grey, grey, grey))
    expected = contrast(luminance_of((grey, grey, grey)), luminance_of((ink, ink, ink)))
    assert verify.text_contrast(ground, text.frame, text.colour) == pytest.approx(expected, rel=1e-4)
    pixels, own = painted(ground, text)
    assert verify.ink_contrast(ground, pixels, own) == pytest.approx(expected, rel=0.03)


@settings(max_examples=40, deadline=None)
@given(
    dots=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 14)), max_size=6),
    by=st.integers(0, 9),
)
def test_dilation_reaches_exactly_so_far(dots: list[tuple[int, int]], by: int) -> None:
    """A pixel is in the dilated mask exactly if one of the mask's is within so many rows and columns."""
    mask = np.zeros((12, 15), bool)
    for dot in dots:
        mask[dot] = True
    grown: NDArray[np.bool_] = verify.dilated(mask, by)
    for row, column in np.ndindex(mask.shape):
        near = mask[max(row - by, 0) : row + by + 1, max(column - by, 0) : column + by + 1]
        assert grown[row, column] == near.any()


def test_overflow_is_measured_in_px() -> None:
    """A line wider than its box fails by the px that stick out; ink in its own box, tails and accents too, does not."""
    (found,) = verify.check_overflow([ink_of(words(width=40))])
    wide = words().frame.width
    assert not found.passed
    assert found.measured == pytest.approx(wide - 40, abs=4)
    sound = [words(lines=("Ângström, gÿp (Q)",)), words(lines=("two", "jolly lines"), px=40, weight=700)]
    assert all(each.passed for each in verify.check_overflow([ink_of(text) for text in sound]))


def test_lines_too_far_down_overflow() -> None:
    """More lines than the box has height for fail as well."""
    text = words(lines=("one", "two", "three"))
    low = Text(
        id="t", frame=Frame(20, 20, text.frame.width, 14), lines=text.lines, px=16, rise=text.rise, style=text.style,
        colour=BLACK,
    )  # fmt: skip
    (found,) = verify.check_overflow([ink_of(low)])
    assert found.measured > 20


def test_each_line_has_its_own_ink() -> None:
    """The boxes of a ragged text's lines follow each line, and none reaches into the next."""
    first, second = ink_of(words(lines=("A long first line", "end"), px=30)).line_bounds()
    assert first.width > 3 * second.width
    assert first.bottom <= second.y


@pytest.mark.parametrize("shift", [0.0, 0.25, 0.5, 1.0, 1.5, 7.375])
@pytest.mark.parametrize("align", ["left", "center", "right"])
def test_ink_is_what_the_picture_has(shift: float, align: str) -> None:
    """Wherever a text stands, its ink alone is, pixel by pixel, what the painter put on the canvas."""
    text = words(lines=("Support", "local farmers"), px=18, weight=300, width=201.5)
    frame = Frame(text.frame.x + shift, text.frame.y + shift, text.frame.width, text.frame.height)
    text = replace(text, frame=frame, align=align)
    easel = Easel(300, 100)
    easel.text(text)
    ink = ink_of(text)
    window, inner = verify.overlap(ink, easel.pixels)
    assert ink.cover[inner].any()
    assert (easel.pixels[window][..., 3] == ink.cover[inner]).all()
    easel.pixels[window] = 0
    assert not easel.pixels.any()


def test_ink_outside_the_letters_is_found() -> None:
    """Pixels that changed where no text has ink are counted; those of the text are not."""
    ground = flat(WHITE)
    pixels, ink = painted(ground, words())
    assert verify.check_stray_ink(ground, pixels, [ink]).passed
    pixels[90, 90:95] = 0
    found = verify.check_stray_ink(ground, pixels, [ink])
    assert (found.passed, found.measured) == (False, 5)


def test_overlaps_name_the_pair() -> None:
    """Every colliding pair is one finding; without any, one passed line."""
    a, b, c = (
        Place(n, f) for n, f in (("a", Frame(0, 0, 20, 20)), ("b", Frame(10, 10, 20, 20)), ("c", Frame(50, 50, 5, 5)))
    )
    (found,) = verify.check_overlaps("text_overlap", [a, b, c])
    assert (found.element, found.measured, found.passed) == ("a, b", 100, False)
    assert verify.check_overlaps("text_overlap", [b, c])[0].passed
    assert verify.check_overlaps("logo_overlap", [a], [b])[0].element == "a, b"


def test_ink_that_leaves_its_box_collides() -> None:
    """Two boxes apart, but the ink of one reaches into the other: the shared area is that of the ink."""
    neighbour = Place("n", Frame(70, 15, 50, 25))
    ink = ink_of(words(width=40))
    boxed, inked = Place("t", ink.text.frame), Place("t", ink.text.frame, tuple(ink.line_bounds()))
    assert verify.shared_area(boxed, neighbour) == 0
    assert verify.shared_area(inked, neighbour) > 100


def test_margins_tell_outside_from_near() -> None:
    """A box in the margin fails by its distance; one outside the canvas has a negative one."""
    boxes = [Frame(10, 10, 20, 20), Frame(4, 10, 20, 20), Frame(90, 10, 20, 20)]
    found = verify.check_margins(100, 60, 8, [Place("x", box) for box in boxes])
    assert [each.passed for each in found] == [True, False, False]
    assert [each.measured for each in found] == [10, 4, -10]


def test_bounds_hold_boxes_and_ink() -> None:
    """An element is as far outside as the worst of its box and its ink."""
    bounds = Frame(0, 0, 100, 100)
    inside, box, ink = (
        Place("a", Frame(0, 0, 100, 100)),
        Place("b", Frame(90, 0, 20, 20)),
        Place("c", Frame(0, 0, 9, 9), (Frame(-7, 0, 9, 9),)),
    )
    assert [f.measured for f in verify.check_within("safe_zone", bounds, [inside, box, ink])] == [0, 10, 7]
    assert [f.passed for f in verify.check_within("safe_zone", bounds, [inside, box, ink])] == [True, False, False]


def test_clear_space_is_the_gap_to_the_nearest_ink() -> None:
    """The gap counts along the axis on which the two are apart; a text's box does not matter where its ink is."""
    logo = Place("logo", Frame(0, 0, 40, 20))
    far, near = Place("far", Frame(0, 60, 10, 10)), Place("near", Frame(42, 0, 60, 10), (Frame(55, 0, 40, 10),))
    assert verify.check_clear_space(logo, 10, [far, near]).measured == 15
    assert verify.check_clear_space(logo, 10, [far, near]).passed
    assert not verify.check_clear_space(logo, 20, [far, near]).passed
    assert verify.distance(logo.frame, Frame(50, 30, 5, 5)) == 10
    assert verify.distance(logo.frame, Frame(30, 10, 5, 5)) < 0


def test_a_file_over_its_cap_fails_by_name() -> None:
    """The weight is held to the byte."""
    assert verify.check_weight("banner.png", 150_000, 150_000).passed
    found = verify.check_weight("banner.png", 150_001, 150_000)
    assert (found.check, found.element, found.passed, found.unit) == ("weight", "banner.png", False, "bytes")


def test_a_button_is_held_against_its_ground() -> None:
    """The contrast across a button's outline, round ends or not; 1 where it has its ground's colour."""
    ground = flat(WHITE)
    frame = Frame(50, 30, 120, 40)
    assert verify.edge_contrast(ground, frame) == pytest.approx(1)
    ground[30:70, 50:170, :3] = GREY
    ground[30:40, 50:60, :3] = ground[60:70, 160:170, :3] = 255
    assert verify.edge_contrast(ground, frame) == pytest.approx(4.48, abs=0.01)
    assert verify.edge_contrast(ground, Frame(-50, -50, 800, 800)) == 1.0


def logo(colour: Rgb, *, outline: Rgb | None = None) -> Pixels:
    """A 40x40 logo: a filled square with a transparent border, optionally outlined."""
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[5:35, 5:35] = (*(outline or colour), 255)
    pixels[8:32, 8:32] = (*colour, 255)
    return pixels


def test_a_logo_must_show_at_its_outline() -> None:
    """White on white is hidden, dark on white shows, and so does white inside a dark outline."""
    where = Picture("logo", Frame(20, 10, 40, 40))
    assert not verify.check_logo(logo(WHITE), flat(WHITE), where).passed
    assert verify.check_logo(logo((40, 40, 60)), flat(WHITE), where).passed
    assert verify.check_logo(logo(WHITE, outline=(40, 40, 60)), flat(WHITE), where).passed


def test_an_opaque_logo_is_judged_at_its_border() -> None:
    """A logo without transparency is seen if its box differs from the ground."""
    opaque = flat(WHITE, 40, 40)
    where = Picture("logo", Frame(10, 10, 40, 40))
    assert verify.check_logo(opaque, flat(BLACK), where).passed
    assert not verify.check_logo(opaque, flat(WHITE), where).passed


def test_the_table_has_every_check_and_bounds_both_ways() -> None:
    """Each name has a rule with all its words, and ``bound`` decides on which side of the limit a finding passes."""
    assert set(CHECKS) == set(get_args(CheckName))
    assert all(rule.meaning and rule.unit and rule.limit and rule.fix for rule in CHECKS.values())
    assert [finding("contrast", "a", value, 4.5).passed for value in (4.4, 4.5, 4.6)] == [False, True, True]
    assert [finding("weight", "a", value, 5).passed for value in (4, 5, 6)] == [True, True, False]
    assert finding("contrast", "a", 1, 4.5).fix_hint == CHECKS["contrast"].fix
    assert finding("present", "a", 0, 1, "do this").fix_hint == "do this"


def test_hints_never_ask_for_opposites() -> None:
    """All fixes point one way (less to say, calmer grounds), so no two of them can contradict each other."""
    opposite = re.compile(r"\b(add|more words|longer|enlarge|larger|bigger|busier|smaller)\b")
    assert [name for name, rule in CHECKS.items() if opposite.search(rule.fix)] == []


def test_a_skipped_check_says_why() -> None:
    """What cannot be measured passes, is marked, and carries the reason."""
    found = skipped("ocr", "canvas", 0.8, "not installed")
    assert (found.passed, found.skipped, found.fix_hint) == (True, True, "not installed")
