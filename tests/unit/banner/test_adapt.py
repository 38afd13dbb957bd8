"""One graph for all canvases: one campaign, less said on small ones, locks last, mirrored for right-to-left copy."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from streamforge.pipelines.banner.canvas import PRESETS, Canvas, Size
from streamforge.pipelines.banner.design.adapt import adapt
from streamforge.pipelines.banner.design.brief import Brief, HeroFacts, LogoFacts
from streamforge.pipelines.banner.design.graph import Design, Element, Typography
from streamforge.pipelines.banner.design.offline import graph_for, strategy_for
from streamforge.pipelines.banner.kit import BrandKit
from streamforge.pipelines.banner.spec import BannerSpec, Lock
from tests.unit.banner.designs import left_column

PROMPT = "a fish market with a 50% discount on seafood. Order at www.fish.example or call 555-123-4567"
ARABIC = "خصم 25% على جميع العطور الشرقية حتى نهاية رمضان"
LOGO = LogoFacts(width=400, height=160, colors=["#12355b", "#d7263d"], luminance=0.1, transparent=True)
SQUARE, LEADERBOARD = Canvas(size=Size(1080, 1080)), Canvas(size=Size(728, 90))
CANVASES = PRESETS["bannerrequest13"]


def brief_of(prompt: str = PROMPT, locks: list[Lock] | None = None, hero: HeroFacts | None = None) -> Brief:
    """A brief with a logo, for a 1200x628."""
    spec = BannerSpec(prompt=prompt, sizes=["1200x628", "728x90"], locks=locks or [], seed=3)
    return Brief(spec=spec, size=Size(1200, 628), kit=BrandKit(), logo=LOGO, hero=hero)


def drawn(brief: Brief) -> Design:
    """Its graph."""
    return graph_for(brief, strategy_for(brief))


def names(design: Design) -> set[str]:
    """The relations' names."""
    return {relation.name for relation in design.relations}


def test_a_set_is_one_campaign() -> None:
    """Palette, type, background, archetype and seed are the same on every canvas."""
    brief = brief_of()
    looks = {
        (d.palette, d.typography, d.background, d.archetype, d.seed)
        for d in (adapt(drawn(brief), brief, canvas) for canvas in CANVASES)
    }
    assert len(looks) == 1


def test_the_graphs_own_relations_stay_on_its_shape() -> None:
    """On another size of its shape a graph keeps its relations; on other shapes its archetype's replace them."""
    brief = brief_of()
    design = drawn(brief)
    changed = replace(design, relations=[*design.relations[:1]])
    assert names(adapt(changed, brief, Canvas(size=Size(2400, 1256)))) == names(changed)
    assert names(adapt(changed, brief, LEADERBOARD)) == names(adapt(design, brief, LEADERBOARD)) != names(changed)


def test_adapting_is_pure() -> None:
    """Equal arguments give equal designs, and adapting twice for one canvas changes nothing more."""
    brief = brief_of()
    once = adapt(drawn(brief), brief, LEADERBOARD)
    assert once == adapt(drawn(brief), brief, LEADERBOARD)
    assert adapt(once, brief, LEADERBOARD) == once


def test_small_canvases_say_less_in_shorter_words() -> None:
    """Fewer elements and the short texts on 300x50; every element of the graph on 1200x628."""
    brief = brief_of()
    design = drawn(brief)
    small, large = adapt(design, brief, Canvas(size=Size(300, 50))), adapt(design, brief, Canvas(size=Size(1200, 628)))
    assert [element.id for element in large.elements] == [element.id for element in design.elements]
    assert {element.role for element in small.elements} <= {"logo", "headline", "offer", "cta"}
    shorts = {element.id: element.short for element in design.elements if element.short}
    assert all(element.text == shorts.get(element.id, element.text) for element in small.elements)


def test_a_lock_wins_and_keeps_its_element() -> None:
    """A locked text stands on a canvas that has no room for its role; colour, size and place are as locked."""
    locks = [
        Lock(element="contact", text="As I say"),
        Lock(element="headline", ink="#ff0000", px=20, x=8, y=12),
    ]
    brief = brief_of(locks=locks)
    elements = {element.id: element for element in adapt(drawn(brief), brief, Canvas(size=Size(300, 50))).elements}
    assert (elements["contact"].text, elements["contact"].short) == ("As I say", "")
    head = elements["headline"]
    assert (head.ink, head.min_px, head.max_px, head.x, head.y) == ("#ff0000", 20, 20, 8, 12)


def test_a_lock_holds_on_its_canvas_alone() -> None:
    """``size`` restricts a lock to one canvas."""
    brief = brief_of(locks=[Lock(element="headline", size="728x90", text="Only here")])
    design = drawn(brief)
    texts = {
        str(c.size): {e.id: e.text for e in adapt(design, brief, c).elements}["headline"] for c in (SQUARE, LEADERBOARD)
    }
    assert texts["728x90"] == "Only here" != texts["1080x1080"]


def test_copy_read_from_the_right_is_mirrored() -> None:
    """What stands left of something in English stands right of it in Arabic; left edges become right edges."""
    english, arabic = brief_of(), brief_of(ARABIC)
    strategy = strategy_for(english)
    latin = adapt(graph_for(english, strategy), english, LEADERBOARD)
    turned = adapt(graph_for(arabic, strategy), arabic, LEADERBOARD)
    assert "left_of(logo, headline)" in names(latin) or "left_of(headline, logo)" in names(latin)
    assert ("left_of(headline, logo)" in names(turned)) == ("left_of(logo, headline)" in names(latin))
    assert not [name for name in names(turned) if name.startswith("align_left")]


@pytest.mark.parametrize(
    ("calm", "anchor"), [("left", "full"), ("right", "full"), ("nowhere", "right"), ("top", "right")]
)
def test_text_lies_where_the_picture_is_calm(calm: str, anchor: str) -> None:
    """A picture with a calm side fills a landscape, the text on that side; otherwise it keeps to one side."""
    hero = HeroFacts(width=1400, height=900, colors=["#aabbcc"], luminance=0.5, calm=calm)  # pyright: ignore[reportArgumentType]
    brief = brief_of(hero=hero)
    design = adapt(drawn(brief), brief, Canvas(size=Size(1200, 628)))
    regions = {region.id: region.anchor for region in design.regions}
    assert design.archetype == "hero-image"
    assert regions["picture"] == anchor
    assert regions["panel"] == (calm if anchor == "full" else "left")
    assert {"inside(hero, picture)", "inside(headline, panel)"} <= names(design)


def test_a_graph_written_by_hand_keeps_its_elements_and_relations() -> None:
    """Nobody drops or rearranges what a person wrote, whatever the canvas."""
    brief, design = brief_of(), left_column()
    adapted = adapt(design, brief, Canvas(size=Size(300, 50)))
    assert [element.id for element in adapted.elements] == [element.id for element in design.elements]
    assert names(adapted) == names(design)


def worded(prompt: str, size: str) -> dict[str, str]:
    """What a canvas says, by element."""
    brief = brief_of(prompt)
    return {element.id: element.text for element in adapt(drawn(brief), brief, Canvas(size=Size.parse(size))).elements}


def test_a_button_that_asks_for_a_call_has_the_number_where_nothing_else_has() -> None:
    """On a strip the number stands on the button; where the contact line has room it stands there."""
    prompt = "Emergency plumber in Leeds. Call 0113 496 0000"
    assert worded(prompt, "728x90")["cta"] == "Call 0113 496 0000"
    assert worded(prompt, "300x600")["cta"] == "Call Us"
    assert "0113 496 0000" in worded(prompt, "300x600").values()


def test_a_date_goes_before_a_sentence_on_a_strip() -> None:
    """Where there is room for one line beside headline and button, it says when."""
    texts = worded("Open-air jazz by the river. Three bands and a bar. Saturday 5 July at 7 pm", "728x90")
    assert "5 July" in " ".join(texts.values())


def test_a_wordy_offer_has_the_lines_of_a_sentence() -> None:
    """It may be smaller than a figure, and take more lines; a figure keeps to an offer's type."""
    brief = brief_of()
    for text, is_wordy in (("First three months half price for new members", True), ("30% off", False)):
        plan = replace(
            left_column(), elements=[*left_column().elements, Element(id="offer", role="offer", text=text, max_lines=2)]
        )
        offer = next(e for e in adapt(plan, brief, Canvas(size=Size(160, 600))).elements if e.id == "offer")
        assert (offer.min_px > 0, offer.max_lines > 2) == (is_wordy, is_wordy)


def test_a_set_has_one_pair_of_families() -> None:
    """Where any text of a role has a figure, on whichever canvas, no canvas sets it in figures that sink."""
    brief = brief_of()
    plan = drawn(brief)
    figures = [replace(e, text="Zero, 6 flavours", short="Zero") if e.role == "headline" else e for e in plan.elements]
    plan = replace(plan, typography=Typography(display="playfair-display", text="inter"), elements=figures)
    assert {adapt(plan, brief, canvas).typography.display for canvas in CANVASES} == {"inter"}
    words = [replace(e, text="Zero", short="") if e.role in {"headline", "offer"} else e for e in plan.elements]
    plain = replace(plan, elements=words)
    assert {adapt(plain, brief, canvas).typography.display for canvas in CANVASES} == {"playfair-display"}
    locked_brief = brief_of(locks=[Lock(element="headline", text="7 nights", size="728x90")])
    assert {adapt(plain, locked_brief, canvas).typography.display for canvas in CANVASES} == {"inter"}
