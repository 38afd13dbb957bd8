"""Offline designs: whole, valid, free of contradictions, the same for the same brief."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.archetypes import ARCHETYPES, fitting, relate, shape_of
from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.design.offline import design_offline, seed_of
from streamforge.pipelines.banner.design.palette import problems
from streamforge.pipelines.banner.spec import BannerSpec

PROMPT = "a fish market with a 50% discount on seafood. Order at www.fish.example or call 555-123-4567"
SIZES = [
    Size(300, 250), Size(728, 90), Size(160, 600), Size(300, 600), Size(970, 250), Size(320, 100), Size(468, 60),
    Size(250, 250), Size(336, 280), Size(120, 600), Size(970, 90), Size(180, 150), Size(300, 50), Size(1200, 628),
    Size(1080, 1080), Size(1080, 1920), Size(1500, 500), Size(16, 8000),
]  # fmt: skip
SIDE = st.integers(min_value=16, max_value=4000)


class Logo(Struct, frozen=True):
    """A dark transparent logo."""

    width: int = 400
    height: int = 160
    colors: list[str] = msgspec.field(default_factory=lambda: ["#12355b", "#d7263d"])
    luminance: float = 0.1
    transparent: bool = True


def make(size: Size, *, seed: int | None = None, logo: Logo | None = Logo()) -> Design:  # noqa: B008 - frozen
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
    design = make(Size(width, height), seed=seed, logo=Logo() if with_logo else None)
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
    strip = next(archetype for archetype in ARCHETYPES if archetype.name == "strip-classic")
    footed = next(archetype for archetype in ARCHETYPES if archetype.name == "footer-row")
    elements = make(Size(1200, 628)).elements
    across = {relation.name for relation in relate(strip, elements)}
    closing = {relation.name for relation in relate(footed, elements)}
    assert {"left_of(logo, headline)", "left_of(headline, offer)", "left_of(offer, cta)"} <= across
    assert {"left_of(cta, logo)", "above(headline, offer)"} <= closing
    assert any(name.startswith("above(") and name.endswith(", cta)") for name in closing)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_there_is_always_a_headline_and_a_button(size: Size) -> None:
    """Headline, button and the given logo are on every canvas, with the priorities that keep them longest."""
    elements = {element.id: element for element in make(size).elements}
    assert {"headline", "cta", "logo"} <= elements.keys()
    assert elements["headline"].priority == 1
    assert max(elements[name].priority for name in ("cta", "logo")) == 2


@pytest.mark.parametrize("shape", sorted({shape for archetype in ARCHETYPES for shape in archetype.shapes} - {"micro"}))
def test_every_shape_has_a_choice_of_arrangements(shape: str) -> None:
    """Four archetypes or more suit an ordinary brief on every shape of canvas."""
    assert len(fitting(shape, frozenset({"logo", "headline", "sub", "offer", "cta"}))) >= 4  # type: ignore[arg-type]


@given(width=SIDE, height=SIDE)
@settings(deadline=None)
def test_every_canvas_has_an_arrangement(width: int, height: int) -> None:
    """Even with a headline alone, no canvas is left without an archetype."""
    assert fitting(shape_of(Size(width, height)), frozenset({"headline"}))


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
    """A 300x50 says less than a 1200x628, and never more than a logo, a headline, and a button."""
    large, small = make(Size(1200, 628)), make(Size(300, 50))
    assert {element.id for element in small.elements} <= {"logo", "headline", "cta"}
    assert sum(len(element.text) for element in small.elements) < sum(len(element.text) for element in large.elements)


def test_without_a_logo_the_brand_name_is_shown() -> None:
    """A brief without a logo has no logo element and shows the brand's name."""
    spec = BannerSpec(prompt="Fresh bread every morning", brand_name="Kornblume")
    design = design_offline(spec, Size(1200, 628), None)
    assert "logo" not in {element.role for element in design.elements}
    assert "Kornblume" in {element.text for element in design.elements}


def test_calling_puts_the_number_first() -> None:
    """When the reader is asked to call, the telephone number stands in the place of the address."""
    spec = BannerSpec(prompt=PROMPT, purpose="Urge them to reach out via phone")
    texts = {element.id: element.text for element in design_offline(spec, Size(1200, 628), None).elements}
    assert texts["contact"] == "555-123-4567"
    assert texts["phone"] == "www.fish.example"
