"""Arrange and paint: every design becomes a banner in which nothing overflows, collides or hides."""

from __future__ import annotations

import io
import pickle
import re

import msgspec
import pytest
from msgspec.structs import replace
from PIL import Image

from streamforge.errors import AssetRejected, LayoutInfeasible
from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.graph import BackgroundStyle, Design, Element, Relation
from streamforge.pipelines.banner.layout.arrange import arrange
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Painted, Placement
from streamforge.pipelines.banner.picture.produce import paint
from streamforge.pipelines.banner.spec import BannerSpec, Check
from streamforge.render.grounds import STYLES
from tests.unit.banner.designs import (
    ALL,
    CTA,
    DARK,
    HEADLINE,
    LIGHT,
    LOGO,
    SUB,
    centred_poster,
    design,
    half_panel,
    left_column,
    ordered,
    strip,
)
from tests.unit.banner.orders import order
from tests.unit.render.pictures import data_uri, logo_png, svg_uri

LOGO_URI = logo_png("#2c3e50")


def brief(size: Size, logo: str | None = LOGO_URI) -> BannerSpec:
    """A brief for that canvas."""
    return BannerSpec(prompt="a bakery", width=size.width, height=size.height, logo=logo)


def make(plan: Design, width: int, height: int, logo: str | None = LOGO_URI) -> tuple[Arrangement, Painted]:
    """Arrange and paint."""
    size = Size(width, height)
    arrangement = arrange(plan, order(size, logo))
    return arrangement, paint(plan, arrangement, order(size, logo))


def failed(painted: Painted) -> list[Check]:
    """The checks that did not pass."""
    return [check for check in painted.checks if not check.passed]


def placements(arrangement: Arrangement) -> dict[str, Placement]:
    """Placements by element."""
    return {placement.id: placement for placement in arrangement.placements}


@pytest.mark.parametrize(
    ("plan", "width", "height"),
    [
        (left_column(), 1200, 628),
        (left_column(), 300, 600),
        (left_column(), 160, 600),
        (centred_poster(), 1080, 1080),
        (centred_poster(), 300, 250),
        (half_panel(), 1200, 628),
        (half_panel(), 970, 250),
        (strip(), 728, 90),
        (strip(), 970, 90),
        (strip(), 320, 50),
    ],
)
def test_hand_made_designs_pass_every_check(plan: Design, width: int, height: int) -> None:
    """At their shapes of canvas, designs give a picture of that size on which no check fails."""
    arrangement, painted = make(plan, width, height)
    assert failed(painted) == []
    assert arrangement.solver in {"optimal", "feasible"}
    (file,) = painted.files
    with Image.open(io.BytesIO(file.data)) as picture:
        assert picture.size == (width, height) == (file.width, file.height)
    assert file.name == f"banner-{width}x{height}.png"
    assert set(arrangement.timings) == {"logo", "measure", "solve"}


def test_the_headline_dominates() -> None:
    """The headline has the largest type, by a clear step."""
    for plan, size in ((left_column(), Size(1200, 628)), (strip(), Size(728, 90)), (centred_poster(), Size(300, 250))):
        placed = placements(arrange(plan, order(size, LOGO_URI)))
        others = [p.px for p in placed.values() if p.lines and p.id != "headline"]
        assert placed["headline"].px >= 1.5 * max(others)


def test_lines_hold_the_whole_text() -> None:
    """No word is lost or broken between the design and the picture."""
    placed = placements(arrange(left_column(), order(Size(300, 600), LOGO_URI)))
    assert " ".join(placed["headline"].lines) == HEADLINE.text
    assert " ".join(placed["sub"].lines) == SUB.text


def test_arrangements_and_paintings_are_checkpoints() -> None:
    """Both survive msgpack and pickle, and the functions can be sent to a child by name."""
    arrangement, painted = make(left_column(), 300, 250)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(arrangement), type=Arrangement) == arrangement
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(painted), type=Painted) == painted
    assert pickle.loads(pickle.dumps(arrange)) is arrange  # noqa: S301 - our own bytes
    assert pickle.loads(pickle.dumps(paint)) is paint  # noqa: S301 - our own bytes


def test_equal_designs_give_equal_files() -> None:
    """The same design, size and logo give the same bytes; another seed need not."""
    first, second = make(left_column(), 300, 250)[1], make(left_column(), 300, 250)[1]
    assert first.files == second.files
    assert first.checks == second.checks


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_no_background_hurts_readability(style: BackgroundStyle, palette: object) -> None:
    """Every background style, light or dark, leaves every text with the contrast it needs."""
    plan = replace(left_column(), background=style, palette=palette)
    _, painted = make(plan, 600, 315)
    assert [check for check in failed(painted) if check.check == "contrast"] == []


def test_unreadable_ink_is_replaced() -> None:
    """An ink of nearly the ground's colour is painted black instead; the notes say so, and the checks pass."""
    plan = replace(left_column(), palette=replace(LIGHT, ink="#f8f5ee", muted="#fffefc", accent="#fdf6ea"))
    _, painted = make(plan, 600, 315, None)
    contrasts = [check for check in painted.checks if check.check == "contrast"]
    assert contrasts
    assert all(check.passed for check in contrasts)
    (note,) = [note for note in painted.notes if note.startswith("headline")]
    assert re.fullmatch(
        r"headline is set in #\w{6}: the palette's #f8f5ee has a contrast of 1\.\d there, and 3 is needed", note
    )
    assert make(left_column(), 600, 315, None)[1].notes == []


@pytest.mark.parametrize(("ground", "colour"), [(LIGHT, "#fffdf8"), (DARK, "#0d1a2b")])
def test_a_logo_that_would_vanish_gets_a_plate(ground: object, colour: str) -> None:
    """A logo of the ground's colour is painted on a plate on which it shows."""
    plan = replace(left_column(), palette=ground)
    _, painted = make(plan, 600, 315, logo_png(colour))
    (check,) = [check for check in painted.checks if check.check == "logo_contrast"]
    assert check.passed


def test_tiny_canvases_drop_the_least_important() -> None:
    """What goes is what the design ranks last, and what is left passes."""
    arrangement, painted = make(left_column(), 120, 60)
    assert {"kicker", "contact", "sub"} <= set(arrangement.dropped)
    assert "headline" in placements(arrangement)
    assert failed(painted) == []


def test_without_a_logo_its_element_is_left_out() -> None:
    """No logo given: nothing is placed for it, and its neighbours still are."""
    arrangement, painted = make(left_column(), 600, 315, None)
    assert "logo" not in placements(arrangement)
    assert failed(painted) == []


def test_contradictory_relations_are_named() -> None:
    """A contradiction in the graph comes back by the relations' own names."""
    bad = design(ALL, [*ordered(ALL), Relation(a="cta", rel="above", b="headline")])
    with pytest.raises(LayoutInfeasible) as caught:
        arrange(bad, order(Size(1200, 628), LOGO_URI))
    assert "above(cta, headline)" in caught.value.conflicts


@pytest.mark.parametrize(
    "text",
    [
        "Sale 🎉🎉 today ❤️",
        "lone \ud800 surrogate \udfff here",
        "nul \x00 and bell \x07",
        "Z̸̧̛a̷l̴g̵o̶ text",
        "שלום לכולם",
        "漢字かな交じり文のとても長い見出し",
    ],
)
def test_any_text_is_painted_or_reported(text: str) -> None:
    """Whatever the headline holds, there is a picture, and what is missing from it is among the checks."""
    elements = [LOGO, replace(HEADLINE, text=text.strip()), SUB, CTA]
    arrangement, painted = make(design(elements, ordered(elements)), 600, 315)
    assert painted.files
    missing = any((check.check, check.element) == ("present", "headline") for check in failed(painted))
    assert ("headline" in placements(arrangement)) is not missing
    assert {check.check for check in failed(painted)} <= {"glyphs", "present"}


def test_a_headline_that_never_fits_is_refused_with_a_way_out() -> None:
    """A text that is more than the canvas holds in the smallest type is said to be, with what to change."""
    elements = [LOGO, replace(HEADLINE, text=" ".join(["W" * 40] * 6)), SUB, CTA]
    with pytest.raises(LayoutInfeasible, match="no room for the headline") as caught:
        make(design(elements, ordered(elements)), 600, 315)
    assert caught.value.hint


@pytest.mark.parametrize("size", ["300x250", "160x600", "120x600", "180x150", "320x100"])
@pytest.mark.parametrize(
    "word", ["Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz", "водогрязеторфопарафинолечение"]
)
def test_a_word_longer_than_a_line_is_parted(word: str, size: str) -> None:
    """It is set between its syllables, in type that can be read, and the arrangement says so."""
    elements = [LOGO, replace(HEADLINE, text=word), CTA]
    canvas = Size.parse(size)
    arrangement, painted = make(design(elements, ordered(elements)), canvas.width, canvas.height)
    lines = placements(arrangement)["headline"].lines
    assert "".join(lines).replace("-", "") == word
    assert [check for check in failed(painted) if check.element == "headline"] == []
    assert any("parted" in note for note in arrangement.notes) is (len(lines) > 1)


def test_characters_without_a_glyph_are_a_failed_check() -> None:
    """What no font has (a hieroglyph) is counted, so that a designer can leave it out."""
    elements = [replace(HEADLINE, text="Party \U00013000 tonight"), CTA]
    _, painted = make(design(elements, ordered(elements)), 600, 315, None)
    (check,) = failed(painted)
    assert (check.check, check.element, check.measured) == ("glyphs", "headline", 1)


def test_an_empty_text_is_no_element() -> None:
    """An element whose text is blank is simply not there."""
    elements = [HEADLINE, replace(SUB, text="   "), CTA]
    arrangement, painted = make(design(elements, ordered(elements)), 600, 315, None)
    assert set(placements(arrangement)) == {"headline", "cta"}
    assert failed(painted) == []


def test_type_bounds_of_the_design_hold() -> None:
    """``min_px`` and ``max_px`` win over the role's own range."""
    elements = [replace(HEADLINE, min_px=20, max_px=26), CTA]
    placed = placements(arrange(design(elements, ordered(elements)), order(Size(1200, 628), None)))
    assert 20 <= placed["headline"].px <= 26


def test_decoration_and_every_role_can_be_placed() -> None:
    """Roles beyond the usual ones have sizes and inks too."""
    elements = [
        Element(id="rule", role="deco"),
        HEADLINE,
        Element(id="body", role="body", text="Rye, spelt and wheat"),
        Element(id="offer", role="offer", text="2 for 1"),
        CTA,
        Element(id="small", role="legal", text="While stocks last. Terms apply.", priority=9),
    ]
    arrangement, painted = make(design(elements, ordered(elements)), 1200, 628, None)
    assert set(placements(arrangement)) == {"rule", "headline", "body", "offer", "cta", "small"}
    assert failed(painted) == []


@pytest.mark.parametrize("logo", [data_uri(b"no picture"), svg_uri("<g>" * 100 + "</g>" * 100)])
def test_a_bad_logo_is_refused_in_both_steps(logo: str) -> None:
    """A hostile logo stops the job with its reason, whichever step meets it first."""
    size = Size(600, 315)
    with pytest.raises(AssetRejected):
        arrange(left_column(), order(size, logo))
    with pytest.raises(AssetRejected):
        paint(left_column(), arrange(left_column(), order(size, LOGO_URI)), order(size, logo))


def test_verification_sees_a_broken_arrangement() -> None:
    """Moved on top of each other and out of the canvas, elements fail their checks by name."""
    plan, size = left_column(), Size(600, 315)
    good = arrange(plan, order(size, LOGO_URI))
    at = placements(good)["headline"]
    moved = [replace(p, x=at.x, y=at.y) if p.id == "sub" else p for p in good.placements]
    moved = [replace(p, x=560) if p.id == "contact" else p for p in moved]
    names = {
        (check.check, check.element)
        for check in failed(paint(plan, replace(good, placements=moved), order(size, LOGO_URI)))
    }
    assert ("text_overlap", "headline, sub") in names
    assert ("margin", "contact") in names
