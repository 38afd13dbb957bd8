"""Hand-made designs, one a shape of canvas, that the tests arrange and paint."""

from __future__ import annotations

from itertools import pairwise, product

from streamforge.pipelines.banner.design.graph import Design, Element, Palette, Region, Relation, Typography

LIGHT = Palette(
    ground="#fdfaf4", ground_2="#f3e7d3", ink="#1d2733", muted="#5b6672", accent="#c2410c", on_accent="#ffffff",
    decor="#f0b429",
)  # fmt: skip
DARK = Palette(
    ground="#101c2e", ground_2="#1b2f4b", ink="#f5f7fa", muted="#a9b6c6", accent="#ffd166", on_accent="#101c2e",
    decor="#2f5d8a",
)  # fmt: skip
TYPE = Typography(display="poppins", text="inter")

LOGO = Element(id="logo", role="logo", priority=2)
KICKER = Element(id="kicker", role="kicker", text="Open house", priority=8, max_lines=1)
HEADLINE = Element(id="headline", role="headline", text="Bread that wakes the whole street", priority=1)
SUB = Element(id="sub", role="sub", text="Baked at four, on your table by seven, every day of the week", priority=5)
CTA = Element(id="cta", role="cta", text="Find your bakery", priority=2, max_lines=1)
CONTACT = Element(id="contact", role="contact", text="www.example.com · 030 123 456", priority=6, max_lines=1)
ALL = [LOGO, KICKER, HEADLINE, SUB, CTA, CONTACT]


def soft(a: str, rel: str, b: str = "", weight: int = 8) -> Relation:
    """A relation that may give way."""
    return Relation(a=a, rel=rel, b=b, hard=False, weight=weight)  # pyright: ignore[reportArgumentType]


def ordered(elements: list[Element]) -> list[Relation]:
    """Each above the next."""
    return [Relation(a=a.id, rel="above", b=b.id) for a, b in pairwise(elements)]


def design(elements: list[Element], relations: list[Relation], **changes: object) -> Design:
    """A light design with gradient ground unless told otherwise."""
    fields: dict[str, object] = {
        "designer": "test",
        "archetype": "test",
        "background": "gradient",
        "palette": LIGHT,
        "typography": TYPE,
        "seed": 7,
    }
    return Design(elements=elements, relations=relations, **(fields | changes))  # pyright: ignore[reportArgumentType]


def left_column() -> Design:
    """One left-aligned column: landscape and upright canvases."""
    edges = [soft(e.id, "align_left", "headline") for e in ALL if e.id != "headline"]
    return design(ALL, [*ordered(ALL), *edges, soft("headline", "larger_type", "sub")])


def centred_poster() -> Design:
    """One centred column on a dark ground."""
    axis = [soft(e.id, "center_x") for e in ALL]
    return design(ALL, [*ordered(ALL), *axis], align="center", palette=DARK, background="frame")


def strip() -> Design:
    """Logo, text and button side by side."""
    columns = [["logo"], ["headline", "sub"], ["cta"]]
    rows = [Relation(a=a, rel="left_of", b=b) for left, right in pairwise(columns) for a, b in product(left, right)]
    middle = [soft("logo", "center_y"), soft("cta", "center_y"), soft("sub", "align_left", "headline")]
    elements = [LOGO, HEADLINE, SUB, CTA]
    return design(elements, [*rows, Relation(a="headline", rel="above", b="sub"), *middle], background="solid")


def half_panel() -> Design:
    """Everything inside the left 60 percent; the panel fills the rest."""
    inside = [Relation(a=e.id, rel="inside", b="panel") for e in ALL]
    region = Region(id="panel", anchor="left", share=60)
    return design(ALL, [*ordered(ALL), *inside], regions=[region], background="panel")
