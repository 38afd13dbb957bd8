"""Every check sees the fault it is for, on a banner broken in just that way, and none fires on sound banners."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from msgspec.structs import replace

from streamforge.pipelines.banner.canvas import PRESETS, Canvas, SafeZone, Size
from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.layout.arrange import arrange
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Placement
from streamforge.pipelines.banner.order import Order
from streamforge.pipelines.banner.picture.artwork import logo_of
from streamforge.pipelines.banner.picture.compose import Composition, frame_of
from streamforge.pipelines.banner.picture.inspect import inspect
from streamforge.render import ocr, verify
from streamforge.render.checks import CHECKS, CheckName, Finding
from streamforge.render.colour import Pixels
from streamforge.render.scene import Picture
from tests.unit.banner.designs import CTA, HEADLINE, centred_poster, design, half_panel, left_column, ordered, strip
from tests.unit.render.pictures import logo_png

SIZE = Size(1200, 628)
LOGO_URI = logo_png("#2c3e50")
Change = Callable[[Arrangement], Arrangement]


def order(size: Size = SIZE, safe: SafeZone | None = None, clear_space: float = 0.2) -> Order:
    """One PNG with the logo."""
    return Order(canvas=Canvas(size=size, safe=safe or SafeZone()), logo=LOGO_URI, clear_space=clear_space)


def composed(plan: Design, change: Change | None = None, work: Order | None = None) -> Composition:
    """The design arranged, changed and painted."""
    work = work or order()
    arrangement = arrange(plan, work)
    composition = Composition(plan, change(arrangement) if change else arrangement, work, logo_of(work, plan))
    composition.paint()
    return composition


def moved(name: str, **changes: object) -> Change:
    """An arrangement with one placement changed."""

    def change(arrangement: Arrangement) -> Arrangement:
        placements = [replace(p, **changes) if p.id == name else p for p in arrangement.placements]
        return replace(arrangement, placements=placements)

    return change


def onto(name: str, other: str, dx: int = 0, dy: int = 0) -> Change:
    """An arrangement with one placement moved to another's place, and some px on."""

    def change(arrangement: Arrangement) -> Arrangement:
        at = place(arrangement, other)
        return moved(name, x=at.x + dx, y=at.y + dy)(arrangement)

    return change


def place(arrangement: Arrangement, name: str) -> Placement:
    """The placement of that element."""
    return next(p for p in arrangement.placements if p.id == name)


def found_in(composition: Composition) -> list[Finding]:
    """The checks that failed."""
    return [each for each in inspect(composition).findings if not each.passed]


def broken(plan: Design, change: Change | None = None, work: Order | None = None) -> list[Finding]:
    """What fails on the design, changed and painted."""
    return found_in(composed(plan, change, work))


def without_headline(arrangement: Arrangement) -> Arrangement:
    """The arrangement, its headline gone."""
    return replace(arrangement, placements=[p for p in arrangement.placements if p.id != "headline"])


def with_stray_ink() -> list[Finding]:
    """A picture with a dot that no text has painted."""
    composition = composed(left_column())
    composition.pixels[5:8, 600:603] = 0
    return found_in(composition)


def on_a_photo() -> list[Finding]:
    """A picture whose ground was exchanged, under the letters, for the noise of a busy photo."""
    composition = composed(left_column())
    grain = np.random.default_rng(3).integers(0, 256, (*composition.bare.shape[:2], 1), np.uint8)
    inked = (composition.bare != composition.pixels).any(axis=2)[..., None]
    pixels, bare = composition.pixels, composition.bare
    pixels[..., :3] = np.where(inked, pixels[..., :3], grain)
    bare[..., :3] = grain
    return found_in(composition)


def paled(name: str) -> list[Finding]:
    """A picture on which one text's ink has become nearly transparent."""
    composition = composed(left_column())
    at = place(composition.arrangement, name)
    window = (slice(at.y, at.y + at.height), slice(at.x, at.x + at.width))
    ink, ground = composition.pixels[window], composition.bare[window]
    composition.pixels[window] = (ink * 0.2 + ground * 0.8).astype(np.uint8)
    return found_in(composition)


def hidden_logo() -> list[Finding]:
    """A white logo on white."""
    white: Pixels = np.full((30, 60, 4), 255, np.uint8)
    ground: Pixels = np.full((100, 100, 4), 255, np.uint8)
    composition = composed(left_column())
    at = composition.arrangement.placements[0]
    composition.logo_finding = verify.check_logo(white, ground, Picture(at.id, verify.Frame(10, 10, 60, 30)))
    return found_in(composition)


def spilled() -> list[Finding]:
    """A scrim under one text that reaches under the next."""
    composition = composed(left_column())
    composition.underlays["headline"] = frame_of(place(composition.arrangement, "headline")).grown(40)
    return found_in(composition)


def squeezed(arrangement: Arrangement) -> Arrangement:
    """The arrangement with a button hardly wider than its label."""
    button = place(arrangement, "cta")
    return moved("cta", width=button.width - 2 * button.px)(arrangement)


def unread(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """A recogniser that reads nothing."""
    monkeypatch.setattr(ocr, "obstacle", lambda: None)

    def read(_: Pixels) -> list[ocr.Line]:
        return []

    monkeypatch.setattr(ocr, "read", read)
    found = inspect(composed(left_column()), read_words=True).findings
    return [each for each in found if not each.passed]


BROKEN: dict[CheckName, Callable[[pytest.MonkeyPatch], list[Finding]]] = {
    "present": lambda _: broken(left_column(), without_headline),
    "glyphs": lambda _: broken(left_column(), lambda a: replace(a, lost={"headline": 2})),
    "contrast": lambda _: paled("sub"),
    "text_overflow": lambda _: broken(left_column(), moved("sub", width=200)),
    "stray_ink": lambda _: with_stray_ink(),
    "text_overlap": lambda _: broken(left_column(), onto("sub", "headline")),
    "cta_overlap": lambda _: broken(left_column(), onto("sub", "cta")),
    "logo_overlap": lambda _: broken(left_column(), onto("sub", "logo")),
    "plate_overlap": lambda _: spilled(),
    "plate_padding": lambda _: broken(left_column(), squeezed),
    "off_canvas": lambda _: broken(left_column(), moved("contact", x=1100)),
    "region": lambda _: broken(half_panel(), moved("sub", x=800)),
    "margin": lambda _: broken(left_column(), moved("contact", x=3)),
    "safe_zone": lambda _: broken(left_column(), moved("contact", y=9), order(safe=SafeZone(top=0.1))),
    "type_size": lambda _: broken(left_column(), moved("contact", px=6)),
    "cap_height": lambda _: broken(left_column(), moved("headline", px=20)),
    "cta_height": lambda _: broken(left_column(), moved("cta", height=20)),
    "logo_size": lambda _: broken(left_column(), moved("logo", width=15, height=6)),
    "logo_clear_space": lambda _: broken(left_column(), onto("kicker", "logo", dx=0, dy=75), order(clear_space=2.0)),
    "logo_contrast": lambda _: hidden_logo(),
    "weight": lambda _: [verify.check_weight("banner.png", 160_000, 150_000)],
    "ocr": unread,
}
"""A way to break a banner for every check there is."""


@pytest.mark.parametrize("name", [name for name in CHECKS if name != "copy"])
def test_every_check_can_fail(name: CheckName, monkeypatch: pytest.MonkeyPatch) -> None:
    """A banner broken in one way fails the check for it, with its element, its unit and a hint."""
    hits = [each for each in BROKEN[name](monkeypatch) if each.check == name]
    assert hits
    for each in hits:
        assert each.element
        assert each.unit == CHECKS[name].unit
        assert each.fix_hint
        assert math.isfinite(each.measured)


@pytest.mark.parametrize(
    ("plan", "size"),
    [
        (left_column(), SIZE),
        (left_column(), Size(300, 600)),
        (centred_poster(), Size(1080, 1080)),
        (half_panel(), Size(970, 250)),
        (strip(), Size(728, 90)),
        (strip(), Size(320, 50)),
    ],
)
def test_sound_banners_pass_every_check(plan: Design, size: Size) -> None:
    """No false alarm on designs as the solver lays them out, and every check was made."""
    findings = inspect(composed(plan, None, order(size))).findings
    assert [each for each in findings if not each.passed] == []
    made = {each.check for each in findings}
    always = set(CHECKS) - {"present", "glyphs", "region", "safe_zone", "weight", "ocr", "plate_overlap", "copy"}
    assert always <= made
    assert "region" in made


def test_a_move_is_blamed_on_what_moved() -> None:
    """Where one text is put on another, the pair is named, with the area both ways of looking at it agree on."""
    (found,) = [each for each in broken(left_column(), onto("sub", "headline")) if each.check == "text_overlap"]
    assert found.element == "headline, sub"
    assert found.measured > 1000


def test_noise_under_the_texts_fails_them_all() -> None:
    """On a ground like a busy photo no text has the contrast it needs."""
    composition = composed(left_column())
    names = {each.element for each in on_a_photo() if each.check == "contrast"}
    assert names == {text.id for text in composition.texts}


def test_pale_ink_is_measured_as_painted() -> None:
    """What counts is the ink on the picture, not the colour it was meant to have; no other text is blamed."""
    found = paled("sub")
    assert [(each.check, each.element) for each in found] == [("contrast", "sub")]
    assert found[0].measured < 2


def test_a_forbidden_white_is_blamed_for_what_cannot_be_read() -> None:
    """Where a text or a logo does not show, and the brand forbids what would, the hint names that colour."""
    composition = composed(left_column(), work=replace(order(), forbidden=["#ffffff", "#00ff00"]))
    composition.pixels[...] = composition.bare
    hints = [each.fix_hint for each in found_in(composition) if each.check == "contrast"]
    assert hints
    assert all("forbids #ffffff," in hint for hint in hints)


def test_a_text_half_off_its_panel_is_named() -> None:
    """Whoever put it there: what stands on a painted panel, plate or button must not hang over its edge."""
    composition = composed(left_column())
    at = place(composition.arrangement, "sub")
    composition.plates.append(verify.Frame(at.x - 10, at.y - 10, at.width * 0.8, at.height + 20))
    (found,) = [each for each in found_in(composition) if each.check == "region"]
    assert found.element == "sub"
    assert found.measured == pytest.approx(at.width * 0.2 + 10, abs=2)


def test_ink_collides_where_boxes_do_not() -> None:
    """A text that runs out of a box made too narrow for it hits its neighbour, and both faults are named."""
    plan = strip()
    narrow = moved("headline", width=40)
    names = {each.check for each in broken(plan, narrow, order(Size(728, 90)))}
    assert "text_overflow" in names


def test_the_platforms_own_zones_are_kept() -> None:
    """On a story, what the platform covers is measured from each edge; a text under its caption is named."""
    story = next(canvas for canvas in PRESETS["social"] if canvas.size == Size(1080, 1920))
    low = moved("contact", y=1700)
    found = broken(left_column(), low, Order(canvas=story, logo=LOGO_URI))
    (hit,) = [each for each in found if (each.check, each.element) == ("safe_zone", "contact")]
    bottom = 1920 * (1 - 0.35)
    assert hit.measured > 1700 - bottom


def test_the_least_sizes_follow_role_and_canvas() -> None:
    """8 px, for legal text 7; the button 24 px high on large canvases and 18 on small ones."""
    findings = {(f.check, f.element): f for f in inspect(composed(left_column())).findings}
    assert findings["type_size", "sub"].limit == 8
    assert findings["cta_height", "cta"].limit == 24
    assert findings["cap_height", "headline"].limit > findings["cap_height", "contact"].limit
    small = {(f.check, f.element): f for f in inspect(composed(strip(), None, order(Size(728, 90)))).findings}
    assert small["cta_height", "cta"].limit == 18
    assert small["cap_height", "headline"].limit < findings["cap_height", "headline"].limit


def test_clear_space_is_the_brands() -> None:
    """The same banner passes with the usual clear space and fails where the brand asks for more than there is."""
    sound, strict = order(), order(clear_space=2.0)
    arrangement = arrange(left_column(), sound)
    for work, passes in ((sound, True), (strict, False)):
        composition = Composition(left_column(), arrangement, work, logo_of(work, left_column()))
        composition.paint()
        (found,) = [each for each in inspect(composition).findings if each.check == "logo_clear_space"]
        assert found.passed is passes


def test_what_people_settled_is_theirs_to_change() -> None:
    """Where a pinned place or a settled ink fails, the hint says so, for no designer may mend it."""
    plan, changes = left_column(), {"contact": {"x": 3, "y": 500}, "sub": {"ink": "#e8d9bf"}}
    pinned = replace(plan, elements=[replace(e, **changes.get(e.id, {})) for e in plan.elements])
    composition = composed(plan, onto("contact", "headline"))
    composition.design = pinned
    at = place(composition.arrangement, "sub")
    window = (slice(at.y, at.y + at.height), slice(at.x, at.x + at.width))
    composition.pixels[window] = composition.bare[window]
    hints = {each.check: each.fix_hint for each in found_in(composition)}
    assert hints["text_overlap"].startswith("contact is pinned by hand")
    assert "settled by hand" in hints["contrast"]


def test_a_pinned_element_may_stand_in_the_margin() -> None:
    """The same place fails the margin where the layout chose it."""
    plan = left_column()
    pinned = replace(plan, elements=[replace(e, x=3, y=500) if e.id == "contact" else e for e in plan.elements])
    for work, failing in ((plan, {"contact"}), (pinned, set[str]())):
        composition = composed(plan, moved("contact", x=3))
        composition.design = work
        assert {each.element for each in found_in(composition) if each.check == "margin"} == failing


def test_a_crowded_logo_names_who_crowds_it() -> None:
    """The element is the logo, the hint says which other one stands too near."""
    found = broken(left_column(), onto("kicker", "logo", dy=75), order(clear_space=2.0))
    (crowded,) = [each for each in found if each.check == "logo_clear_space"]
    assert crowded.element == "logo"
    assert crowded.fix_hint.startswith("kicker stands too near")


def test_metrics_stand_beside_the_findings() -> None:
    """A sound banner has every measure that is defined for it: nothing overlaps, the button holds its label."""
    measures = inspect(composed(left_column())).metrics
    assert {"val", "ove", "ove_pku", "ali", "und_l", "und_s", "uti", "occ", "rea", "cta_contrast", "void"} == set(
        measures
    )
    assert (measures["val"], measures["ove"], measures["und_s"]) == (1, 0, 1)
    assert measures["cta_contrast"] > 1.8


def test_without_logo_and_button_their_checks_are_not_made() -> None:
    """What is not on the banner is not measured."""
    elements = [HEADLINE, replace(CTA, id="more", role="sub", text="Open every day")]
    found = inspect(composed(design(elements, ordered(elements)), None, Order(canvas=Canvas(size=SIZE))))
    assert not {each.check for each in found.findings} & {"logo_size", "logo_overlap", "cta_height", "cta_overlap"}
    assert "cta_contrast" not in found.metrics


def test_equal_banners_are_measured_equally() -> None:
    """Findings and metrics are the same for the same picture, to the last digit."""
    assert inspect(composed(left_column())) == inspect(composed(left_column()))
