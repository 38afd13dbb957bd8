# ruff: noqa: RUF001 - the dash is meant
"""Text is broken well, measured truly, and never crashes on what people type."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamforge.errors import InvalidInput
from streamforge.render import catalogue, fonts, text
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


def test_what_belongs_together_stays_on_a_line() -> None:
    """Numbers keep their units, titles and initials their names, phone numbers and times their parts."""
    kept = ["20 km", "9 a.m.", "$ 5", "5 %", "St. Louis", "J. K. Rowling", "+1 (555) 123-4567", "10 000 EUR"]
    for phrase in kept:
        for block in text.blocks(f"We say {phrase} is what it is and more", BODY, 8):
            assert any(phrase in line for line in block.lines), (phrase, block.lines)


@pytest.mark.parametrize(
    ("copy", "lines"),
    [
        ("Frisches Brot für die ganze Familie", ("Frisches Brot", "für die ganze Familie")),
        ("Un voyage au cœur de la Provence", ("Un voyage au cœur", "de la Provence")),
        ("Nowa kolekcja w sklepie", ("Nowa kolekcja", "w sklepie")),
        ("Скидки на всё и подарки", ("Скидки на всё", "и подарки")),
    ],
)
def test_small_words_of_other_languages_lean_on_the_next(copy: str, lines: tuple[str, ...]) -> None:
    """German, French, Polish and Russian prepositions and articles do not end a line either."""
    assert text.blocks(copy, BODY, 2)[1].lines == lines


def test_soft_hyphens_are_drawn_where_a_line_ends() -> None:
    """A soft hyphen shows at the end of a line and nowhere else."""
    one, two = text.blocks("Donau\u00addampf\u00adschiff\u00adfahrts\u00adgesellschaft", BODY, 2)
    assert one.lines == ("Donaudampfschifffahrtsgesellschaft",)
    assert two.lines == ("Donaudampfschiff-", "fahrtsgesellschaft")
    assert two.penalty > 0


def test_compounds_break_after_their_hyphen() -> None:
    """A long hyphenated name may end a line after its hyphen; single letters and numbers keep theirs."""
    assert text.blocks("Baden-Württemberg", BODY, 2)[1].lines == ("Baden-", "Württemberg")
    for whole in ("T-shirt", "e-mail", "555-1234", "9–17", "24/7"):
        assert len(text.blocks(whole, BODY, 3)) == 1, whole


def test_a_compound_is_torn_at_a_high_price_only() -> None:
    """Where words can part, a hyphenated one stays whole; where only it can, that costs more than any other break."""
    whole, torn = text.blocks("Single-Origin Matcha", BODY, 3)[1:]
    assert whole.lines == ("Single-Origin", "Matcha")
    assert torn.penalty >= whole.penalty + 1.0


def test_addresses_are_broken_as_a_last_resort() -> None:
    """A short address is never broken, a long one only after its slashes and at a price."""
    assert len(text.blocks("www.example.com", BODY, 3)) == 1
    assert len(text.blocks("hello@example.com", BODY, 3)) == 1
    found = text.blocks("https://shop.example.com/summer/sale", BODY, 2)
    assert found[1].lines == ("https://shop.example.com/", "summer/sale")
    assert found[1].penalty >= 0.5


def test_line_ends_of_the_text_are_kept() -> None:
    """Where there are lines enough the text's own ends are used, with fewer they are spaces."""
    cleaned, _ = text.clean("Mon – Fri\r\n9 – 17\n\n Sat closed", BODY)
    assert [block.lines for block in text.blocks(cleaned, BODY, 3)] == [("Mon – Fri", "9 – 17", "Sat closed")]
    assert [len(block.lines) for block in text.blocks(cleaned, BODY, 2)] == [1, 2]
    assert text.blocks(cleaned, BODY, 1)[0].lines == ("Mon – Fri 9 – 17 Sat closed",)


def test_hard_spaces_hold() -> None:
    """A no-break space keeps its words together; a zero-width one is a place to break."""
    assert len(text.blocks("New\u00a0York", BODY, 3)) == 1
    assert text.blocks("super\u200bcalifragilistic", BODY, 2)[1].lines == ("super", "califragilistic")


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
    """Every family of more than one weight has a lighter and a bolder cut that measure differently."""
    light, bold = TextStyle(family, 400), TextStyle(family, 800)
    if len(catalogue.weights(family)) == 1:
        assert text.line_width("Hamburgefonts", light) == text.line_width("Hamburgefonts", bold)
        return
    assert text.line_width("Hamburgefonts", light) != text.line_width("Hamburgefonts", bold)


def test_weights_are_clamped_to_what_a_family_has() -> None:
    """A weight outside the family's range, or between hundreds, becomes the nearest one it has."""
    assert fonts.nearest_weight("oswald", 900) == 700
    assert fonts.nearest_weight("playfair-display", 300) == 400
    assert fonts.nearest_weight("poppins", 640) == 600


def test_metrics_are_plausible() -> None:
    """Capitals are no higher than the tallest letters, which are lower than the font's ascent."""
    for family in fonts.FONT_IDS:
        metric = fonts.metrics(family, 700)
        assert 0.6 < metric.cap <= metric.rise + 0.02
        assert metric.rise < metric.ascent_max
        assert 0.05 < metric.descent <= metric.descent_max + 0.02


def test_accents_are_inside_the_block() -> None:
    """A block is as high as its letters: capitals with stacked accents make it higher, plain words are all alike."""
    plain, other = (text.block_of((word,), HEAD).rise for word in ("Amble", "now"))
    assert plain == other
    assert text.block_of(("Ấm",), TextStyle("roboto", 700)).rise > text.block_of(("Am",), TextStyle("roboto", 700)).rise
    assert text.block_of(("now",), HEAD).height < text.block_of(("nowy",), HEAD).height


def test_a_family_without_a_letter_gives_way_as_a_whole() -> None:
    """No word is patched together from two designs: Vietnamese and Cyrillic leave Poppins with all their letters."""
    assert text.settled("Ưu đãi lớn", HEAD).family == "inter"
    assert text.settled("Скидки 50 %", HEAD).family == "inter"
    assert text.settled("Über Ärger", HEAD) == HEAD
    assert text.settled("Скидки", TextStyle("anton", 400)).weight == 800


def test_a_foreign_word_is_of_one_design() -> None:
    """A Greek word in a Latin headline keeps the headline's family for the rest, and has one of its own."""
    style = TextStyle("playfair-display", 700)
    assert fonts.covers("playfair-display", "Δ")
    assert not fonts.covers("playfair-display", "ε")
    assert text.settled("Discover Δελφοί", style) == style
    word = text.line_width("Δελφοί", TextStyle("inter", 700))
    both = text.line_width("Discover Δελφοί", style)
    assert both == pytest.approx(text.line_width("Discover ", style) + word, abs=0.3)
    assert text.line_width("Δελφοί", style) == word
