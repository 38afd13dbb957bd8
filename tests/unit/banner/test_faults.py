"""What is found wrong with an answer before anything is laid out."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design import faults
from streamforge.pipelines.banner.design.brief import Brief, Edit, HeroFacts, Patch
from streamforge.pipelines.banner.design.graph import Design, Element, Region, Relation
from streamforge.pipelines.banner.kit import BrandKit
from streamforge.pipelines.banner.spec import BannerSpec, Lock
from tests.unit.banner.designs import CTA, HEADLINE, LOGO, SUB, design, ordered
from tests.unit.banner.scripted import STRATEGY

SPEC = BannerSpec(
    prompt="Rye class on 12 June, 25% off, places from €1,200.50 a year. Call +49 30 123456 or see www.rye.example",
    brand_name="RyeLab",
    width=1200,
    height=628,
)
BRIEF = Brief(spec=SPEC, size=Size(1200, 628), kit=BrandKit())
GOOD = design([HEADLINE, SUB, CTA], ordered([HEADLINE, SUB, CTA]))


def saying(text: str, short: str = "") -> Design:
    """The good design with another line below the headline."""
    return design([HEADLINE, replace(SUB, text=text, short=short), CTA], GOOD.relations)


def test_a_sound_design_has_no_fault() -> None:
    """Nothing is sent back that need not be."""
    assert faults.of_design(GOOD, BRIEF).lines == []


@pytest.mark.parametrize(
    "text",
    [
        "12 June",
        "25% off",
        "from €1200.50 a year",
        "+49 30 123456",
        "www.rye.example",
        "rye.example",
        "RyeLab opens its doors",
        "Learn it in one day",
    ],
)
def test_what_the_brief_states_may_be_said(text: str) -> None:
    """Numbers in another notation, addresses in part, names as they are."""
    assert faults.of_design(saying(text), BRIEF).fatal == []


@pytest.mark.parametrize(
    ("text", "invented"),
    [
        ("70% off", "70"),
        ("12 June 2031", "2031"),
        ("see www.other.example", "www.other.example"),
        ("write to hello@rye.example", "hello@rye.example"),
        ("with BreadMaster", "BreadMaster"),
        ("follow @ryelab", "@ryelab"),
        ("CrustPro™ inside", "CrustPro"),
    ],
)
def test_what_it_does_not_state_is_an_invention(text: str, invented: str) -> None:
    """It makes the answer useless, also where only small canvases would show it."""
    for changed in (saying(text), saying("Fresh", short=text)):
        (line, *_) = faults.of_design(changed, BRIEF).fatal
        assert invented in line


def test_what_is_locked_is_stated() -> None:
    """A number that somebody has settled in a lock may be said elsewhere too."""
    spec = replace(SPEC, locks=[Lock(element="headline", text="Only 7 places")])
    assert faults.of_design(saying("7 places"), replace(BRIEF, spec=spec)).fatal == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (design([HEADLINE, HEADLINE], []), "used twice"),
        (design([HEADLINE, CTA], [Relation(a="cta", rel="above", b="ghost")]), "above(cta, ghost)"),
        (
            design([HEADLINE, CTA], [*ordered([HEADLINE, CTA]), *ordered([CTA, HEADLINE])]),
            "the above relations of cta form a circle",
        ),
        (design([HEADLINE], [], regions=[Region(id="headline", anchor="left", share=50)]), "an element and a region"),
        (design([SUB, CTA], []), "exactly one headline"),
        (design([HEADLINE, Element(id="second", role="headline", text="Two")], []), "exactly one headline"),
        (design([HEADLINE, LOGO], []), "no logo"),
        (design([HEADLINE, Element(id="hero", role="hero")], []), "no hero"),
        (design([HEADLINE, replace(CTA, text=" ")], []), "cta has no text"),
    ],
)
def test_what_cannot_be_laid_out_is_fatal(changed: Design, told: str) -> None:
    """Names, circles, and elements that the brief has nothing for, in words that a model can act on."""
    assert any(told in line for line in faults.of_design(changed, BRIEF).fatal)


def test_overlong_copy_is_worth_a_turn_but_no_refusal() -> None:
    """How much can be read depends on the class of canvas: what a poster holds is too much for a strip."""
    long = design([replace(HEADLINE, text="A sourdough class for everyone who ever wondered why")], [])
    assert faults.of_design(long, BRIEF).lines == []
    found = faults.of_design(long, replace(BRIEF, size=Size(728, 90)))
    assert found.fatal == []
    assert "728x90" in found.mild[0]


def test_a_strategy_needs_what_it_builds_on() -> None:
    """A palette the brief cannot have, a role that is none, a picture that is not there."""
    wrong = replace(STRATEGY, palette="brand", hierarchy=["slogan"], archetype="hero-image")
    found = faults.of_strategy(wrong, BRIEF).fatal
    assert [line for line in found if "'brand'" in line or "'slogan'" in line or "picture" in line] == found
    assert len(found) == 3
    coloured = replace(SPEC, brand_colors=["#aa3300"])
    picture = HeroFacts(width=10, height=10, colors=[], luminance=0.5)
    fixed = replace(wrong, hierarchy=["headline"])
    assert faults.of_strategy(fixed, replace(BRIEF, spec=coloured, hero=picture)).lines == []


def test_a_patch_is_judged_by_what_it_makes() -> None:
    """Neither an invention nor a circle comes in by a patch; what it leaves alone is not judged again."""
    invented = Patch(edits=[Edit(element="sub", text="90% off")])
    circle = Patch(relate=[Relation(a="cta", rel="above", b="headline")])
    assert "90" in faults.of_patch(invented, GOOD, BRIEF).fatal[0]
    assert "circle" in faults.of_patch(circle, GOOD, BRIEF).fatal[0]
    assert faults.of_patch(Patch(edits=[Edit(element="cta", text="Join")]), saying("90% off"), BRIEF).lines == []
