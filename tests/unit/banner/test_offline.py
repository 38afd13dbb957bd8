"""Offline designs: whole, valid, free of contradictions, the same for the same brief."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.archetypes import ARCHETYPES, fitting, layout_of
from streamforge.pipelines.banner.design.brief import Brief, HeroFacts, LogoFacts, Tokens
from streamforge.pipelines.banner.design.graph import Design, Element
from streamforge.pipelines.banner.design.offline import OfflineDesigner, design_offline
from streamforge.pipelines.banner.design.relations import offer_goes_on, relate, without
from streamforge.pipelines.banner.design.seeds import seed_of
from streamforge.pipelines.banner.design.settle import problems
from streamforge.pipelines.banner.design.shapes import Shape, shape_of
from streamforge.pipelines.banner.kit import BrandKit
from streamforge.pipelines.banner.spec import BannerSpec

PROMPT = "a fish market with a 50% discount on seafood. Order at www.fish.example or call 555-123-4567"
ELEMENTS = [
    Element(id="logo", role="logo"),
    Element(id="kicker", role="kicker", text="Fish market"),
    Element(id="headline", role="headline", text="Fresh from the quay", priority=1),
    Element(id="date", role="body", text="Until Sunday"),
    Element(id="sub", role="sub", text="Landed at four, on your table by seven"),
    Element(id="offer", role="offer", text="50% off seafood"),
    Element(id="cta", role="cta", text="Order now"),
    Element(id="contact", role="contact", text="www.fish.example"),
    Element(id="phone", role="contact", text="555-123-4567"),
]
"""A banner with something of every kind."""
SIZES = [
    Size(300, 250), Size(728, 90), Size(160, 600), Size(300, 600), Size(970, 250), Size(320, 100), Size(468, 60),
    Size(250, 250), Size(336, 280), Size(120, 600), Size(970, 90), Size(180, 150), Size(300, 50), Size(1200, 628),
    Size(1080, 1080), Size(1080, 1920), Size(1500, 500), Size(16, 8000),
]  # fmt: skip
SHAPES = sorted({shape_of(size) for size in SIZES})
SIDE = st.integers(min_value=16, max_value=4000)


LOGO = LogoFacts(width=400, height=160, colors=["#12355b", "#d7263d"], luminance=0.1, transparent=True)


def make(size: Size, *, seed: int | None = None, logo: LogoFacts | None = LOGO) -> Design:
    """A design of the fish market."""
    return design_offline(BannerSpec(prompt=PROMPT, seed=seed), size, logo)


def order(design: Design, kind: str) -> dict[str, set[str]]:
    """The hard relations of a kind, as successors by element."""
    after: dict[str, set[str]] = {}
    for relation in design.relations:
        if relation.hard and relation.rel == kind:
            after.setdefault(relation.a, set()).add(relation.b)
    return after


def returns(start: str, after: dict[str, set[str]]) -> bool:
    """Whether a walk along the order comes back to its start."""
    front, seen = set(after.get(start, ())), set[str]()
    while front - seen:
        seen |= front
        front = {name for name in seen for name in after.get(name, ())}
    return start in seen


@given(width=SIDE, height=SIDE, seed=st.integers(min_value=0, max_value=2**31 - 1), with_logo=st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_design_is_valid_at_every_size(width: int, height: int, *, seed: int, with_logo: bool) -> None:
    """A design of any canvas passes the contract's own validation and its palette every contrast check."""
    design = make(Size(width, height), seed=seed, logo=LOGO if with_logo else None)
    assert msgspec.json.decode(msgspec.json.encode(design), type=Design) == design
    assert problems(design.palette) == []


@given(width=SIDE, height=SIDE, seed=st.integers(min_value=0, max_value=2**31 - 1))
@settings(max_examples=150, deadline=None)
def test_relations_join_elements_and_never_form_a_circle(width: int, height: int, *, seed: int) -> None:
    """Every relation names elements of the design (or the canvas, or its panel); reading order has no circle."""
    design = make(Size(width, height), seed=seed)
    ids = {element.id for element in design.elements}
    targets = ids | {"", *(region.id for region in design.regions)}
    assert all(r.a in ids and r.b in targets and r.a != r.b for r in design.relations)
    for kind in ("above", "left_of"):
        after = order(design, kind)
        assert not [name for name in after if returns(name, after)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_only_reading_order_and_panels_are_hard(size: Size) -> None:
    """Looks are soft, so that a crowded canvas is solved and not refused."""
    kinds = {relation.rel for seed in range(8) for relation in make(size, seed=seed).relations if relation.hard}
    assert kinds <= {"above", "left_of", "inside"}


def test_columns_stand_in_reading_order() -> None:
    """An archetype's columns go left to right, its elements top to bottom, its closing row below everything."""
    elements = ELEMENTS
    across = {relation.name for relation in relate(layout_of("split-panel", "strip", 0), elements).relations}
    closing = {relation.name for relation in relate(layout_of("footer-bar", "square", 0), elements).relations}
    heading = {relation.name for relation in relate(layout_of("badge", "square", 0), elements).relations}
    assert {"left_of(headline, offer)", "left_of(offer, cta)", "left_of(cta, logo)"} <= across
    assert "left_of(logo, cta)" in closing
    assert any(name.startswith("above(") and name.endswith(", cta)") for name in closing)
    assert {"left_of(logo, offer)", "above(offer, kicker)", "above(kicker, headline)"} <= heading


@pytest.mark.parametrize("archetype", ARCHETYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_archetype_places_every_element_on_every_shape(archetype: str, shape: Shape) -> None:
    """No element is left without an order to its neighbours, whatever the arrangement and its variant."""
    elements = [*make(Size(1200, 628)).elements, Element(id="small_print", role="legal", text="While stocks last")]
    for seed in range(0, 21, 7):
        relations = relate(layout_of(archetype, shape, seed), elements).relations
        ordered = {name for r in relations if r.rel in {"above", "left_of"} for name in (r.a, r.b)}
        assert ordered == {element.id for element in elements}


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("shape", ["landscape", "wide", "strip"])
@pytest.mark.parametrize("archetype", sorted(set(ARCHETYPES) - {"footer-bar"}))
def test_the_address_goes_with_the_button(archetype: str, shape: Shape, seed: int) -> None:
    """Beside no column stands an address alone: it is in the button's column, or in a row with it."""
    elements = [element for element in ELEMENTS if element.role in {"headline", "sub", "cta", "contact"}]
    columns = [
        {element.id for role in column for element in elements if element.role == role}
        for column in layout_of(archetype, shape, seed).columns
    ]
    assert {"contact"} not in columns


def test_a_column_at_the_left_edge_is_not_centred() -> None:
    """Without a logo beside it, a centred column would hug the left edge with its short lines indented."""
    elements = [element for element in ELEMENTS if element.role in {"headline", "sub", "cta"}]
    found = {relation.name for relation in relate(layout_of("stack-centred", "wide", 0), elements).relations}
    assert "align_left(sub, headline)" in found
    assert "center_x(sub, headline)" not in found


def test_archetypes_differ_in_reading_order_on_a_square() -> None:
    """Ten arrangements are ten: on a square no two have the same order, alignment and surface."""
    elements = ELEMENTS
    seen = {
        (name, tuple(sorted(r.name for r in relate(layout_of(name, "landscape", 0), elements).relations)))
        for name in ARCHETYPES
    }
    assert len({relations for _, relations in seen}) >= 8


def test_an_order_outlives_the_element_it_went_through() -> None:
    """Taking the middle of three out keeps the first above the last."""
    relations = relate(layout_of("stack-left", "square", 0), ELEMENTS).relations
    kept = {relation.name for relation in without(relations, ["sub", "date", "offer"])}
    assert "above(headline, cta)" in kept
    assert not [name for name in kept if "sub" in name or "offer" in name]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_there_is_always_a_headline_and_a_button(size: Size) -> None:
    """Headline, button and the given logo are on every canvas, with the priorities that keep them longest."""
    elements = {element.id: element for element in make(size).elements}
    assert {"headline", "cta", "logo"} <= elements.keys()
    assert elements["headline"].priority == 1
    assert (elements["cta"].priority, elements["logo"].priority) == (2, 3)


def test_an_offer_leads_only_where_there_is_one() -> None:
    """Without an offer no arrangement that is built on it is chosen; with a picture only the one that shows it is."""
    bare = set(fitting(frozenset({"headline", "cta"})))
    assert not bare & {"offer-hero", "badge"}
    assert len(bare) >= 6
    assert fitting(frozenset({"headline", "cta", "offer", "hero"})) == ["hero-image"]


def test_equal_briefs_give_equal_designs() -> None:
    """Nothing but the arguments decides a design."""
    assert make(Size(1200, 628)) == make(Size(1200, 628))


def test_a_campaign_keeps_its_look_over_sizes() -> None:
    """Palette and type are the same on every canvas of one brief."""
    looks = {(design.palette, design.typography) for design in map(make, SIZES)}
    assert len(looks) == 1


def test_seeds_bring_variety() -> None:
    """Different seeds give several arrangements, palettes and backgrounds."""
    designs = [make(Size(1200, 628), seed=seed, logo=None) for seed in range(24)]
    assert len({design.archetype for design in designs}) >= 4
    assert len({design.palette for design in designs}) >= 5
    assert len({design.background for design in designs}) >= 4


def test_the_seed_is_the_briefs_own_digest_unless_it_sets_one() -> None:
    """Another audience makes another seed; a given seed is taken as it is; the canvas does not count."""
    spec = BannerSpec(prompt=PROMPT)
    assert seed_of(spec) == seed_of(BannerSpec(prompt=PROMPT, width=300, height=250))
    assert seed_of(spec) != seed_of(BannerSpec(prompt=PROMPT, audience="families"))
    assert seed_of(BannerSpec(prompt=PROMPT, seed=7)) == 7


def test_small_canvases_get_fewer_words() -> None:
    """A 300x50 says less than a 1200x628, and never more than a logo, a headline, an offer, and a button."""
    large, small = make(Size(1200, 628)), make(Size(300, 50))
    assert {element.id for element in small.elements} <= {"logo", "headline", "offer", "cta"}
    assert sum(len(element.text) for element in small.elements) < sum(len(element.text) for element in large.elements)


def test_without_a_logo_the_brand_name_is_shown() -> None:
    """A brief without a logo has no logo element and shows the brand's name."""
    spec = BannerSpec(prompt="Fresh bread every morning", brand_name="Kornblume")
    design = design_offline(spec, Size(1200, 628), None)
    assert "logo" not in {element.role for element in design.elements}
    assert "Kornblume" in {element.text for element in design.elements}


def test_calling_puts_the_number_first() -> None:
    """When the reader is asked to call, the telephone number stands in the place of the address."""
    spec = BannerSpec(prompt="Emergency plumber in Leeds, www.fix.example. Call 0113 496 0000")
    texts = {element.id: element.text for element in design_offline(spec, Size(1200, 628), None).elements}
    assert texts["contact"] == "0113 496 0000"
    assert texts["phone"] == "www.fix.example"


async def test_the_designer_answers_its_protocol_without_tokens() -> None:
    """Strategy and graph follow each other, name their designer, and cost nothing."""
    spec = BannerSpec(prompt=PROMPT)
    brief = Brief(spec=spec, size=Size(728, 90), kit=BrandKit(), logo=LOGO)
    designer = OfflineDesigner()
    strategy = await designer.strategise(brief)
    design = await designer.draw(brief, strategy.value)
    assert (strategy.tokens, design.tokens) == (Tokens(), Tokens())
    assert (design.value.designer, design.value.strategy, design.value.shape) == ("offline", strategy.value, "strip")
    assert {element.id for element in design.value.elements} >= {"logo", "headline", "cta", "contact", "phone"}


def test_the_rest_of_an_offer_stands_below_it() -> None:
    """``On every roast`` is the end of ``30% off every roast``: it follows the offer, not the headline."""
    changed = {"offer": "30% off", "sub": "On every single-origin roast"}
    elements = [replace(each, text=changed.get(each.id, each.text)) for each in ELEMENTS]
    for archetype in ("stack-left", "side-by-side", "editorial", "offer-hero"):
        related = relate(layout_of(archetype, "square", 0), elements, offer_goes_on=True)
        assert "above(offer, sub)" in {relation.name for relation in related.relations}
    assert offer_goes_on("Tasting: 30% off every single-origin roast", elements)
    assert not offer_goes_on("Tasting: 30% off. On every single-origin roast a stamp", elements)


@pytest.mark.parametrize(("own", "aspect", "fills"), [(1.5, 1.91, True), (0.67, 1.91, False), (1.5, 8.0, False)])
def test_a_picture_fills_a_canvas_of_about_its_proportions_only(own: float, aspect: float, *, fills: bool) -> None:
    """A calm portrait is not stretched over a landscape: too little of it would be left."""
    elements = [Element(id="hero", role="hero"), Element(id="headline", role="headline", text="Rye")]
    hero = HeroFacts(width=round(1000 * own), height=1000, colors=["#808080"], luminance=0.3, calm="left")
    related = relate(layout_of("hero-image", "landscape", 0), elements, hero, size=(round(1000 * aspect), 1000))
    assert ("full" in {region.anchor for region in related.regions}) == fills


def test_an_upright_picture_stands_beside_the_text_on_a_square() -> None:
    """Of a product or a portrait a flat strip above the text would show a slice."""
    elements = [Element(id="hero", role="hero"), Element(id="headline", role="headline", text="Rye")]
    anchors = {
        own: next(
            region.anchor
            for region in relate(
                layout_of("hero-image", "square", 0),
                elements,
                HeroFacts(width=own, height=1000, colors=["#808080"], luminance=0.3),
                size=(1200, 1000),
            ).regions
            if region.id == "picture"
        )
        for own in (700, 1600)
    }
    assert anchors == {700: "right", 1600: "top"}
