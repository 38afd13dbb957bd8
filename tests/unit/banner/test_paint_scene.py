"""What is painted is what the scene says, and a person's wishes show on it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from numpy.typing import NDArray
from PIL import Image

from streamforge.pipelines.banner.canvas import Canvas, Size
from streamforge.pipelines.banner.design.colour import distance
from streamforge.pipelines.banner.design.forbidden import NEAR
from streamforge.pipelines.banner.design.graph import Design, Element, Palette
from streamforge.pipelines.banner.layout.arrange import arrange
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Placement
from streamforge.pipelines.banner.order import Order
from streamforge.pipelines.banner.picture.artwork import hero_of, logo_of
from streamforge.pipelines.banner.picture.box import unboxed
from streamforge.pipelines.banner.picture.compose import GROUND_ID, Composition, frame_of
from streamforge.pipelines.banner.picture.tones import Tones
from streamforge.render import verify
from streamforge.render.colour import BLACK, WHITE, parse, to_hex
from streamforge.render.paint import paint
from streamforge.render.scene import Frame, Picture, Rect, Shadow, Text
from tests.unit.banner.designs import (
    ALL,
    CTA,
    DARK,
    HEADLINE,
    LIGHT,
    SUB,
    design,
    half_panel,
    left_column,
    ordered,
    strip,
)
from tests.unit.render.pictures import logo_png
from tests.unit.render.scenes import photo_jpeg, photo_uri

SIZE = Size(600, 315)
HERO = Placement(id="hero", role="hero", x=0, y=0, width=600, height=315)
STRIPES = 12


def composed(plan: Design, size: Size = SIZE, *, more: tuple[Placement, ...] = (), **asked: object) -> Composition:
    """The design arranged, but with the placements ``more`` below all others, painted."""
    order = Order(canvas=Canvas(size=size), **({"logo": logo_png()} | asked))  # pyright: ignore[reportArgumentType]
    arrangement = arrange(plan, order)
    rest = [each for each in arrangement.placements if each.id not in {placement.id for placement in more}]
    return painted(plan, replace(arrangement, placements=[*more, *rest]), order)


def painted(plan: Design, arrangement: Arrangement, order: Order) -> Composition:
    """A composition that has been painted."""
    composition = Composition(plan, arrangement, order, logo_of(order, plan), hero_of(order, plan))
    composition.paint()
    return composition


def with_hero(plan: Design) -> Design:
    """The design with a picture to show."""
    return replace(plan, elements=[*plan.elements, Element(id="hero", role="hero")])


def jpeg(pixels: NDArray[np.uint8]) -> str:
    """Pixels as a JPEG's data URI."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95)
    return photo_uri(buffer.getvalue())


def placed(composition: Composition) -> dict[str, Frame]:
    """Each element's box."""
    return {placement.id: frame_of(placement) for placement in composition.arrangement.placements}


def group(composition: Composition, name: str) -> list[object]:
    """The items of a group; none if it is not there."""
    return [item for each in composition.scene.groups if each.id == name for item in each.items]


@pytest.mark.parametrize("plan", [left_column(), half_panel(), strip()])
def test_the_scene_is_all_there_is(plan: Design) -> None:
    """Painted again from the scene alone, the picture is the same to the last bit."""
    composition = composed(plan)
    assert np.array_equal(paint(composition.scene, composition.artworks), composition.pixels)
    without = replace(
        composition.scene,
        groups=[
            replace(each, items=tuple(item for item in each.items if not isinstance(item, Text)))
            for each in composition.scene.groups
        ],
    )
    assert np.array_equal(paint(without, composition.artworks), composition.bare)


def test_one_group_an_element_the_ground_first() -> None:
    """Each placed element is a group under its own id, with its role; the button's label is in the button's."""
    composition = composed(left_column())
    groups = {each.id: each.role for each in composition.scene.groups}
    roles = {placement.id: placement.role for placement in composition.arrangement.placements}
    assert composition.scene.groups[0].id == GROUND_ID
    assert roles.items() <= groups.items()
    assert [type(item) for item in group(composition, "cta")] == [Shadow, Rect, Text]


def test_no_plate_lies_over_a_letter() -> None:
    """Groups with shapes come before the groups that only hold text."""
    composition = composed(left_column())
    only_text = [all(isinstance(item, Text) for item in each.items) for each in composition.scene.groups]
    assert only_text == sorted(only_text)


def test_plates_are_what_text_and_logo_stand_on() -> None:
    """The button is one; a logo that would vanish brings its own, which the logo is inside of."""
    plan = left_column()
    composition = composed(plan, logo=logo_png("#fdfaf4"))
    placed = {placement.id: placement for placement in composition.arrangement.placements}
    boxes = {name: Frame(p.x, p.y, p.width, p.height) for name, p in placed.items()}
    assert boxes["cta"] in composition.plates
    assert any(
        plate.overlap(boxes["logo"]) == boxes["logo"].width * boxes["logo"].height for plate in composition.plates
    )


def test_a_forbidden_white_is_no_plate() -> None:
    """What painting falls back to keeps away from forbidden colours as the palette does, and still shows the logo."""
    plan = replace(left_column(), palette=replace(LIGHT, ground="#101010", ground_2="#161616", ink="#e5e5d0"))
    fills: list[str] = []
    for forbidden in ([], ["#ffffff"]):
        composition = composed(plan, logo=logo_png("#141414"), forbidden=forbidden)
        (plate,) = [item for item in group(composition, "logo") if isinstance(item, Rect)]
        assert composition.logo_finding is not None
        assert composition.logo_finding.passed
        fills.append(to_hex(plate.colour))
    assert fills[0] == "#ffffff"
    assert distance(fills[1], "#ffffff") > NEAR


@given(
    ink=st.sampled_from(["#b00020", "#808080", "#ffffff", "#101010", "#ffd400"]),
    forbidden=st.lists(st.sampled_from(["#ffffff", "#111111", "#000", "#f7f7f5", "#c2410c"]), max_size=3),
)
def test_nothing_that_is_painted_looks_forbidden(ink: str, forbidden: list[str]) -> None:
    """The light, the dark and the ground of a text: each keeps its distance, whatever is forbidden."""
    own = Palette(
        ground="#335577", ground_2="#335577", ink="#335577", muted="#335577",
        accent="#335577", on_accent="#335577", decor="#335577",
    )  # fmt: skip
    tones = Tones(own, forbidden)
    for tone in [*tones.neutrals, tones.under(parse(ink))]:
        assert all(distance(to_hex(tone), other) > NEAR for other in forbidden)


def test_a_wider_clear_space_makes_a_wider_plate() -> None:
    """The brand's free rim around the logo holds on its plate as well."""
    narrow = composed(left_column(), logo=logo_png("#fdfaf4"), clear_space=0.0)
    wide = composed(left_column(), logo=logo_png("#fdfaf4"), clear_space=0.5)
    rims = [each.underlays["logo"].bottom - placed(each)["logo"].bottom for each in (narrow, wide)]
    assert rims[1] > 1.2 * rims[0]


def test_a_plate_near_an_edge_ends_there() -> None:
    """Around a logo on a strip it is a part of the ground, without a shadow; within a frame it stays a plate."""
    low = composed(strip(), Size(728, 90), logo=logo_png("#fdfaf4"))
    (plate,) = [item for item in group(low, "logo") if isinstance(item, Rect)]
    assert (plate.frame.y, plate.frame.height, plate.radius) == (0, 90, 0)
    framed = composed(replace(left_column(), background="frame"), logo=logo_png("#fdfaf4"))
    assert [type(item).__name__ for item in group(framed, "logo")] == ["Shadow", "Rect", "Picture"]


def test_a_name_that_is_hard_to_read_has_a_plate() -> None:
    """A logo that shows well enough as a shape, but not as a name, gets paper of its own; one that reads gets none."""
    blue = replace(left_column(), palette=replace(DARK, ground="#0b5fa8", ground_2="#0b5fa8"), background="solid")
    assert "logo" in composed(blue, logo=logo_png("#10233f")).underlays
    assert "logo" not in composed(blue, logo=logo_png("#ffffff")).underlays


def test_a_persons_ink_is_painted() -> None:
    """A text, a button's label and a rule take the colour that somebody has settled."""
    purple = "#6b21a8"
    rule = replace(HEADLINE, id="rule", role="deco", text="", ink=purple)
    plan = design(
        [replace(HEADLINE, ink=purple), rule, replace(CTA, ink=purple)],
        ordered([HEADLINE, replace(HEADLINE, id="rule"), CTA]),
    )
    composition = composed(plan)
    assert {text.id: text.colour for text in composition.texts} == {"headline": parse(purple), "cta": parse(purple)}
    (line,) = group(composition, "rule")
    assert isinstance(line, Rect)
    assert line.colour == parse(purple)


def test_a_persons_ink_gets_the_ground_it_needs() -> None:
    """A settled ink that cannot be read on the ground is kept, with a scrim under it; a button changes its fill."""
    pale = "#fff7e6"
    plan = design([replace(HEADLINE, ink=pale), replace(CTA, ink="#c2410c")], ordered([HEADLINE, CTA]))
    composition = composed(plan)
    (headline,) = [text for text in composition.texts if text.id == "headline"]
    assert headline.colour == parse(pale)
    assert group(composition, "headline-scrim")
    assert verify.text_contrast(composition.bare, headline.frame, headline.colour) >= verify.needed_contrast(headline)
    (label,) = [text for text in composition.texts if text.id == "cta"]
    assert label.colour == parse("#c2410c")
    assert verify.text_contrast(composition.bare, label.frame, label.colour) >= verify.needed_contrast(label)


def test_a_settled_ink_has_a_label_in_the_layout() -> None:
    """The layout keeps room for the ground of a text whose settled ink the design's own does not bear: its box."""
    plan = design([replace(HEADLINE, ink="#fff7e6"), SUB, CTA], ordered([HEADLINE, SUB, CTA]))
    composition = composed(plan)
    (place,) = [placement for placement in composition.arrangement.placements if placement.id == "headline"]
    (label,) = group(composition, "headline-scrim")
    (item,) = [text for text in composition.texts if text.id == "headline"]
    assert isinstance(label, Rect)
    assert label.frame == frame_of(place) == composition.underlays["headline"]
    assert item.frame == label.frame.grown(-round(0.35 * item.px))


def test_where_no_ink_of_the_palette_will_do_black_or_white_does() -> None:
    """An ink of nearly the ground's colour is replaced, without a scrim."""
    composition = composed(
        replace(left_column(), palette=replace(LIGHT, ink="#f8f5ee", muted="#fffefc", accent="#fdf6ea"))
    )
    assert {text.colour for text in composition.texts} <= {BLACK, WHITE, parse(LIGHT.on_accent)}
    assert not any(each.role == "scrim" for each in composition.scene.groups)


def test_where_no_ink_at_all_will_do_a_scrim_goes_under_the_text() -> None:
    """On a photograph of hard black and white stripes no ink passes: veil and scrim make every text readable."""
    stripes = np.zeros((315, 600, 3), np.uint8)
    stripes[:, (np.arange(600) // STRIPES) % 2 == 1] = 255
    composition = composed(with_hero(left_column()), more=(HERO,), hero=jpeg(stripes))
    assert {each.role for each in composition.scene.groups} >= {"hero", "veil"}
    for text in composition.texts:
        contrast = verify.text_contrast(composition.bare, text.frame, text.colour)
        assert contrast >= verify.needed_contrast(text), text.id


def test_a_hero_lies_over_the_ground_and_under_all_else() -> None:
    """The photograph is the second group; full-bleed it has square corners, inside the canvas rounded ones."""
    inner = replace(HERO, x=340, y=40, width=220, height=220)
    full = composed(with_hero(left_column()), more=(HERO,), hero=photo_uri(photo_jpeg()))
    inside = composed(with_hero(left_column()), more=(inner,), hero=photo_uri(photo_jpeg()))
    for composition, is_round in ((full, False), (inside, True)):
        assert composition.scene.groups[1].role == "hero"
        (picture,) = group(composition, "hero")
        assert isinstance(picture, Picture)
        assert (picture.radius > 0) is is_round
        left, top, right, bottom = picture.crop
        shown = (right - left) * 300 / ((bottom - top) * 200)
        assert shown == pytest.approx(picture.frame.width / picture.frame.height, rel=0.02)


def test_a_calm_picture_needs_no_veil() -> None:
    """Where the ink can be read on the photograph as it is, the photograph is left alone."""
    pale = np.full((200, 300, 3), 245, np.uint8)
    composition = composed(with_hero(left_column()), more=(HERO,), hero=jpeg(pale))
    assert not any(each.role in {"veil", "scrim"} for each in composition.scene.groups)


def test_every_element_of_the_graph_can_be_found() -> None:
    """Nothing that was placed is left out of the scene."""
    composition = composed(design(ALL, ordered(ALL)))
    assert {p.id for p in composition.arrangement.placements} <= {each.id for each in composition.scene.groups}


def test_a_box_of_the_grounds_colour_is_not_the_logo() -> None:
    """What is in the box is judged, whatever its corners; a box that shows, and a logo without one, stay whole."""
    ground = np.full((40, 80, 4), (10, 37, 64, 255), np.uint8)
    logo = ground.copy()
    logo[12:28, 20:60, :3] = (255, 214, 10)
    logo[:2, :2, 3] = 0
    found = unboxed(logo, ground, Frame(0, 0, 80, 40))
    assert found[20, 40, 3] == 255
    assert found[5, 40, 3] == 0
    assert unboxed(logo, np.full_like(ground, 255), Frame(0, 0, 80, 40)) is logo
    logo[..., 3][:8] = 0
    assert unboxed(logo, ground, Frame(0, 0, 80, 40)) is logo
