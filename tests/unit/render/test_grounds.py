"""Backgrounds: quiet under text, in their archetype's place, and never muddy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streamforge.render.colour import contrast, luminance_of
from streamforge.render.grounds import STYLES, Ground, Mark, background, badge
from streamforge.render.grounds.surfaces import cut_between, surfaces
from streamforge.render.grounds.tone import blend, decisive
from streamforge.render.oklab import from_oklch, to_oklch
from streamforge.render.scene import Circle, Frame, Gradient, Polygon, Rect

CHANNEL = st.integers(min_value=0, max_value=255)
RGB = st.tuples(CHANNEL, CHANNEL, CHANNEL)
HEAD, CTA, OFFER = Frame(40, 60, 300, 80), Frame(40, 220, 120, 40), Frame(420, 110, 100, 90)


def ground(archetype: str = "", seed: int = 0, **roles: Frame) -> Ground:
    """A light 600x300 with the given boxes."""
    return Ground(
        width=600,
        height=300,
        boxes=tuple(roles.values()),
        ground=(250, 246, 238),
        ground_2=(241, 230, 211),
        accent=(194, 65, 12),
        decor=(232, 180, 138),
        seed=seed,
        archetype=archetype,
        marks=tuple(Mark(role, frame) for role, frame in roles.items()),
    )


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", range(0, 44, 11))
def test_every_style_draws_something_and_the_same_again(style: str, seed: int) -> None:
    """A style is a function of its ground: some shapes, and equal ones for equal grounds."""
    found = background(style, ground(seed=seed, headline=HEAD, cta=CTA))
    assert found
    assert found == background(style, ground(seed=seed, headline=HEAD, cta=CTA))


def test_a_split_panel_covers_the_text_and_nothing_else() -> None:
    """The panel ends between text and button, bleeds off the canvas, and is of a tone that text can be read on."""
    (panel,) = surfaces(ground("split-panel", seed=5, headline=HEAD, cta=Frame(420, 120, 120, 40)))
    assert isinstance(panel, Rect)
    assert (panel.frame.x, panel.frame.y, panel.frame.height) == (0, 0, 300)
    assert HEAD.right < panel.frame.right < 420
    tone = luminance_of(panel.colour)
    assert max(contrast(tone, 1.0), contrast(tone, 0.006)) >= 5


def test_a_footer_bar_lies_under_what_closes_the_banner() -> None:
    """The bar reaches the lower edge and begins between headline and button."""
    note = replace(CTA, x=CTA.right + 20, width=80)
    bar, edge = surfaces(ground("footer-bar", headline=HEAD, cta=CTA, contact=note))
    assert isinstance(bar, Rect)
    assert isinstance(edge, Rect)
    assert HEAD.bottom < bar.frame.y < CTA.y
    assert bar.frame.bottom == 300


def test_a_small_button_alone_gets_no_bar() -> None:
    """A bar with nothing but a button at one end looks unfinished; a wide button fills it."""
    assert surfaces(ground("footer-bar", headline=HEAD, cta=replace(CTA, width=100))) == []
    assert surfaces(ground("footer-bar", headline=HEAD, cta=replace(CTA, x=20, width=500))) != []


def test_a_line_does_not_stand_in_a_void() -> None:
    """Between two groups that are near there is a line, between groups far apart, or beside a small button, none."""
    said, asked = Frame(20, 40, 300, 200), Frame(360, 40, 200, 200)
    assert surfaces(ground("side-by-side", headline=said, cta=asked)) != []
    assert surfaces(ground("side-by-side", headline=replace(said, width=100), cta=asked)) == []
    assert surfaces(ground("side-by-side", headline=said, cta=replace(asked, height=40))) == []


@pytest.mark.parametrize("seed", [0, 4])
@pytest.mark.parametrize("offer", [OFFER, Frame(380, 130, 190, 40), Frame(200, 240, 200, 40)])
def test_a_badge_keeps_off_the_headline_and_holds_the_offer(offer: Frame, seed: int) -> None:
    """Seal, ribbon or tag: it covers the offer's box and reaches no other text."""
    (shape,) = surfaces(ground("badge", seed=seed, headline=HEAD, offer=offer))
    box = _box(shape)
    assert box.x <= offer.x
    assert box.right >= offer.right
    assert box.overlap(HEAD) == 0


@pytest.mark.parametrize("seed", [0, 3, 4, 9])
@pytest.mark.parametrize("at", [4, 16, 40, 90, 160])
@pytest.mark.parametrize("size", [(130, 90), (200, 60), (300, 60), (90, 90)])
def test_a_badge_ends_well_inside_the_canvas_or_beyond_its_edge(at: int, size: tuple[int, int], seed: int) -> None:
    """What floats keeps a margin at the sides; what reaches an edge runs off it. Neither touches one."""
    (shape,) = surfaces(ground("badge", seed=seed, offer=Frame(at, 100, *size)))
    box, canvas = _box(shape), ground("badge")
    for gap in (box.x, canvas.width - box.right):
        assert gap <= 0 or gap >= 0.02 * canvas.unit


@given(
    at=st.integers(10, 330),
    top=st.integers(10, 220),
    size=st.tuples(st.integers(150, 240), st.integers(30, 60)),
    px=st.integers(10, 40),
    beside=st.booleans(),
)
def test_a_badge_has_room_around_its_text(at: int, top: int, size: tuple[int, int], px: int, *, beside: bool) -> None:
    """Of a ribbon the cut end leaves the text what the layout reserved, and most of what the other end has."""
    pad, frame = (0.42 * px, 0.28 * px), Frame(at, top, *size)
    other = Frame(max(at - 130.0, 0.0), top, 100, 20) if beside else Frame(20, 270, 60, 20)
    marks = (Mark("offer", frame, px, pad=pad), Mark("headline", other, px))
    shape = badge(replace(ground("badge"), marks=marks))
    assert shape is not None
    text, box = marks[0].text, _box(shape)
    assert min(text.x - box.x, box.right - text.right) >= pad[0] - 1e-6
    assert min(text.y - box.y, box.bottom - text.bottom) >= pad[1] - 1e-6
    assert frame.overlap(other) or not box.overlap(other)
    if isinstance(shape, Polygon):
        cut = shape.points[-1][0]
        inner, outer = (text.x - cut, 600 - text.right) if cut < text.x else (cut - text.right, text.x)
        assert inner >= max(0.6 * outer, pad[0]) - 1e-6


@pytest.mark.parametrize("style", STYLES)
def test_nothing_around_a_badge_has_its_colour(style: str) -> None:
    """A stripe in the accent would run into a ribbon in the accent: decoration takes another colour there."""
    plan = ground("badge", headline=HEAD, offer=OFFER)
    *decoration, _ = background(style, plan)
    assert plan.accent not in [shape.colour for shape in decoration if isinstance(shape, Rect | Circle | Polygon)]


@pytest.mark.parametrize("style", ["solid", "gradient", "glow"])
@pytest.mark.parametrize("seed", [0, 7, 14])
def test_an_empty_foot_has_a_motif(style: str, seed: int) -> None:
    """Where the lower third of an upright canvas is free, even a quiet style has something to see there."""
    upright = replace(ground(seed=seed), width=160, height=600, boxes=(Frame(11, 20, 130, 340),))
    low = [
        shape for shape in background(style, upright) if not isinstance(shape, Gradient) and _box(shape).bottom > 560
    ]
    strong = [shape for shape in low if isinstance(shape, Rect | Circle | Polygon) and shape.opacity == 1]
    assert strong
    full = replace(upright, boxes=(Frame(11, 20, 130, 560),))
    assert background(style, full) != background(style, upright)


def test_interlocked_groups_have_no_cut() -> None:
    """Where no straight line parts two groups there is no panel."""
    assert cut_between((HEAD,), (Frame(100, 80, 20, 20),)) is None
    assert surfaces(ground("split-panel", headline=HEAD, cta=Frame(100, 80, 20, 20))) == []


@given(first=RGB, second=RGB, share=st.floats(min_value=0, max_value=1))
def test_a_mix_lies_between_its_parts(first: tuple[int, int, int], second: tuple[int, int, int], share: float) -> None:
    """It is never lighter or darker than both, and never more colourful; the whole of the second is the second."""
    a, b, mixed = to_oklch(first), to_oklch(second), to_oklch(blend(first, second, share))
    assert min(a.lightness, b.lightness) - 0.02 <= mixed.lightness <= max(a.lightness, b.lightness) + 0.02
    assert mixed.chroma <= max(a.chroma, b.chroma) + 0.02


def test_cream_and_blue_do_not_meet_in_green() -> None:
    """Strange hues pale into each other instead of turning through a third."""
    cream, blue = (250, 240, 215), (40, 90, 220)
    hues = {round(to_oklch(blend(cream, blue, share / 10)).hue) for share in range(11)}
    assert hues <= set(range(75, 105)) | set(range(255, 275))


@given(fill=RGB)
def test_a_decisive_fill_has_a_readable_ink(fill: tuple[int, int, int]) -> None:
    """White or near-black has 5:1 on it."""
    tone = luminance_of(decisive(fill))
    assert max(contrast(tone, 1.0), contrast(tone, 0.006)) >= 5


@given(colour=RGB)
def test_oklch_is_a_round_trip_on_bytes(colour: tuple[int, int, int]) -> None:
    """There and back differs by one step of 255 at most."""
    assert all(abs(a - b) <= 1 for a, b in zip(from_oklch(to_oklch(colour)), colour, strict=True))


def _box(shape: object) -> Frame:
    if isinstance(shape, Rect):
        return shape.frame
    if isinstance(shape, Circle):
        return Frame(shape.x - shape.radius, shape.y - shape.radius, 2 * shape.radius, 2 * shape.radius)
    assert isinstance(shape, Polygon)
    xs, ys = [x for x, _ in shape.points], [y for _, y in shape.points]
    return Frame(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def test_the_bar_above_a_headline_keeps_its_distance_and_its_side() -> None:
    """0.35 of the type size away, at the side where lines begin, and not at all on low canvases."""
    plan = ground("editorial", headline=Frame(40, 90, 300, 80))
    left = replace(plan, marks=(Mark("headline", plan.marks[0].frame, 60),))
    right = replace(plan, marks=(Mark("headline", plan.marks[0].frame, 60, is_right=True),))
    (bar,), (turned,) = ([_box(shape) for shape in surfaces(each)] for each in (left, right))
    assert 90 - bar.bottom >= 0.35 * 60
    assert (bar.x, turned.right) == (40, 340)
    assert surfaces(replace(left, height=90)) == []


@pytest.mark.parametrize("fill", [(224, 122, 63), (240, 140, 0)])
def test_a_bright_fill_becomes_lighter_not_brown(fill: tuple[int, int, int]) -> None:
    """Orange under text is made lighter, where another colour of its lightness would be darkened."""
    assert luminance_of(decisive(fill)) >= luminance_of(fill)
