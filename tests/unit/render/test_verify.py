"""Verification sees what a person would: faint text, text outside its box, collisions, hidden logos."""

from __future__ import annotations

import numpy as np
import pytest

from streamforge.render import verify
from streamforge.render.colour import Pixels, Rgb, contrast, luminance_of, mix, parse, to_hex
from streamforge.render.scene import Frame, Picture, Text
from streamforge.render.text import TextStyle

WHITE, BLACK, GREY = (255, 255, 255), (0, 0, 0), (119, 119, 119)


def flat(colour: Rgb, width: int = 100, height: int = 60) -> Pixels:
    """A canvas of one colour."""
    pixels = np.full((height, width, 4), 255, np.uint8)
    pixels[..., :3] = colour
    return pixels


def words(colour: Rgb, px: float = 16, weight: int = 400, frame: Frame | None = None) -> Text:
    """A short text at (10, 10)."""
    style = TextStyle("inter", weight)
    return Text(
        id="t", frame=frame or Frame(10, 10, 60, 12), lines=("Hello",), px=px, rise=0.77, style=style, colour=colour
    )


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


def test_faint_text_fails_with_a_hint() -> None:
    """#777 on white just misses 4.5, and the finding says what was measured."""
    (finding,) = verify.check_contrast(flat(WHITE), [words(GREY)])
    assert not finding.passed
    assert finding.measured == pytest.approx(4.48, abs=0.01)
    assert finding.limit == 4.5
    assert finding.fix_hint
    (good,) = verify.check_contrast(flat(WHITE), [words(BLACK)])
    assert good.passed
    assert not good.fix_hint


def test_contrast_is_decided_by_the_worst_of_a_mixed_ground() -> None:
    """A dark stripe under a tenth of a dark text fails it, though the mean would pass."""
    ground = flat(WHITE)
    ground[10:22, 10:18, :3] = 20
    assert verify.text_contrast(ground, Frame(10, 10, 60, 12), BLACK) < 2


def test_text_beyond_the_canvas_has_no_contrast() -> None:
    """A frame outside the picture measures 1 rather than failing."""
    assert verify.text_contrast(flat(WHITE), Frame(500, 500, 10, 10), BLACK) == 1.0


def test_overflow_is_measured_in_px() -> None:
    """A line wider than its box fails by the difference."""
    narrow = words(BLACK, frame=Frame(10, 10, 20, 12))
    (finding,) = verify.check_overflow([narrow])
    assert not finding.passed
    assert 10 < finding.measured < 30
    assert verify.check_overflow([words(BLACK)])[0].passed


def test_ink_outside_the_boxes_is_found() -> None:
    """Pixels that text changed away from its box are counted; those within are not."""
    before = flat(WHITE)
    after = before.copy()
    after[12:18, 12:30] = 0
    assert verify.check_stray_ink(before, after, [words(BLACK)]).passed
    after[50, 90:95] = 0
    finding = verify.check_stray_ink(before, after, [words(BLACK)])
    assert not finding.passed
    assert finding.measured == 5


def test_overlaps_name_the_pair() -> None:
    """Every colliding pair is one finding; without any, one passed line."""
    boxes = [("a", Frame(0, 0, 20, 20)), ("b", Frame(10, 10, 20, 20)), ("c", Frame(50, 50, 5, 5))]
    (finding,) = verify.check_overlaps("text_overlap", boxes, [])
    assert (finding.element, finding.measured, finding.passed) == ("a, b", 100, False)
    assert verify.check_overlaps("text_overlap", boxes[1:], [])[0].passed
    assert verify.check_overlaps("logo_overlap", boxes[:1], boxes[1:2])[0].element == "a, b"


def test_margins_tell_outside_from_near() -> None:
    """A box in the margin fails by its distance; one outside the canvas has a negative one."""
    boxes = [("in", Frame(10, 10, 20, 20)), ("near", Frame(4, 10, 20, 20)), ("out", Frame(90, 10, 20, 20))]
    findings = verify.check_margins(100, 60, 8, boxes)
    assert [f.passed for f in findings] == [True, False, False]
    assert [f.measured for f in findings] == [10, 4, -10]


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
