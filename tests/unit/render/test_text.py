"""Text is broken well, measured truly, and never crashes on what people type."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamforge.errors import InvalidInput
from streamforge.render import fonts, text
from streamforge.render.text import TextStyle

HEAD = TextStyle("poppins", 700, leading=1.1, tracking=-0.01)
BODY = TextStyle("inter", 400, leading=1.3)


def test_lines_are_balanced() -> None:
    """Two lines share the words evenly rather than filling the first."""
    _, two = text.blocks("Fresh bread every single morning", BODY, 2)
    assert two.lines == ("Fresh bread every", "single morning")
    assert two.evenness > 0.75


def test_no_line_ends_in_a_small_word_if_it_can_be_helped() -> None:
    """Articles and prepositions go to the line of the word they belong to."""
    _, two = text.blocks("Guided tours of the old harbour", BODY, 2)
    assert two.lines == ("Guided tours", "of the old harbour")


def test_figures_stay_with_their_words() -> None:
    """A bare figure neither ends a line nor begins one, and a comma is a good place to break."""
    _, two = text.blocks("Buy 1, Get 1 Free", BODY, 2)
    assert two.lines == ("Buy 1,", "Get 1 Free")


def test_words_are_never_broken() -> None:
    """A word longer than any room is kept whole: it has no size that fits rather than a hyphen."""
    word = "Donaudampfschifffahrtsgesellschaft"
    (block,) = text.blocks(word, HEAD, 5)
    assert block.lines == (word,)
    assert text.sizes([block], [40], 300, 300) == []


def test_separators_vanish_at_line_ends() -> None:
    """A dot between two phone numbers neither begins nor ends a line."""
    blocks = text.blocks("126-3764-1376 · 301-17361-5085", BODY, 2)
    assert blocks[1].lines == ("126-3764-1376", "301-17361-5085")


def test_ideographs_break_anywhere() -> None:
    """Text without spaces still wraps where its script allows."""
    assert [len(line) for line in text.blocks("漢字漢字漢字", BODY, 2)[1].lines] == [3, 3]


def test_widths_grow_with_the_type_size() -> None:
    """A block measured once holds at every size: Skia's own width agrees within half a percent."""
    line = "Artificial Intelligence, explained"
    for px in (11, 24, 90):
        shaped = text.shape(line, BODY, px, 0).MaxIntrinsicWidth
        assert shaped == pytest.approx(text.line_width(line, BODY) * px, rel=0.005)


def test_dominated_sizes_are_left_out() -> None:
    """No size is kept that another one beats in type and in both dimensions."""
    blocks = text.blocks("Celebrate love on a budget with coffee", HEAD, 3)
    sizes = text.sizes(blocks, [20, 30, 40, 50, 60], 700, 300)
    assert sizes
    for one in sizes:
        better = [o for o in sizes if o.px > one.px and o.width <= one.width and o.height <= one.height]
        assert all(o.block.penalty > one.block.penalty for o in better)


def test_sizes_fit_the_room_given() -> None:
    """Every size is within the room, and without room there are none."""
    blocks = text.blocks("Short words only", HEAD, 3)
    assert all(s.width <= 150 and s.height <= 80 for s in text.sizes(blocks, [10, 20, 40], 150, 80))
    assert text.sizes(blocks, [40], 5, 5) == []
    assert text.blocks("", HEAD, 3) == []


def test_what_cannot_be_set_is_counted() -> None:
    """Emoji no font has are left out and counted; lone surrogates and controls go too; the rest stays."""
    cleaned, lost = text.clean("Hi 🎉 there\x00 \ud800 friend\n", BODY)
    assert cleaned == "Hi there friend"
    assert lost == 2


def test_capitals_are_made_before_measuring() -> None:
    """An upper-case style measures capitals, sharp s included."""
    assert text.clean("straße", TextStyle("inter", 600, upper=True))[0] == "STRASSE"


def test_right_to_left_is_told_by_the_first_strong_letter() -> None:
    """Digits and punctuation do not decide the direction."""
    assert text.is_rtl("123 שלום")
    assert not text.is_rtl("123 shalom")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_text_can_be_measured(raw: str) -> None:
    """No string crashes cleaning, breaking or shaping, and no visible word is lost in breaking."""
    cleaned, _ = text.clean(raw, BODY)
    for block in text.blocks(cleaned, BODY, 3):
        joined = "".join("".join(block.lines).split())
        assert set(joined) <= set(cleaned)
        assert block.width >= 0
        text.shape(block.lines[0], BODY, 12, 0)


def test_unknown_families_are_refused_by_name() -> None:
    """Skia would fall back silently; the catalogue does not."""
    with pytest.raises(InvalidInput, match="comic-sans"):
        text.line_width("x", TextStyle("comic-sans", 400))


@pytest.mark.parametrize("family", fonts.FONT_IDS)
def test_weights_change_the_letters(family: str) -> None:
    """Every family of the catalogue has a lighter and a bolder cut that measure differently."""
    light, bold = TextStyle(family, 400), TextStyle(family, 700)
    assert text.line_width("Hamburgefonts", light) < text.line_width("Hamburgefonts", bold)


def test_weights_are_clamped_to_what_a_family_has() -> None:
    """A weight outside the family's range, or between hundreds, becomes the nearest one it has."""
    assert fonts.nearest_weight("oswald", 900) == 700
    assert fonts.nearest_weight("playfair-display", 300) == 400
    assert fonts.nearest_weight("poppins", 640) == 600


def test_metrics_are_plausible() -> None:
    """Capitals are lower than the tallest letters, which are lower than the font's ascent."""
    for family in fonts.FONT_IDS:
        metric = fonts.metrics(family, 700)
        assert 0.6 < metric.cap <= metric.rise + 0.02
        assert metric.rise < metric.ascent_max
        assert 0.1 < metric.descent <= metric.descent_max + 0.02
