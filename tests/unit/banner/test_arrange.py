"""An arrangement holds what people locked, what platforms cover, what a logo and a picture need."""

from __future__ import annotations

import base64
import io

import pytest
from msgspec.structs import replace
from PIL import Image

from streamforge.errors import LayoutInfeasible
from streamforge.pipelines.banner.canvas import Canvas, SafeZone, Size
from streamforge.pipelines.banner.design.graph import Design, Element, Region, Relation
from streamforge.pipelines.banner.layout.arrange import arrange
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Placement
from streamforge.pipelines.banner.layout.spacing import rules_of
from streamforge.pipelines.banner.layout.stage import Metrics
from streamforge.pipelines.banner.order import Order
from tests.unit.banner.designs import ALL, CTA, HEADLINE, LOGO, SUB, design, left_column, ordered, soft, strip

WIDE, STORY = Size(1200, 628), Size(1080, 1920)
LOGO_SVG = (
    "data:image/svg+xml,"
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40">'
    '<rect width="120" height="40" fill="%231d4ed8"/></svg>'
)


def photo(width: int, height: int) -> str:
    """A plain picture as a data URI."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (90, 120, 150)).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def order(size: Size = WIDE, *, safe: SafeZone | None = None, **pictures: object) -> Order:
    """An order with the logo; ``safe`` is what the platform covers."""
    canvas = Canvas(size=size, safe=safe or SafeZone())
    return Order(canvas=canvas, **({"logo": LOGO_SVG} | pictures))  # pyright: ignore[reportArgumentType]


def placed(arrangement: Arrangement) -> dict[str, Placement]:
    """Placements by element."""
    return {p.id: p for p in arrangement.placements}


def locked(plan: Design, **locks: tuple[int, int]) -> Design:
    """The design with elements locked to places."""
    elements = [replace(e, x=locks[e.id][0], y=locks[e.id][1]) if e.id in locks else e for e in plan.elements]
    return replace(plan, elements=elements)


@pytest.mark.parametrize("place", [(61, 307), (0, 300), (640, 500)], ids=str)
def test_a_locked_element_stands_where_it_was_put(place: tuple[int, int]) -> None:
    """To the pixel, even off the grid and inside the margin, while the others arrange themselves around it."""
    plan = design([HEADLINE, SUB, CTA], [])
    found = placed(arrange(locked(plan, sub=place), order()))
    assert (found["sub"].x, found["sub"].y) == place
    assert {"headline", "cta"} < set(found)


def test_a_locked_type_size_holds() -> None:
    """``min_px`` equal to ``max_px`` is the type size, whatever would look better."""
    plan = design([replace(HEADLINE, min_px=41, max_px=41), SUB, CTA], ordered([HEADLINE, SUB, CTA]))
    assert placed(arrange(plan, order()))["headline"].px == 41


def test_locks_that_contradict_an_order_are_named_with_it() -> None:
    """Headline locked below the line that it has to be above: all three are the conflict."""
    plan = locked(design([HEADLINE, SUB, CTA], ordered([HEADLINE, SUB, CTA])), headline=(60, 480), sub=(60, 60))
    with pytest.raises(LayoutInfeasible) as caught:
        arrange(plan, order())
    assert set(caught.value.conflicts) == {"at(headline)", "at(sub)", "above(headline, sub)"}
    assert caught.value.hint == "remove or soften above(headline, sub)"


def test_locks_on_top_of_each_other_are_named() -> None:
    """Two elements locked to one spot cannot both be there, and neither is dropped to hide it."""
    with pytest.raises(LayoutInfeasible) as caught:
        arrange(locked(design([HEADLINE, SUB, CTA], []), headline=(60, 60), cta=(62, 64)), order())
    assert caught.value.conflicts == ("at(headline)", "at(cta)")


def test_a_lock_off_the_canvas_says_what_is_needed() -> None:
    """The refusal names the lock and the px that it leaves."""
    with pytest.raises(LayoutInfeasible) as caught:
        arrange(locked(design([HEADLINE, SUB, CTA], []), headline=(1190, 60)), order())
    assert caught.value.conflicts == ("at(headline)",)
    assert "has 10 x 568 px" in str(caught.value)


def test_half_a_place_is_refused() -> None:
    """An x without a y settles nothing that a layout could keep."""
    with pytest.raises(LayoutInfeasible, match="both x and y"):
        arrange(design([replace(HEADLINE, x=5), SUB], []), order())


def test_safe_zones_keep_text_logo_and_button_clear() -> None:
    """Nothing but pictures stands where the platform puts its own buttons."""
    zone = SafeZone(top=0.14, bottom=0.35, left=0.06, right=0.06)
    for p in arrange(left_column(), order(STORY, safe=zone)).placements:
        assert p.x >= 0.06 * STORY.width
        assert p.x + p.width <= 0.94 * STORY.width
        assert p.y >= 0.14 * STORY.height
        assert p.y + p.height <= 0.65 * STORY.height


@pytest.mark.parametrize("share", [0.0, 0.5, 1.5])
@pytest.mark.parametrize("plan", [left_column(), strip()], ids=["column", "strip"])
def test_the_logo_keeps_its_clear_space(plan: Design, share: float) -> None:
    """No element comes nearer to the logo than the share of its height that the brand asks for."""
    found = placed(arrange(plan, order(WIDE if plan.elements == ALL else Size(970, 250), clear_space=share)))
    logo = found.pop("logo")
    rim = share * logo.height
    for p in found.values():
        beside = p.x + p.width + rim <= logo.x or logo.x + logo.width + rim <= p.x
        assert beside or p.y + p.height + rim <= logo.y or logo.y + logo.height + rim <= p.y


def hero_design(*, aspect: int = 0) -> Design:
    """Headline and button in a panel beside a picture."""
    elements = [Element(id="hero", role="hero", aspect=aspect), HEADLINE, CTA]
    inside = [Relation(a="hero", rel="inside", b="picture")]
    inside += [Relation(a=name, rel="inside", b="panel") for name in ("headline", "cta")]
    regions = [Region(id="picture", anchor="right", share=45), Region(id="panel", anchor="left", share=55)]
    return design(elements, [*ordered([HEADLINE, CTA]), *inside], regions=regions)


@pytest.mark.parametrize("size", [WIDE, Size(1128, 191), Size(301, 251)], ids=str)
def test_a_hero_fills_its_region_to_the_edges(size: Size) -> None:
    """Full-bleed: no margin, no gap that the grid would leave; and no text on it."""
    found = placed(arrange(hero_design(), order(size, hero=photo(400, 300))))
    hero = found["hero"]
    assert (hero.x + hero.width, hero.y, hero.height) == (size.width, 0, size.height)
    assert hero.width == round(size.width * 0.45)
    assert all(found[name].x + found[name].width <= hero.x for name in ("headline", "cta"))


def test_a_hero_with_proportions_of_its_own_keeps_them() -> None:
    """``aspect`` 100 is a square within the region, inside the margins."""
    hero = placed(arrange(hero_design(aspect=100), order(hero=photo(400, 300))))["hero"]
    assert abs(hero.width - hero.height) <= 1
    assert hero.x + hero.width < WIDE.width


def test_a_free_hero_takes_the_pictures_proportions() -> None:
    """Without region and aspect the picture's own proportions count, and everything stands beside it."""
    elements = [Element(id="hero", role="hero"), HEADLINE, CTA]
    rows = [Relation(a=name, rel="left_of", b="hero") for name in ("headline", "cta")]
    plan = design(elements, [*ordered([HEADLINE, CTA]), *rows])
    hero = placed(arrange(plan, order(hero=photo(200, 300))))["hero"]
    assert hero.width / hero.height == pytest.approx(2 / 3, rel=0.02)


def test_a_panel_over_the_hero_may_hold_text() -> None:
    """Over a full-bleed picture only what is ``inside`` a region over it may stand; without that the picture goes."""
    elements = [Element(id="hero", role="hero"), HEADLINE, CTA]
    full = Region(id="picture", anchor="full", share=100)
    panel = Region(id="panel", anchor="left", share=60)
    ground = [Relation(a="hero", rel="inside", b="picture"), *ordered([HEADLINE, CTA])]
    inside = [Relation(a=name, rel="inside", b="panel") for name in ("headline", "cta")]
    plan = design(elements, [*ground, *inside], regions=[full, panel])
    found = placed(arrange(plan, order(hero=photo(400, 300))))
    assert (found["hero"].width, found["hero"].height) == (WIDE.width, WIDE.height)
    assert found["headline"].x + found["headline"].width <= 0.6 * WIDE.width
    alone = arrange(replace(plan, relations=ground), order(hero=photo(400, 300)))
    assert alone.dropped == ["hero"]


def test_pictures_that_are_not_there_leave_the_order_standing() -> None:
    """Without the logo between them, headline and button still come one after the other."""
    chain = [HEADLINE, LOGO, CTA]
    found = placed(arrange(design(chain, ordered(chain)), order(logo=None)))
    assert found["headline"].y + found["headline"].height < found["cta"].y


@pytest.mark.parametrize("text", ["خصم كبير على جميع العطور", "מבצע קיץ על כל הבשמים"])
def test_text_from_right_to_left_aligns_at_the_right(text: str) -> None:
    """A column of such texts shares its right edge, and the lines start there."""
    elements = [replace(HEADLINE, text=text), replace(SUB, text=text), CTA]
    relations = [*ordered(elements), soft("sub", "align_left", "headline"), soft("cta", "align_left", "headline")]
    found = placed(arrange(design(elements, relations), order()))
    assert found["headline"].align == found["sub"].align == "right"
    assert len({p.x + p.width for p in found.values()}) == 1
    assert found["headline"].x + found["headline"].width > WIDE.width * 0.9


def test_small_canvases_say_what_went_and_why() -> None:
    """A strip of 300x50 keeps headline and button, and gives a reason for each element it leaves out."""
    found = arrange(design(ALL, ordered(ALL)), order(Size(300, 50)))
    assert "headline" in placed(found)
    assert found.dropped
    assert set(found.reasons) == set(found.dropped)
    assert all(reason for reason in found.reasons.values())


def test_vital_texts_are_refused_before_they_vanish() -> None:
    """Where a priority 1 text has no room, the canvas is refused with its name: it is never dropped."""
    note = replace(SUB, id="notice", priority=1, text="Subject to approval by the authority " * 6, max_lines=8)
    with pytest.raises(LayoutInfeasible, match="notice"):
        arrange(design([HEADLINE, note], ordered([HEADLINE, note])), order(Size(120, 60)))


def test_texts_stand_further_apart_than_their_lines() -> None:
    """The space under a headline is not less than the one between its own lines, or the next line would join it."""
    plan = design([HEADLINE, SUB, CTA], ordered([HEADLINE, SUB, CTA]))
    for size in (Size(250, 250), Size(300, 250), WIDE):
        found = placed(arrange(plan, order(size)))
        gap = found["sub"].y - found["headline"].y - found["headline"].height
        assert gap >= 0.36 * found["headline"].px


def test_small_print_stands_on_one_line_where_there_is_room() -> None:
    """It is not broken to fill an empty canvas, and grows beyond its least size."""
    notice = replace(SUB, id="notice", role="legal", text="Over 18s only. Please drink responsibly.", max_lines=2)
    plan = design([HEADLINE, CTA, notice], ordered([HEADLINE, CTA, notice]))
    found = placed(arrange(plan, order(Size(300, 600))))
    assert len(found["notice"].lines) == 1
    assert found["notice"].px > 8


def test_a_hint_changes_nothing_about_determinism() -> None:
    """Equal arguments, hint included, give equal arrangements; and a hint of its own result is taken up."""
    first = arrange(left_column(), order())
    again = [replace(arrange(left_column(), order(), first), timings={}) for _ in range(2)]
    assert again[0] == again[1]
    assert again[0].solver == "optimal"
    other = replace(arrange(left_column(), order(Size(300, 250)), first), timings={})
    assert other.solver == "optimal"


def test_elements_of_one_name_are_refused() -> None:
    """Two elements with one id could not be told apart in any report."""
    with pytest.raises(LayoutInfeasible, match="named headline"):
        arrange(design([HEADLINE, HEADLINE], []), order())


@pytest.mark.parametrize("size", [Size(300, 600), Size(1080, 1920)])
@pytest.mark.parametrize("words", ["Cold brew, half price", "Close your books in two days"])
def test_a_headline_is_no_list_of_words(words: str, size: Size) -> None:
    """Where two words fit a line, type grows no further than that leaves them there: a word alone is the exception."""
    headline = replace(HEADLINE, text=words, max_lines=5)
    found = arrange(design([headline, CTA], ordered([headline, CTA])), order(size))
    (placed,) = [placement for placement in found.placements if placement.id == "headline"]
    assert sum(" " not in line for line in placed.lines) <= 1


def test_texts_keep_off_the_edge_of_their_panel() -> None:
    """On a split panel, whose edge is halfway to the button, twice as much is free between the two as elsewhere."""
    plain = design([HEADLINE, SUB, CTA], ordered([HEADLINE, SUB, CTA]))
    gaps: list[int] = []
    for plan in (plain, replace(plain, archetype="split-panel")):
        rules = {rule.name: rule.gap for rule in rules_of(plan, Metrics.of(Size(300, 250)))}
        gaps += [rules["above(sub, cta)"], rules["above(headline, sub)"]]
    assert gaps[2] >= 2 * gaps[0] - 1
    assert gaps[3] == gaps[1]


LOW = Size(320, 50)


def test_a_column_that_would_lose_its_button_becomes_a_row() -> None:
    """On a low canvas headline, offer and button stand side by side rather than that one of them goes."""
    elements = [
        replace(HEADLINE, text="Rye bread", priority=1),
        replace(SUB, id="offer", role="offer", text="30% off", priority=2),
        CTA,
    ]
    found = arrange(design(elements, ordered(elements)), Order(canvas=Canvas(size=LOW)))
    assert [placement.id for placement in sorted(found.placements, key=lambda p: p.x)] == ["headline", "offer", "cta"]
    assert found.dropped == []
    assert any("side by side" in note for note in found.notes)
    tall = arrange(design(elements, ordered(elements)), Order(canvas=Canvas(size=Size(300, 250))))
    assert tall.notes == []


def test_what_matters_less_gives_way_first() -> None:
    """Where all do not fit, the lines of low priority go before the button does, and the reason says why."""
    small = [
        replace(SUB, priority=5),
        replace(
            SUB, id="legal", role="legal", text="Not with other offers. See the website for all terms.", priority=9
        ),
    ]
    elements = [replace(HEADLINE, text="Rye bread season"), CTA]
    found = arrange(design([*elements, *small], ordered(elements)), Order(canvas=Canvas(size=Size(300, 50))))
    assert {"headline", "cta"} <= {placement.id for placement in found.placements}
    assert set(found.dropped) <= {"sub", "legal"}
    assert set(found.reasons) == set(found.dropped)


def test_bounds_that_contradict_are_named() -> None:
    """A least type size above the largest is no want of room."""
    odd = replace(HEADLINE, min_px=80, max_px=20)
    with pytest.raises(LayoutInfeasible, match="at least 80 px and at most 20 px") as caught:
        arrange(design([odd, CTA], ordered([odd, CTA])), Order(canvas=Canvas(size=WIDE)))
    assert "min_px" in str(caught.value.hint)


@pytest.mark.parametrize("words", ["Dog grooming, 25 bucks", "Bread that wakes the whole street", "Vote on November 5"])
def test_a_headline_is_no_smaller_on_the_wider_column(words: str) -> None:
    """Of two skyscrapers of one height the wider one has the larger type, and both have one that can be seen."""
    elements = [replace(HEADLINE, text=words, max_lines=5), CTA]
    plan = design(elements, ordered(elements), archetype="stack-left")
    slim, wide = (placed(arrange(plan, order(Size(width, 600), logo=None)))["headline"].px for width in (120, 160))
    assert 15 <= slim <= wide


def test_a_few_words_leave_the_foot_of_a_skyscraper_to_a_motif() -> None:
    """They stand together above it; more of them, or what is bound to a place, have all of the canvas."""
    few = [replace(HEADLINE, text="Garage sale"), CTA]
    found = arrange(design(few, ordered(few), archetype="stack-left"), order(Size(160, 600), logo=None))
    assert max(p.y + p.height for p in found.placements) <= 0.64 * 600
    pinned = [few[0], replace(CTA, x=20, y=500)]
    found = arrange(design(pinned, [], archetype="stack-left"), order(Size(160, 600), logo=None))
    assert placed(found)["cta"].y == 500
    many = [*ALL[:3], replace(SUB, text=SUB.text * 2, max_lines=8), *ALL[4:]]
    found = arrange(replace(left_column(), archetype="stack-left", elements=many), order(Size(160, 600)))
    assert max(p.y + p.height for p in found.placements) > 0.64 * 600


def test_a_frame_has_a_wider_margin() -> None:
    """Texts keep off a frame as far as off an edge."""
    bare, framed = (arrange(replace(left_column(), background=style), order()) for style in ("solid", "frame"))
    assert framed.margin > 1.3 * bare.margin
